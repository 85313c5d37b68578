# SPDX-License-Identifier: EUPL-1.2
"""The harness: a private data folder, the database of the environment, and no mercy in templates.

Without environment the tests run on SQLite. `SIGILLE_DATABASE_URL` and `SIGILLE_BROKER_URL` choose
others; `make test` runs everything on PostgreSQL and Redis, and then on SQLite.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from xdist.remote import Producer

from marketplace.storage import block_store
from tests.groups import Together
from tests.undefined_variables import UndefinedVariable

# Before any setting is read: each process of the run has a folder of its own.
_FOLDER = tempfile.TemporaryDirectory(prefix="sigille-tests-")
os.environ["SIGILLE_DATA_DIR"] = _FOLDER.name
os.environ.setdefault("SIGILLE_BROKER_URL", "memory://")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")


def pytest_configure(config: pytest.Config) -> None:
    """Set what a test run, and no installation, wants."""
    if str(settings.DATA_DIR) != _FOLDER.name:
        raise pytest.UsageError("Settings were read too soon: unset DJANGO_SETTINGS_MODULE.")
    config.addinivalue_line("markers", "slow: takes seconds; `make check` leaves it to `make test`")
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    for store in block_store().stores:
        store.mark()
    database: dict[str, Any] = settings.DATABASES["default"]
    templates: dict[str, Any] = settings.TEMPLATES[0]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in an installation: in memory, two connections cannot wait for each other.
        database.setdefault("TEST", {})["NAME"] = str(Path(_FOLDER.name) / "test.sqlite3")
    templates["OPTIONS"]["string_if_invalid"] = UndefinedVariable()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure() -> None:
    _FOLDER.cleanup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each worker sets this itself: it would read the settings before it has a folder of its own."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    return Together(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests first: they take the longest."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
