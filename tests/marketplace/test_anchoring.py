# SPDX-License-Identifier: EUPL-1.2
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketplace import anchoring, heads, journal, tasks, timestamps
from marketplace.anchoring import INTERVAL
from marketplace.celery import BEAT_SCHEDULE
from marketplace.errors import JournalDamaged
from marketplace.models import Anchor, JournalEntry, SignedHead, Timestamp
from tests.factories import NOW, SECOND, make_organisation

pytestmark = pytest.mark.django_db


def record() -> None:
    with transaction.atomic():
        journal.record("thing.changed", make_organisation(), actor=None, now=NOW)


def test_anchor_asks_for_a_stamp_of_the_signed_head():
    record()

    made = anchoring.anchor(now=NOW)

    assert made is not None
    assert heads.checkpoint(made.head).size == 1
    digest = hashlib.sha256(made.head.note.encode()).digest()
    assert bytes(made.timestamp.digest) == digest


def test_anchor_waits_for_something_to_happen():
    record()
    anchoring.anchor(now=NOW)

    assert anchoring.anchor(now=NOW + 10 * INTERVAL) is None
    record()
    assert anchoring.anchor(now=NOW + 10 * INTERVAL) is not None


def test_anchor_lets_four_minutes_pass():
    record()
    anchoring.anchor(now=NOW)
    record()

    assert anchoring.anchor(now=NOW + INTERVAL - SECOND) is None
    made = anchoring.anchor(now=NOW + INTERVAL)
    assert made is not None
    assert made.head.size == 2


def test_what_happens_is_anchored_within_five_minutes():
    looked = timedelta(seconds=BEAT_SCHEDULE["journal anchors"]["schedule"])

    assert looked + INTERVAL <= timedelta(minutes=5)


def test_anchor_uses_the_head_that_a_receipt_had_signed():
    record()
    with transaction.atomic():
        signed = heads.sign(now=NOW)

    made = anchoring.anchor(now=NOW)

    assert made is not None
    assert made.head == signed
    assert SignedHead.objects.count() == 1


def test_anchor_of_a_damaged_journal_is_refused():
    record()
    JournalEntry.objects.update(action="thing.kept")

    with pytest.raises(JournalDamaged):
        anchoring.anchor(now=NOW)

    assert not Anchor.objects.exists()
    assert not Timestamp.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_anchor():
    record()
    together = threading.Barrier(2)

    def work(_number: int) -> bool:
        try:
            together.wait()
            return anchoring.anchor(now=NOW) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(work, range(2)))

    assert sorted(made) == [False, True]
    assert Anchor.objects.count() == 1


def test_tasks_anchor_and_then_obtain_the_token(settings):
    settings.TSA_URL = ""
    record()

    tasks.anchor_journal()
    tasks.obtain_timestamps()
    tasks.anchor_journal()
    tasks.obtain_timestamps()

    made = Anchor.objects.get()
    assert timestamps.verify(made.timestamp).generated_at <= timezone.now()
