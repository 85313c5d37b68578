# SPDX-License-Identifier: EUPL-1.2
"""What may happen while a block arrives: between its first byte and its row, nothing is locked."""

import threading
from io import BytesIO
from uuid import uuid4

import pytest
from django.db import OperationalError, connections

from envelopes import sealing, submission, uploads
from envelopes.errors.uploads import (
    AlreadySubmitted,
    OffsetMismatch,
    TransferCut,
    UploadRemoved,
    WriterDisplaced,
)
from envelopes.models import Deposit, SealedBlock, SealedFile
from marketplace.models import EnvelopeKind
from tests.envelopes.deposits import announce, announced, envelope_of, opened, send
from tests.envelopes.test_uploads import TWO_BLOCKS, CutBody, create, receive, stored
from tests.factories import NOW, SECOND, make_deposit, make_online_consultation, make_private_key

pytestmark = pytest.mark.django_db


class MeddlingBody(BytesIO):
    """A body during which something else happens, once, after the first read."""

    def __init__(self, content: bytes, meddle) -> None:
        super().__init__(content)
        self.meddle = meddle

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.meddle, meddle = None, self.meddle
        if meddle:
            meddle()
        return piece


def test_receive_stops_once_a_newer_request_has_taken_over(store):
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    file = create(envelope_of(deposit), len(TWO_BLOCKS))
    body = MeddlingBody(TWO_BLOCKS, lambda: receive(file, TWO_BLOCKS))

    with pytest.raises(WriterDisplaced):
        receive(file, TWO_BLOCKS, body=body)

    file.refresh_from_db()
    assert opened(file, private_key) == TWO_BLOCKS
    assert len(stored(store)) == 2


def test_receive_stops_once_a_newer_request_has_taken_over_and_sent_nothing(store):
    file = create(envelope_of(make_deposit()), 5)

    def newer() -> None:
        with pytest.raises(TransferCut):
            receive(file, b"newer", body=CutBody(b"newer", after=0))

    with pytest.raises(WriterDisplaced):
        receive(file, b"older", body=MeddlingBody(b"older", newer))

    assert not SealedBlock.objects.exists()
    assert stored(store) == []


def test_each_request_is_a_writer_of_its_own():
    file = create(envelope_of(make_deposit()), 5)
    writers = []

    def look() -> None:
        writers.append(SealedFile.objects.get().writer)

    def newer() -> None:
        look()
        receive(file, b"newer", body=MeddlingBody(b"newer", look))

    with pytest.raises(WriterDisplaced):
        receive(file, b"older", body=MeddlingBody(b"older", newer))

    assert len({None, *writers}) == 3


def test_first_byte_of_a_deposit_stays_the_first():
    deposit = make_deposit()
    send(envelope_of(deposit), b"first")
    file = create(envelope_of(deposit), 5)

    uploads.receive(file.pk, BytesIO(b"later"), offset=0, length=5, clock=lambda: NOW + SECOND)

    deposit.refresh_from_db()
    assert (deposit.first_byte_at, deposit.last_byte_at) == (NOW, NOW + SECOND)


def test_receive_that_was_displaced_leaves_the_file_to_the_newer_request():
    file = create(envelope_of(make_deposit()), 5)
    newer = uuid4()
    displace = MeddlingBody(b"12345", lambda: SealedFile.objects.update(writer=newer))

    with pytest.raises(WriterDisplaced):
        receive(file, b"12345", body=displace)

    file.refresh_from_db()
    assert file.writer == newer


def test_receive_stops_once_the_file_is_removed(store):
    deposit = make_deposit()
    file = create(envelope_of(deposit), 5)
    remove = MeddlingBody(
        b"12345", lambda: uploads.remove(file.pk, actor=deposit.bidder.user, now=NOW)
    )

    with pytest.raises(UploadRemoved):
        receive(file, b"12345", body=remove)

    assert stored(store) == []


def submitted_without(file: SealedFile) -> None:
    """The bidder removes the file that is arriving, and submits the rest."""
    deposit = file.envelope.deposit
    actor = deposit.bidder.user
    uploads.remove(file.pk, actor=actor, now=NOW)
    rest = send(envelope_of(deposit, EnvelopeKind.APPLICATION), b"rest")
    announcement = announce(rest.envelope, announced(rest, "rest", b"rest"))
    submission.submit(deposit.pk, announcement, actor=actor, now=NOW)


def frozen(file: SealedFile) -> None:
    """Whatever submitted it: the file that is arriving is still there."""
    Deposit.objects.filter(pk=file.envelope.deposit_id).update(
        state=Deposit.State.SUBMITTED, submitted_at=NOW, number=1, manifest=b"{}"
    )


@pytest.mark.parametrize("submit", [submitted_without, frozen])
def test_receive_adds_nothing_to_a_deposit_submitted_meanwhile(
    store, submit, django_capture_on_commit_callbacks
):
    file = create(envelope_of(make_deposit()), 5)

    with pytest.raises(AlreadySubmitted), django_capture_on_commit_callbacks(execute=True):
        receive(file, b"12345", body=MeddlingBody(b"12345", lambda: submit(file)))

    assert not SealedBlock.objects.filter(file=file.pk).exists()
    names = SealedBlock.objects.order_by("storage_name").values_list("storage_name", flat=True)
    assert stored(store) == list(names)


def test_receive_adds_nothing_to_a_deposit_that_is_gone(store):
    file = create(envelope_of(make_deposit()), 5)
    delete = Deposit.objects.filter(pk=file.envelope.deposit_id).delete

    with pytest.raises(Deposit.DoesNotExist):
        receive(file, b"12345", body=MeddlingBody(b"12345", delete))

    assert not SealedBlock.objects.exists()
    assert stored(store) == []


def test_receive_leaves_no_writer_where_the_server_is_told_to_stop(store):
    """`SystemExit`: what a worker that takes too long is stopped by."""
    file = create(envelope_of(make_deposit()), 5)

    def stop() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        receive(file, b"12345", body=MeddlingBody(b"12345", stop))

    file.refresh_from_db()
    assert file.writer is None
    assert stored(store) == []


@pytest.mark.django_db(transaction=True)
def test_receive_keeps_the_object_where_the_answer_to_the_commit_is_lost(monkeypatch):
    """The row may be there: what it names must be there too."""
    file = create(envelope_of(make_deposit()), 5)
    database = connections["default"]
    commit = database.commit

    def commit_and_lose_the_answer() -> None:
        monkeypatch.setattr(database, "commit", commit)
        commit()
        raise OperationalError

    def cut() -> None:
        monkeypatch.setattr(database, "commit", commit_and_lose_the_answer)

    with pytest.raises(OperationalError):
        receive(file, b"12345", body=MeddlingBody(b"12345", cut))

    sealing.verify_stored(SealedBlock.objects.get())


@pytest.mark.django_db(transaction=True)
def test_remove_takes_no_object_whose_row_stays(store, monkeypatch):
    file = send(envelope_of(make_deposit()), b"content")
    before = stored(store)

    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(connections["default"], "commit", fail)
    with pytest.raises(OperationalError):
        uploads.remove(file.pk, actor=file.envelope.deposit.bidder.user, now=NOW)

    assert stored(store) == before == [SealedBlock.objects.get().storage_name]


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_make_one_sound_file(store):
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    file = create(envelope_of(deposit), len(TWO_BLOCKS))
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def write() -> None:
        barrier.wait()
        try:
            outcomes.append(receive(file, TWO_BLOCKS))
        except (WriterDisplaced, OffsetMismatch) as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    file.refresh_from_db()
    assert outcomes.count(len(TWO_BLOCKS)) == 1
    assert opened(file, private_key) == TWO_BLOCKS
    assert len(stored(store)) == 2
