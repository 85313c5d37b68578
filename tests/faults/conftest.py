# SPDX-License-Identifier: EUPL-1.2
"""Faults, put into a server that runs: all of them in `make faults`, some of each kind in `make test`."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.faults.processes import limited
from tests.faults.site import Site, serving

REPORT = os.environ.get("SIGILLE_FAULTS_REPORT", "")  # the file that the campaign's figures go to
LIMIT = 3600 if REPORT else 60  # seconds for a test, or for what is made ready for it
IS_SQLITE = str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")
CAP_SYS_ADMIN = 21  # mount(2)
# What one database alone shows as well is tried once in `make test`, and on both in the campaign.
ON_SQLITE = ["test_file_limit.py", "test_full_disk.py", "test_patches.py", "test_processes.py"]
ON_SQLITE += ["test_proxy.py"]
ON_POSTGRESQL = ["test_redis.py"]


def may_mount() -> bool:
    """Whether this process may; root often may not, in a container."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = re.search(r"^CapEff:\s+([0-9a-f]+)$", status, re.MULTILINE)
    return effective is not None and bool(int(effective[1], 16) >> CAP_SYS_ADMIN & 1)


collect_ignore = ["test_database_cuts.py", "test_deadline.py"] if IS_SQLITE else []
if not REPORT:
    collect_ignore += ON_POSTGRESQL if IS_SQLITE else ON_SQLITE
if not may_mount():
    collect_ignore.append("test_full_disk.py")


def pytest_itemcollected(item: pytest.Function) -> None:
    """Their database is the server's as well: it sees nothing of a transaction of the test."""
    item.add_marker(pytest.mark.slow)
    if "django_db_setup" in item.fixturenames:
        item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with limited(LIMIT, f"What {item.name} needs"):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with limited(LIMIT, item.name):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with limited(LIMIT, f"The end of {item.name}"):
        yield


@dataclass(frozen=True)
class Campaign:
    """How much is done, and where its figures go."""

    test: str

    def extent(self, few: int, many: int) -> int:
        """How many of a fault to put in, in `make test` and in `make faults`."""
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
