# SPDX-License-Identifier: EUPL-1.2
"""F6: PostgreSQL goes away at each thing that is said to it during a submission, before it hears it or after.

The web server speaks to it through the proxy. `conftest.py` leaves this file out of a run on SQLite.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from django.db import connection

from envelopes.models import Deposit, Receipt
from tests.faults.oracle import Scene
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.site import Site, database_url, serving


@dataclass
class Statements:
    """What is said to PostgreSQL, counted from 1; something is done at one of them, once."""

    proxy: Proxy
    count: int = 0
    at: int = 0
    deed: Callable[[], bool] | None = None

    def __call__(self, _piece: bytes) -> bool:
        self.count += 1
        if self.count != self.at or self.deed is None:
            return True
        return self.deed()

    def cut_before(self) -> bool:
        """It never hears the statement."""
        return False

    def cut_after(self) -> bool:
        """It does what is asked, and nobody hears of it."""
        self.proxy.loses_answer = True
        return True

    def terminate(self) -> bool:
        """Its backends are stopped by an administrator."""
        address = database_url().rpartition("/")[0] + "/postgres"
        with psycopg.connect(address, autocommit=True, connect_timeout=10) as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> %s AND pid <> pg_backend_pid()",
                [connection.settings_dict["NAME"], self.spared],
            )
        return True

    spared: int = 0  # the backend of the test itself


@pytest.fixture(scope="module")
def database(django_db_setup: None) -> Iterator[Proxy]:
    with proxy_to(int(connection.settings_dict["PORT"])) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def site(database: Proxy) -> Iterator[Site]:
    with serving(SIGILLE_DATABASE_URL=database_url(database.port)) as site:
        yield site


@pytest.fixture
def statements(database: Proxy) -> Iterator[Statements]:
    connection.ensure_connection()
    spared = connection.connection.info.backend_pid
    database.on_piece = statements = Statements(database, spared=spared)
    yield statements
    database.on_piece = None


def submit(scene: Scene, statements: Statements, at: int, deed: Callable[[], bool] | None) -> int:
    """Deposit, with the deed done at that statement of the submission; how many statements there were."""
    bidder, bid = scene.bidder, scene.bid(1000)
    path = bidder.create(bid.offer, len(bid.content))
    bidder.send(path, bid.content)
    statements.count, statements.at, statements.deed = 0, at, deed
    receipt = bidder.submit(bid.deposit, {path: bid.content}, bid.name)
    statements.at = 0
    count = statements.count
    bid.check({path: bid.content}, receipt)
    assert bidder.submit(bid.deposit, {path: bid.content}, bid.name) == receipt
    return count


@pytest.mark.parametrize("deed", ["cut_before", "cut_after", "terminate"])
def test_database_gone_at_any_statement(site, statements, campaign, deed):
    scene = Scene.make(site.port)
    submit(scene, statements, 0, None)
    count = submit(scene, statements, 0, None)
    tried = sorted(
        {
            1 + index * (count - 1) // (few - 1)
            for few in [campaign.extent(3, count)]
            for index in range(few)
        }
    )

    for at in tried:
        submit(scene, statements, at, getattr(statements, deed))

    assert Deposit.objects.count() == Receipt.objects.count() == len(tried) + 2
    assert count > 20
    fault = f"PostgreSQL, {deed.replace('_', ' ')}, at a statement of the submission"
    campaign.report(fault, tried=len(tried), met=len(tried))
