# SPDX-License-Identifier: EUPL-1.2
"""Faults, put into a server that runs: all of them in `make faults`, a few given this folder to pytest."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.faults.site import Site, serving

REPORT = os.environ.get("SIGILLE_FAULTS_REPORT", "")  # the file that the campaign's figures go to
IS_SQLITE = str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")
collect_ignore = ["test_database_cuts.py"] if IS_SQLITE else []


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All on one worker, which has the one server; their database is the server's as well."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("faults"))
            item.add_marker(pytest.mark.django_db(transaction=True))


@dataclass(frozen=True)
class Campaign:
    """How much is done, and where its figures go."""

    test: str

    def extent(self, few: int, many: int) -> int:
        """How many of a fault to put in, without a report and in `make faults`."""
        return many if REPORT else few

    def report(self, fault: str, *, tried: int, met: int, **more: int) -> None:
        """Keep the figures: faults put in, and those that were really met. A loss would have failed."""
        if REPORT:
            figures = {"fault": fault, "database": connection.vendor, "tried": tried, "met": met}
            with Path(REPORT).open("a", encoding="utf-8") as file:
                file.write(json.dumps(figures | more) + "\n")


@pytest.fixture
def campaign(request) -> Campaign:
    return Campaign(request.node.name)


@pytest.fixture(scope="session")
def site(django_db_setup: None) -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture(autouse=True)
def store(settings) -> Path:
    """The store of the server, for the rules that the tests call themselves."""
    location = Path(settings.DATA_DIR) / "blocks"
    location.mkdir(exist_ok=True)
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "marketplace.storage.DurableStorage",
            "OPTIONS": {"location": location},
        }
    }
    return location
