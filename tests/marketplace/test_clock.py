# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketplace import clock

pytestmark = pytest.mark.django_db
SKEW = timedelta(minutes=5)
IS_SHARED = connection.vendor == "postgresql"


@pytest.mark.parametrize("skew", [SKEW, -SKEW], ids=["ahead", "behind"])
def test_machine_s_clock_decides_nothing_beside_a_database_that_has_one(monkeypatch, skew):
    before = datetime.now(UTC)
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + skew)

    found = clock.now() if IS_SHARED else clock.now() - skew

    assert before <= found <= datetime.now(UTC)


def test_now_goes_on_within_a_transaction():
    """PostgreSQL's `now()` would be the transaction's beginning."""
    with transaction.atomic():
        first, second = clock.now(), clock.now()

    assert first < second
    assert first.utcoffset() is not None
