# SPDX-License-Identifier: EUPL-1.2
from io import BytesIO

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from envelopes import attempts, submission, uploads
from envelopes.errors.submission import FilesDiffer, StoreSilent, SubmissionRefused
from envelopes.errors.uploads import BeyondLength, TransferCut, UploadRefused
from envelopes.models import Attempt, Deposit, SealedFile, StoreAlarm
from envelopes.receipts import Announcement
from tests.envelopes.deposits import SALT, clock, envelope_of, ready_to_submit, send
from tests.factories import NOW, SECOND, make_deposit

pytestmark = pytest.mark.django_db
UPLOAD = Attempt.Step.UPLOAD


def told(deposit: Deposit) -> list[tuple[int, str, str, str]]:
    lines = deposit.attempts.order_by("id")
    return [(line.number, line.step, line.outcome, line.cause) for line in lines]


def test_record_numbers_the_attempts_of_each_deposit_from_one():
    deposit, other = make_deposit(), make_deposit()
    for one in (deposit, deposit, other):
        attempts.record(one, UPLOAD, Attempt.Outcome.STARTED, now=NOW)

    assert [line[0] for line in told(deposit)] == [1, 2]
    assert [line[0] for line in told(other)] == [1]


def test_submission_leaves_its_start_and_its_end():
    deposit = make_deposit()

    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW)

    assert told(deposit) == [
        (1, "upload", "started", ""),
        (2, "upload", "completed", ""),
        (3, "submission", "started", ""),
        (4, "submission", "completed", ""),
    ]


def test_submission_refused_leaves_its_start_and_its_cause():
    deposit = make_deposit()
    send(envelope_of(deposit), b"forgotten")

    with pytest.raises(FilesDiffer):
        submission.submit(deposit.pk, Announcement((), SALT), actor=deposit.bidder.user, now=NOW)

    assert told(deposit)[2:] == [
        (3, "submission", "started", ""),
        (4, "submission", "refused", "files_differ"),
    ]


def test_submission_repeated_leaves_nothing_more():
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    for _ in range(2):
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    assert len(told(deposit)) == 4


def test_remembered_keeps_what_nobody_expected():
    deposit = make_deposit()

    with pytest.raises(ZeroDivisionError), attempts.remembered(deposit.pk, UPLOAD, clock):
        raise ZeroDivisionError

    assert told(deposit) == [(1, "upload", "interrupted", "server_error")]


def test_remembered_keeps_the_file_that_was_removed_meanwhile():
    deposit = make_deposit()
    file = send(envelope_of(deposit), b"content")
    uploads.remove(file.pk, actor=deposit.bidder.user, now=NOW)

    with pytest.raises(BeyondLength), attempts.remembered(deposit.pk, UPLOAD, clock, file.pk):
        raise BeyondLength

    attempt = deposit.attempts.latest("number")
    assert (attempt.file, attempt.offset, attempt.cause) == (file.pk, 0, "beyond_length")


def test_remembered_raises_an_alarm_for_the_store():
    deposit = make_deposit()

    with pytest.raises(StoreSilent), attempts.remembered(deposit.pk, UPLOAD, clock):
        raise StoreSilent

    assert StoreAlarm.objects.get().cause == "store_silent"
    assert told(deposit) == [(1, "upload", "interrupted", "store_silent")]


def test_remembered_lets_the_cause_through_when_it_cannot_be_kept(monkeypatch, caplog):
    deposit = make_deposit()
    monkeypatch.setattr(attempts, "record", lambda *_args, **_kwargs: Deposit.objects.raw("?")[0])

    with pytest.raises(TransferCut), attempts.remembered(deposit.pk, UPLOAD, clock):
        raise TransferCut

    assert told(deposit) == []
    assert "transfer_cut" in caplog.text


def test_remembered_keeps_the_instant_when_the_database_s_clock_fails():
    """The next connection may be had: what stopped is then kept, and the cause goes through."""
    deposit = make_deposit()

    def gone():
        raise OperationalError

    before = timezone.now()
    with pytest.raises(TransferCut), attempts.remembered(deposit.pk, UPLOAD, gone):
        raise TransferCut

    assert before <= deposit.attempts.get().recorded_at <= timezone.now()


def test_attempt_goes_with_its_change():
    """What is rolled back was not done, and leaves no attempt that says it was."""
    deposit = make_deposit()

    with transaction.atomic():
        attempts.record(deposit, UPLOAD, Attempt.Outcome.COMPLETED, now=NOW)
        transaction.set_rollback(True)

    assert told(deposit) == []


def test_request_that_follows_one_that_never_ended_says_so():
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    file = uploads.create(
        deposit.pk, envelope_id=envelope.pk, size=7, actor=deposit.bidder.user, clock=clock
    )
    SealedFile.objects.update(writer=deposit.pk)  # the server was killed while it wrote

    uploads.receive(file.pk, BytesIO(b"content"), offset=0, length=7, clock=clock)

    file.refresh_from_db()
    assert [line[2:] for line in told(deposit)] == [
        ("started", ""),
        ("interrupted", "unfinished"),
        ("completed", ""),
    ]
    assert file.writer is None


def test_history_says_why_and_what_to_do():
    deposit = make_deposit()
    file = send(envelope_of(deposit), b"content")
    attempts.remember(deposit.pk, UPLOAD, "transfer_cut", now=NOW + SECOND, file_id=file.pk)

    lines = attempts.history(deposit)

    cut = lines[-1]
    assert [line.attempt.number for line in lines] == [1, 2, 3]
    assert (lines[0].message, lines[0].remedy) == ("", "")
    assert (cut.attempt.recorded_at, cut.attempt.file, cut.attempt.offset) == (
        NOW + SECOND,
        file.pk,
        7,
    )
    assert (cut.message, cut.remedy) == (TransferCut.user_message, TransferCut.remedy)


def test_history_knows_every_cause_that_is_kept():
    """Each refusal of an upload or of a submission has a message and a remedy of its own."""
    reasons = list(attempts._descendants(UploadRefused, SubmissionRefused))

    assert len({reason.code for reason in reasons}) == len(reasons) > 20
    assert all(reason.remedy for reason in reasons[1:] if reason.__subclasses__() == [])
