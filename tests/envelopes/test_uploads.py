# SPDX-License-Identifier: EUPL-1.2
import os
import shutil
from io import BytesIO
from uuid import UUID, uuid4

import pytest

from envelopes import limits, uploads
from envelopes.errors.uploads import (
    AlreadySubmitted,
    BeyondLength,
    DepositTooLarge,
    FileTooLarge,
    OffsetMismatch,
    PieceTooSmall,
    StoreFailed,
    TooManyFiles,
    TransferCut,
    UnknownEnvelope,
    UploadDiffers,
)
from envelopes.models import Attempt, Deposit, Envelope, SealedBlock, SealedFile
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind, JournalEntry
from tests.envelopes.deposits import clock, envelope_of, opened, send
from tests.factories import (
    DEADLINE,
    NOW,
    SECOND,
    make_deposit,
    make_online_consultation,
    make_private_key,
)

pytestmark = pytest.mark.django_db
TWO_BLOCKS = os.urandom(BLOCK_SIZE) + b"!"  # and a byte


class CutBody(BytesIO):
    """A body whose line is cut once `after` bytes were read."""

    def __init__(self, content: bytes, after: int) -> None:
        super().__init__(content)
        self.after = after

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.after:
            raise OSError("connection reset by peer")
        return super().read(size)


class ShortBody(BytesIO):
    """A body that gives less than is asked for, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(max(1, (size or 0) - 1))


def create(envelope: Envelope, size: int) -> SealedFile:
    return uploads.create(
        envelope.deposit_id,
        envelope_id=envelope.pk,
        size=size,
        actor=envelope.deposit.bidder.user,
        clock=clock,
    )


def receive(file: SealedFile, content: bytes, offset: int = 0, body=None) -> int:
    return uploads.receive(
        file.pk, body or BytesIO(content), offset=offset, length=len(content), clock=clock
    )


def stored(store) -> list[str]:
    return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())


@pytest.mark.parametrize("content", [b"", b"x", TWO_BLOCKS[:-1], TWO_BLOCKS], ids=len)
def test_receive_seals_what_the_holder_of_the_key_opens(content):
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))

    file = send(envelope_of(deposit), content)

    assert file.completed_at == NOW
    assert (file.received_size, file.block_count) == (
        len(content),
        1 + len(content) // len(TWO_BLOCKS),
    )
    assert opened(file, private_key) == content


def test_receive_keeps_whole_blocks_and_answers_the_durable_offset(store):
    file = create(envelope_of(make_deposit()), len(TWO_BLOCKS) + BLOCK_SIZE)
    body = BytesIO(TWO_BLOCKS)

    offset = receive(file, TWO_BLOCKS, body=body)

    assert offset == BLOCK_SIZE
    assert body.tell() == BLOCK_SIZE
    assert stored(store) == [SealedBlock.objects.get().storage_name]


def test_receive_continues_where_it_stopped():
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    file = create(envelope_of(deposit), len(TWO_BLOCKS))
    receive(file, TWO_BLOCKS[:BLOCK_SIZE])

    offset = receive(file, TWO_BLOCKS[BLOCK_SIZE:], offset=BLOCK_SIZE)

    file.refresh_from_db()
    assert offset == len(TWO_BLOCKS)
    assert opened(file, private_key) == TWO_BLOCKS


def test_receive_takes_no_byte_of_the_next_block_whatever_the_reads_give():
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    file = create(envelope_of(deposit), len(TWO_BLOCKS))

    receive(file, TWO_BLOCKS, body=ShortBody(TWO_BLOCKS))

    file.refresh_from_db()
    assert opened(file, private_key) == TWO_BLOCKS


def test_receive_discards_the_block_during_which_the_line_is_cut(store):
    file = create(envelope_of(make_deposit()), 2 * BLOCK_SIZE)
    content = bytes(2 * BLOCK_SIZE)

    with pytest.raises(TransferCut):
        receive(file, content, body=CutBody(content, after=BLOCK_SIZE + BLOCK_SIZE // 2))

    file.refresh_from_db()
    attempt = Attempt.objects.get(outcome=Attempt.Outcome.INTERRUPTED)
    assert (file.received_size, file.block_count) == (BLOCK_SIZE, 1)
    assert stored(store) == [SealedBlock.objects.get().storage_name]
    assert (attempt.file, attempt.cause, attempt.offset) == (file.pk, "transfer_cut", BLOCK_SIZE)


def test_receive_discards_the_block_of_a_body_that_ends_too_soon(store):
    file = create(envelope_of(make_deposit()), 100)

    with pytest.raises(TransferCut):
        receive(file, bytes(100), body=BytesIO(bytes(99)))

    assert stored(store) == []
    assert not SealedBlock.objects.exists()


def test_receive_acknowledges_nothing_that_the_store_did_not_keep(store):
    file = create(envelope_of(make_deposit()), 5)
    shutil.rmtree(store)
    store.write_text("not a folder")

    with pytest.raises(StoreFailed):
        receive(file, b"12345")

    file.refresh_from_db()
    assert file.received_size == 0
    assert Attempt.objects.get(outcome=Attempt.Outcome.INTERRUPTED).cause == "store_failed"


@pytest.mark.parametrize("offset", [1, BLOCK_SIZE, 10**12])
def test_receive_refuses_another_offset(offset):
    file = create(envelope_of(make_deposit()), 10)

    with pytest.raises(OffsetMismatch):
        receive(file, b"x", offset=offset)

    assert Attempt.objects.get(outcome=Attempt.Outcome.REFUSED).cause == "offset_mismatch"


def test_receive_refuses_a_request_repeated_after_its_answer_was_lost():
    file = send(envelope_of(make_deposit()), b"whole")

    with pytest.raises(OffsetMismatch):
        receive(file, b"whole")

    assert file.blocks.count() == 1


def test_receive_refuses_more_than_announced():
    file = create(envelope_of(make_deposit()), 4)

    with pytest.raises(BeyondLength):
        receive(file, b"12345")

    assert not SealedBlock.objects.exists()


def test_receive_refuses_a_request_that_holds_no_whole_block():
    file = create(envelope_of(make_deposit()), BLOCK_SIZE + 1)
    body = BytesIO(bytes(BLOCK_SIZE - 1))

    with pytest.raises(PieceTooSmall):
        receive(file, bytes(BLOCK_SIZE - 1), body=body)

    assert body.tell() == 0


def test_receive_records_the_first_and_the_last_byte():
    deposit = make_deposit()
    file = create(envelope_of(deposit), len(TWO_BLOCKS))
    instants = iter([NOW + SECOND, NOW + 2 * SECOND, DEADLINE + SECOND])

    uploads.receive(
        file.pk,
        BytesIO(TWO_BLOCKS),
        offset=0,
        length=len(TWO_BLOCKS),
        clock=lambda: next(instants),
    )

    deposit.refresh_from_db()
    assert deposit.first_byte_at == NOW + SECOND
    assert deposit.last_byte_at == DEADLINE + SECOND


def test_receive_keeps_attempts_and_journal_of_a_file():
    deposit = make_deposit()
    file = send(envelope_of(deposit), b"content")

    outcomes = (
        Attempt.objects.filter(file=file.pk).order_by("number").values_list("outcome", flat=True)
    )
    entries = JournalEntry.objects.filter(subject=f"SealedFile {file.pk}").order_by("index")
    assert list(outcomes) == ["started", "completed"]
    assert [entry.action for entry in entries] == ["upload.created", "upload.completed"]
    assert {entry.organisation for entry in entries} == {None}
    assert {entry.actor for entry in entries} == {
        f"{deposit.bidder.user.email} {deposit.bidder.user.pk}"
    }


def test_create_refuses_a_file_larger_than_announced():
    envelope = envelope_of(make_deposit())

    assert create(envelope, limits.LARGEST_FILE).size == limits.LARGEST_FILE
    with pytest.raises(FileTooLarge):
        create(envelope, limits.LARGEST_FILE + 1)

    attempt = Attempt.objects.get(outcome=Attempt.Outcome.REFUSED)
    assert (attempt.file, attempt.cause) == (None, "file_too_large")


def test_create_refuses_more_files_than_announced(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILES", 1)
    envelope = envelope_of(make_deposit())
    create(envelope, 1)

    with pytest.raises(TooManyFiles):
        create(envelope, 1)


def test_create_refuses_a_deposit_larger_than_announced(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_DEPOSIT", 10)
    deposit = make_deposit()
    create(envelope_of(deposit), 6)

    with pytest.raises(DepositTooLarge):
        create(envelope_of(deposit, EnvelopeKind.APPLICATION), 5)

    assert create(envelope_of(deposit, EnvelopeKind.APPLICATION), 4)


def again(
    file: SealedFile,
    *,
    size: int | None = None,
    envelope_id: UUID | None = None,
    upload_id: UUID | None = None,
) -> SealedFile:
    """The creation of that upload, asked for once more, or with something changed."""
    deposit = file.envelope.deposit
    return uploads.create(
        deposit.pk,
        envelope_id=envelope_id or file.envelope_id,
        size=file.size if size is None else size,
        actor=deposit.bidder.user,
        clock=clock,
        upload_id=upload_id or file.pk,
    )


@pytest.mark.parametrize("size", [0, 5])
def test_create_repeated_makes_one_upload(size):
    file = create(envelope_of(make_deposit()), size)

    assert again(file) == file
    assert SealedFile.objects.count() == 1
    assert Attempt.objects.filter(outcome=Attempt.Outcome.STARTED).count() == 1
    assert JournalEntry.objects.filter(action="upload.created").count() == 1


def test_create_refuses_the_id_of_another_upload():
    deposit = make_deposit()
    file = create(envelope_of(deposit), 5)
    elsewhere = envelope_of(deposit, EnvelopeKind.APPLICATION)
    stranger = create(envelope_of(make_deposit()), 5)

    with pytest.raises(UploadDiffers):
        again(file, size=6)
    with pytest.raises(UploadDiffers):
        again(file, envelope_id=elsewhere.pk)
    with pytest.raises(UploadDiffers):
        again(file, upload_id=stranger.pk)

    assert SealedFile.objects.count() == 2


def test_create_refuses_the_envelope_of_another_deposit():
    deposit, other = make_deposit(), make_deposit()

    with pytest.raises(UnknownEnvelope):
        uploads.create(
            deposit.pk,
            envelope_id=envelope_of(other).pk,
            size=1,
            actor=deposit.bidder.user,
            clock=clock,
        )

    assert not SealedFile.objects.exists()


def test_remove_takes_the_blocks_out_of_the_store(store, django_capture_on_commit_callbacks):
    deposit = make_deposit()
    file = send(envelope_of(deposit), TWO_BLOCKS)
    kept = send(envelope_of(deposit, EnvelopeKind.APPLICATION), b"kept")

    with django_capture_on_commit_callbacks(execute=True):
        uploads.remove(file.pk, actor=deposit.bidder.user, now=NOW)

    assert list(deposit.uploads()) == [kept]
    assert stored(store) == [kept.blocks.get().storage_name]


def test_submitted_deposit_is_frozen():
    deposit = make_deposit()
    file = send(envelope_of(deposit), b"content")
    Deposit.objects.update(
        state=Deposit.State.SUBMITTED, submitted_at=NOW, number=1, manifest=b"{}"
    )

    with pytest.raises(AlreadySubmitted):
        uploads.remove(file.pk, actor=deposit.bidder.user, now=NOW)
    with pytest.raises(AlreadySubmitted):
        create(envelope_of(deposit), 1)
    with pytest.raises(AlreadySubmitted):
        receive(file, b"", offset=7)
    assert deposit.uploads().count() == 1
    assert deposit.attempts.filter(cause="already_submitted").count() == 3


def test_no_plaintext_reaches_the_disk(store, settings):
    canary = f"canary {uuid4()}".encode()
    deposit = make_deposit()
    file = create(envelope_of(deposit), BLOCK_SIZE)
    content = (canary * (BLOCK_SIZE // len(canary) + 1))[:BLOCK_SIZE]

    receive(file, content)
    cut = create(envelope_of(deposit), BLOCK_SIZE)
    with pytest.raises(TransferCut):
        receive(cut, content, body=CutBody(content, after=BLOCK_SIZE // 2))

    folders = (store, settings.DATA_DIR)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if canary in path.read_bytes()] == []
