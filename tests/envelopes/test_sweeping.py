# SPDX-License-Identifier: EUPL-1.2
import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from envelopes import submission, sweeping, uploads
from envelopes.models import Attempt, Deposit, SealedBlock, SealedFile
from keys.cms import BLOCK_SIZE
from marketplace.models import JournalEntry
from tests.envelopes.deposits import clock, envelope_of, ready_to_submit, send
from tests.factories import DAY, DEADLINE, NOW, SECOND, make_deposit

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AFTER = DEADLINE + settings.ABANDONED_AFTER + DAY


def create(deposit: Deposit, size: int) -> SealedFile:
    return uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=size,
        actor=deposit.bidder.user,
        clock=clock,
    )


def stored(store: Path) -> set[str]:
    return {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()}


def put(store: Path, name: str, *, age: timedelta) -> Path:
    path = store / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sealed")
    written = (NOW - age).timestamp()
    os.utime(path, (written, written))
    return path


def name_of_a_block() -> str:
    return f"{uuid4()}/{uuid4()}/0-{uuid4()}"


def test_sweep_removes_what_was_never_submitted_long_after_the_deadline(store):
    deposit = make_deposit()
    file = send(envelope_of(deposit), b"content")

    assert sweeping.sweep(now=LONG_AFTER) == 1

    attempt = deposit.attempts.latest("number")
    assert (stored(store), deposit.uploads().count()) == (set(), 0)
    assert (attempt.outcome, attempt.cause, attempt.file, attempt.offset) == (
        Attempt.Outcome.INTERRUPTED,
        "abandoned",
        file.pk,
        7,
    )
    assert JournalEntry.objects.filter(action="upload.swept").count() == 1


@pytest.mark.parametrize("now", [NOW + DAY, DEADLINE + DAY, DEADLINE + settings.ABANDONED_AFTER])
def test_sweep_leaves_what_may_still_be_submitted(store, now):
    send(envelope_of(make_deposit()), b"content")
    before = stored(store)

    assert sweeping.sweep(now=now) == 0
    assert stored(store) == before != set()


def test_sweep_leaves_late_deposits_that_go_on():
    deposit = make_deposit()
    file = create(deposit, 2 * BLOCK_SIZE)
    uploads.receive(
        file.pk,
        BytesIO(bytes(BLOCK_SIZE)),
        offset=0,
        length=BLOCK_SIZE,
        clock=lambda: LONG_AFTER - SECOND,
    )

    assert sweeping.sweep(now=LONG_AFTER) == 0


def test_sweep_never_touches_a_submitted_deposit(store):
    deposit = make_deposit()
    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW)
    for path in store.rglob("*-*"):
        if path.is_file():
            os.utime(path, (0, 0))
    before = stored(store)

    assert sweeping.sweep(now=LONG_AFTER + 3650 * DAY) == 0
    assert stored(store) == before
    assert len(before) == SealedBlock.objects.count() == 2


def test_sweep_leaves_a_deposit_submitted_while_it_runs(store, monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    quiet = sweeping._quiet

    def submit_after_looking(now):
        found = quiet(now)
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=now)
        return found

    monkeypatch.setattr(sweeping, "_quiet", submit_after_looking)

    assert sweeping.sweep(now=LONG_AFTER) == 0
    assert deposit.uploads().count() == 1


def test_sweep_gives_back_the_room_of_uploads_that_never_began():
    deposit = make_deposit()
    create(deposit, 1000)
    begun = create(deposit, BLOCK_SIZE + 1)
    uploads.receive(begun.pk, BytesIO(bytes(BLOCK_SIZE)), offset=0, length=BLOCK_SIZE, clock=clock)

    assert sweeping.sweep(now=NOW + DAY) == 0
    assert sweeping.sweep(now=NOW + DAY + SECOND) == 1
    assert list(deposit.uploads()) == [begun]


def test_sweep_leaves_the_upload_whose_first_block_is_arriving():
    deposit = make_deposit()
    create(deposit, 1000)
    SealedFile.objects.update(writer=uuid4())

    assert sweeping.sweep(now=NOW + 2 * DAY) == 0


def test_sweep_removes_old_objects_that_no_row_names(store):
    grace = settings.ABANDONED_AFTER
    orphan = put(store, name_of_a_block(), age=grace + SECOND)
    young = put(store, name_of_a_block(), age=grace)
    foreign = put(store, "lost+found/notes.txt", age=grace + DAY)
    file = send(envelope_of(make_deposit()), b"content")
    name = file.blocks.get().storage_name
    # What a process was writing in the place of the block when it was killed.
    half = put(store, f"{name}-{'0a' * 8}", age=grace + SECOND)
    block = store / name
    os.utime(block, (0, 0))

    assert sweeping.sweep(now=NOW) == 2
    kept = [path.exists() for path in (orphan, half, young, foreign, block)]
    assert kept == [False, False, True, True, True]


def test_sweep_looks_at_more_names_than_one_batch(store, monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 2)
    for _ in range(5):
        put(store, name_of_a_block(), age=settings.ABANDONED_AFTER + DAY)

    assert sweeping.sweep(now=NOW) == 5
    assert stored(store) == set()
