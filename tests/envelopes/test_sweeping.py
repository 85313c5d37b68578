# SPDX-License-Identifier: EUPL-1.2
import json
import os
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from envelopes import limits, scrubbing, submission, sweeping, uploads
from envelopes.errors.opening import FilesRemoved
from envelopes.models import Attempt, Deposit, Envelope, Receipt, SealedBlock, SealedFile
from envelopes.stored import stored_envelope
from keys.cms import BLOCK_SIZE
from marketplace import canonical
from marketplace.models import Consultation, JournalEntry
from tests.envelopes.deposits import clock, envelope_of, ready_to_submit, send
from tests.factories import DAY, DEADLINE, NOW, SECOND, make_deposit, make_online_consultation

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


def test_sweep_leaves_the_file_that_is_new_in_a_deposit_long_quiet():
    deposit = make_deposit()
    send(envelope_of(deposit), b"content")
    new = uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=1,
        actor=deposit.bidder.user,
        clock=lambda: LONG_AFTER - SECOND,
    )

    assert sweeping.sweep(now=LONG_AFTER) == 1
    assert list(deposit.uploads()) == [new]


@pytest.fixture
def fail_to_commit(monkeypatch):
    """`fail_to_commit()`: from now on the database undoes what it is to commit."""

    def fail():
        raise OperationalError

    return lambda: monkeypatch.setattr(connections["default"], "commit", fail)


def test_sweep_removes_no_object_whose_row_stays(store, fail_to_commit):
    send(envelope_of(make_deposit()), b"content")
    before = stored(store)
    fail_to_commit()

    with pytest.raises(OperationalError):
        sweeping.sweep(now=LONG_AFTER)

    assert stored(store) == before == {SealedBlock.objects.get().storage_name}


def test_sweep_removes_no_object_of_a_rehearsal_whose_rows_stay(store, fail_to_commit):
    rehearse()
    before = stored(store)
    fail_to_commit()

    with pytest.raises(OperationalError):
        sweeping.sweep(now=NOW + limits.REHEARSAL_KEPT_FOR + SECOND)

    assert stored(store) == before == {*SealedBlock.objects.values_list("storage_name", flat=True)}


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


def rehearse(*, is_test: bool = True) -> Deposit:
    deposit = make_deposit(consultation=make_online_consultation(is_test=is_test))
    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW)
    return Deposit.objects.select_related("receipt").get(pk=deposit.pk)


def receipt_of_before(deposit: Deposit) -> None:
    """Its receipt announces nothing, as before version 4."""
    said = json.loads(bytes(deposit.receipt.content))
    del said["rehearsal_kept_until"]
    Receipt.objects.update(content=canonical.dumps(said | {"version": 3}))


def test_sweep_removes_the_files_of_a_rehearsal_once_they_were_kept_as_its_receipt_says(store):
    deposit = rehearse()
    receipt, attempts = bytes(deposit.receipt.content), deposit.attempts.count()
    announced = datetime.fromisoformat(json.loads(receipt)["rehearsal_kept_until"])
    before = stored(store)

    assert sweeping.sweep(now=announced) == 0
    assert stored(store) == before
    assert sweeping.sweep(now=announced + SECOND) == 2

    entry = JournalEntry.objects.get(action="rehearsal.files_removed")
    after = Deposit.objects.select_related("receipt").get(pk=deposit.pk)
    assert announced == NOW + limits.REHEARSAL_KEPT_FOR
    assert (stored(store), SealedFile.objects.count(), SealedBlock.objects.count()) == (set(), 0, 0)
    assert (entry.subject, entry.facts) == (f"Deposit {deposit.pk}", {"files": 2, "blocks": 2})
    assert (after.state, after.number, after.manifest) == (
        deposit.state,
        deposit.number,
        deposit.manifest,
    )
    assert after.files_removed_at == announced + SECOND
    assert bytes(after.receipt.content) == receipt
    assert after.attempts.count() == attempts


def test_sweep_removes_a_rehearsal_once():
    rehearse()
    later = NOW + limits.REHEARSAL_KEPT_FOR + SECOND

    assert [sweeping.sweep(now=later), sweeping.sweep(now=later + DAY)] == [2, 0]
    assert JournalEntry.objects.filter(action="rehearsal.files_removed").count() == 1


def test_rehearsal_that_two_sweeps_have_found_is_removed_by_one():
    deposit = rehearse()
    later = NOW + limits.REHEARSAL_KEPT_FOR + SECOND
    sweeping.sweep(now=later)

    assert sweeping._remove_rehearsal(deposit.pk, later + DAY) == 0
    deposit.refresh_from_db()
    assert deposit.files_removed_at == later
    assert JournalEntry.objects.filter(action="rehearsal.files_removed").count() == 1


def test_sweep_never_touches_a_true_bid_whose_receipt_would_speak_of_a_rehearsal(store):
    deposit = rehearse()
    Consultation.objects.update(is_test=False)
    before = stored(store)

    assert sweeping._remove_rehearsal(deposit.pk, LONG_AFTER + 3650 * DAY) == 0
    assert sweeping.sweep(now=LONG_AFTER + 3650 * DAY) == 0
    assert stored(store) == before != set()


def test_sweep_never_touches_a_bid_whose_consultation_would_become_a_test(store):
    deposit = rehearse(is_test=False)
    Consultation.objects.update(is_test=True)
    before = stored(store)

    assert sweeping._remove_rehearsal(deposit.pk, LONG_AFTER + 3650 * DAY) == 0
    assert sweeping.sweep(now=LONG_AFTER + 3650 * DAY) == 0
    assert stored(store) == before != set()


def test_sweep_leaves_a_rehearsal_whose_receipt_announced_nothing(store):
    receipt_of_before(rehearse())
    before = stored(store)

    assert sweeping.sweep(now=LONG_AFTER + 3650 * DAY) == 0
    assert stored(store) == before != set()


def test_sweep_leaves_a_bid_that_was_given_another_receipt_since(store, caplog):
    """Flag and receipt are changed in the database; the journal knows the receipt that was given."""
    bid, rehearsal = rehearse(is_test=False), rehearse()
    said = json.loads(bytes(bid.receipt.content))
    other = json.loads(bytes(rehearsal.receipt.content))
    said |= {name: other[name] for name in ("rehearsal_kept_until", "version")}
    Receipt.objects.filter(deposit=bid).update(content=canonical.dumps(said))
    Consultation.objects.update(is_test=True)

    assert sweeping.sweep(now=NOW + limits.REHEARSAL_KEPT_FOR + SECOND) == 2
    assert SealedFile.objects.filter(envelope__deposit=bid).count() == 2
    assert f"The receipt of deposit {bid.pk} is not the one of the journal." in caplog.text
    assert not SealedFile.objects.filter(envelope__deposit=rehearsal).exists()


def test_sweep_goes_on_after_a_rehearsal_that_cannot_be_removed(store, caplog):
    odd, other = rehearse(), rehearse()
    Receipt.objects.filter(deposit=odd).update(content=b"not a receipt")

    assert sweeping.sweep(now=NOW + limits.REHEARSAL_KEPT_FOR + SECOND) == 2
    assert f"Deposit {odd.pk} could not be swept." in caplog.text
    assert list(SealedFile.objects.values_list("envelope__deposit", flat=True).distinct()) == [
        odd.pk
    ]
    assert not SealedFile.objects.filter(envelope__deposit=other).exists()


def test_sweep_stops_where_the_database_is_away(monkeypatch):
    def fail(_deposit, _now):
        raise OperationalError

    rehearse()
    monkeypatch.setattr(sweeping, "_remove_rehearsal", fail)

    with pytest.raises(OperationalError):
        sweeping.sweep(now=NOW + limits.REHEARSAL_KEPT_FOR + SECOND)


def test_what_a_sweep_that_was_killed_left_of_a_rehearsal_goes_with_the_orphans(store, monkeypatch):
    rehearse()
    later = NOW + limits.REHEARSAL_KEPT_FOR + SECOND
    with monkeypatch.context() as killed:
        killed.setattr(sweeping, "discard", lambda _names: None)
        sweeping.sweep(now=later)
    left = stored(store)
    for name in left:
        os.utime(store / name, (0, 0))

    sweeping.sweep(now=later + DAY)

    assert (len(left), stored(store)) == (2, set())


def test_files_of_a_removed_rehearsal_are_said_to_be_removed_and_not_lost():
    deposit = rehearse()
    sweeping.sweep(now=NOW + limits.REHEARSAL_KEPT_FOR + SECOND)

    with pytest.raises(FilesRemoved):
        stored_envelope(Envelope.objects.get(deposit=deposit.pk))
    assert scrubbing.whole(clock=clock).lost_count == 0


@pytest.mark.parametrize(
    ("is_test", "age", "lost"),
    [
        (True, limits.REHEARSAL_KEPT_FOR + SECOND, 0),
        (True, limits.REHEARSAL_KEPT_FOR, 2),
        (False, 3650 * DAY, 2),
    ],
)
def test_scrub_calls_no_loss_what_a_restored_database_still_names(store, is_test, age, lost):
    rehearse(is_test=is_test)
    for name in stored(store):
        (store / name).unlink()

    found = scrubbing.whole(clock=lambda: NOW + age)

    assert (found.lost_count, found.checked_count) == (lost, lost)


def test_scrub_goes_on_after_a_block_of_a_rehearsal_in_preparation_is_lost(store):
    send(envelope_of(make_deposit(consultation=make_online_consultation(is_test=True))), b"draft")
    (store / SealedBlock.objects.get().storage_name).unlink()
    rehearse(is_test=False)

    found = scrubbing.whole(clock=clock)

    assert (found.lost_count, found.checked_count) == (1, 3)


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


def test_sweep_leaves_the_upload_that_is_new_beside_one_that_never_began():
    deposit = make_deposit()
    create(deposit, 1000)
    new = create(deposit, 1)
    SealedFile.objects.filter(pk=new.pk).update(created_at=NOW + DAY)

    assert sweeping.sweep(now=NOW + DAY + SECOND) == 1
    assert list(deposit.uploads()) == [new]


def test_sweep_leaves_an_empty_file_which_is_whole():
    deposit = make_deposit()
    empty = send(envelope_of(deposit), b"")

    assert sweeping.sweep(now=NOW + 2 * DAY) == 0
    assert list(deposit.uploads()) == [empty]


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
