# SPDX-License-Identifier: EUPL-1.2
"""Receiving files, block by block: what is acknowledged is sealed, durable and committed.

No transaction is held while bytes arrive. Whoever changes a deposit or its files locks the deposit's row
first; a request that writes a file is known by a random `writer`, and a newer one displaces it at the next
block: a line that hangs holds nothing up. The deadline is not looked at here: a late file is received.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from typing import Protocol
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Sum

from envelopes import attempts, presence, space
from envelopes.errors.uploads import (
    AlreadySubmitted,
    BeyondLength,
    DepositTooLarge,
    FileTooLarge,
    OffsetMismatch,
    PieceTooSmall,
    RehearsalTooLarge,
    StoreFailed,
    TooManyFiles,
    TransferCut,
    UnknownEnvelope,
    UploadDiffers,
    UploadRefused,
    UploadRemoved,
    WriterDisplaced,
)
from envelopes.limits import (
    LARGEST_DEPOSIT,
    LARGEST_FILE,
    LARGEST_READ,
    LARGEST_REHEARSAL,
    MOST_FILES,
)
from envelopes.models import Attempt, Deposit, Envelope, SealedBlock, SealedFile
from envelopes.sealing import Place, Recipients, discard, place_of, recipients_of, seal_block
from marketplace import journal
from marketplace.models import User

Clock = Callable[[], datetime]


class Body(Protocol):
    """A request's body, read as it arrives."""

    def read(self, size: int, /) -> bytes: ...


def create(
    deposit_id: UUID,
    *,
    envelope_id: UUID,
    size: int,
    actor: User,
    clock: Clock,
    upload_id: UUID | None = None,
) -> SealedFile:
    """Make room for a file of `size` bytes in an envelope; an empty one is complete at once.

    `upload_id` is drawn by the client, which repeats it when no answer came: the upload is made once.

    Raises:
        UploadDiffers: another upload has that id.
        FileTooLarge, TooManyFiles, DepositTooLarge, RehearsalTooLarge: more than `limits` announces.
        NoRoom, StoreFailed: the store could not keep it.
        UnknownEnvelope: the envelope is not one of this deposit.
        AlreadySubmitted: the deposit is frozen.
    """
    with attempts.remembered(deposit_id, Attempt.Step.UPLOAD, clock):
        wanted = SealedFile(pk=upload_id or uuid4(), envelope_id=envelope_id, size=size)
        file = _create(deposit_id, wanted, actor=actor, now=clock())
    if size == 0:
        receive(file.pk, BytesIO(), offset=0, length=0, clock=clock)
    return file


@transaction.atomic
def _create(deposit_id: UUID, file: SealedFile, *, actor: User, now: datetime) -> SealedFile:
    deposit = _locked(deposit_id)
    if not Envelope.objects.filter(pk=file.envelope_id, deposit=deposit).exists():
        raise UnknownEnvelope
    if (known := SealedFile.objects.filter(pk=file.pk).first()) is not None:
        if (known.envelope_id, known.size) != (file.envelope_id, file.size):
            raise UploadDiffers
        return known
    _check_limits(deposit, file.size)
    file.reserved_size = space.needed(file.size, recipients_of(deposit.consultation_id))
    file.created_at = now
    file.save(force_insert=True)
    attempts.record(deposit, Attempt.Step.UPLOAD, Attempt.Outcome.STARTED, now=now, file=file)
    # No organisation, here and in every entry of a deposit: the buyer's administrators read the
    # entries of theirs, and before the deadline nobody learns who deposits, nor how much.
    journal.record("upload.created", file, actor=actor, now=now)
    space.check_room()
    return file


def _check_limits(deposit: Deposit, size: int) -> None:
    """Whether one more file, of `size` bytes, is within what is announced."""
    if size > LARGEST_FILE:
        raise FileTooLarge
    if deposit.uploads().count() >= MOST_FILES:
        raise TooManyFiles
    total = size + (deposit.uploads().aggregate(total=Sum("size"))["total"] or 0)
    if total > LARGEST_DEPOSIT:
        raise DepositTooLarge
    if total > LARGEST_REHEARSAL and deposit.consultation.is_test:
        raise RehearsalTooLarge


def receive(file_id: UUID, body: Body, *, offset: int, length: int, clock: Clock) -> int:
    """Seal the whole blocks of a request of `length` bytes; the offset that is now durable.

    The bytes after the last whole block are left unread: the client sends them again.

    Raises:
        OffsetMismatch: the request does not start at the durable offset.
        BeyondLength: it holds more than the file lacks.
        PieceTooSmall: it does not hold the next block whole.
        TransferCut: the body ended too soon; the block that was arriving is discarded.
        StoreFailed: the store reported an error; nothing is tried again.
        WriterDisplaced: a newer request took over this file.
        UploadRemoved: it was removed.
        AlreadySubmitted: the deposit is frozen.
    """
    deposit_id = Deposit.objects.values_list("pk", flat=True).get(envelopes__files=file_id)
    with attempts.remembered(deposit_id, Attempt.Step.UPLOAD, clock, file_id):
        file = _take_over(deposit_id, file_id, offset=offset, length=length, now=clock())
        recipients = recipients_of(file.envelope.deposit.consultation_id)
        writer, end = file.writer, offset + length
        try:
            while place := _next_place(file, end):
                block = _sealed(place, body, recipients)
                file = _keep(block, writer=writer, end=end, now=clock())
        except BaseException:
            SealedFile.objects.filter(pk=file_id, writer=writer).update(writer=None)
            raise
    return file.received_size


def remove(file_id: UUID, *, actor: User, now: datetime) -> None:
    """Remove a file, whole or not, from a deposit that is not submitted.

    Raises:
        AlreadySubmitted: the deposit is frozen.
        UploadRemoved: it is removed already.
    """
    deposit_id = Deposit.objects.values_list("pk", flat=True).get(envelopes__files=file_id)
    with attempts.remembered(deposit_id, Attempt.Step.REMOVAL, lambda: now, file_id):
        _remove(deposit_id, file_id, actor=actor, now=now)


@transaction.atomic
def _remove(deposit_id: UUID, file_id: UUID, *, actor: User, now: datetime) -> None:
    file = _file(file_id, _locked(deposit_id))
    names = list(file.blocks.values_list("storage_name", flat=True))
    journal.record("upload.removed", file, actor=actor, now=now)
    file.delete()
    transaction.on_commit(lambda: discard(names))


def _locked(deposit_id: UUID) -> Deposit:
    """The deposit, locked, and not submitted."""
    deposit = Deposit.objects.select_for_update(no_key=True, of=("self",)).get(pk=deposit_id)
    if deposit.state == Deposit.State.SUBMITTED:
        raise AlreadySubmitted
    return deposit


def _file(file_id: UUID, deposit: Deposit) -> SealedFile:
    """A file of a deposit that the caller has locked."""
    file = SealedFile.objects.select_related("envelope").filter(pk=file_id).first()
    if file is None:
        raise UploadRemoved
    file.envelope.deposit = deposit
    return file


def _next_place(file: SealedFile, end: int) -> Place | None:
    """Where the next block goes, if a request that ends at byte `end` of the file holds it whole."""
    if file.completed_at is not None:
        return None
    place = place_of(file, file.block_count)
    return place if file.received_size + place.size <= end else None


def _sealed(place: Place, body: Body, recipients: Recipients) -> SealedBlock:
    """The next block of the body, durable in the store; after an error it has none of it."""
    try:
        presence.recognise()
        return seal_block(place, _pieces(body, place.size), recipients)
    except OSError as error:
        raise StoreFailed(error.errno) from error


@transaction.atomic
def _take_over(
    deposit_id: UUID, file_id: UUID, *, offset: int, length: int, now: datetime
) -> SealedFile:
    """Become the only writer of the file."""
    deposit = _locked(deposit_id)
    file = _file(file_id, deposit)
    if offset != file.received_size:
        raise OffsetMismatch
    if offset + length > file.size:
        raise BeyondLength
    if file.completed_at is not None:
        return file
    if _next_place(file, offset + length) is None:
        raise PieceTooSmall
    if file.writer is not None:
        _interrupted(file, deposit, now=now)
    file.writer = uuid4()
    file.save(update_fields=["writer"])
    if deposit.first_byte_at is None:
        deposit.first_byte_at = now
        deposit.save(update_fields=["first_byte_at"])
    return file


def _interrupted(file: SealedFile, deposit: Deposit, *, now: datetime) -> None:
    """The former request said nothing at its end: its server was stopped, or its line still hangs."""
    attempts.record(
        deposit,
        Attempt.Step.UPLOAD,
        Attempt.Outcome.INTERRUPTED,
        now=now,
        file=file,
        cause=attempts.RequestUnfinished.code,
    )


def _keep(block: SealedBlock, *, writer: UUID | None, end: int, now: datetime) -> SealedFile:
    """Commit a block that is durable in the store: from now on it is acknowledged.

    If the database fails, the object stays: whether the commit was done cannot be known.
    """
    try:
        return _commit(block, writer=writer, end=end, now=now)
    except (UploadRefused, Deposit.DoesNotExist):
        discard([block.storage_name])
        raise


@transaction.atomic
def _commit(block: SealedBlock, *, writer: UUID | None, end: int, now: datetime) -> SealedFile:
    file, deposit = block.file, block.file.envelope.deposit
    drafts = Deposit.objects.filter(pk=deposit.pk, state=Deposit.State.DRAFT)
    if not drafts.update(last_byte_at=now):  # it is locked by that
        _locked(deposit.pk)  # says why it is not a draft
    # Nobody but its writer changes a file: if it still has this one, it is as it was read.
    ours = SealedFile.objects.filter(pk=file.pk, writer=writer, block_count=block.number)
    file.block_count += 1
    file.received_size += block.plaintext_size
    is_whole = file.received_size == file.size
    file.completed_at = now if is_whole else None
    file.reserved_size = 0 if is_whole else max(0, file.reserved_size - block.size)
    if _next_place(file, end) is None:
        file.writer = None  # the request ends here
    changed = ["block_count", "received_size", "completed_at", "reserved_size", "writer"]
    if not ours.update(**{name: getattr(file, name) for name in changed}):
        _file(file.pk, deposit)  # says whether it was removed
        raise WriterDisplaced
    block.save(force_insert=True)
    if is_whole:
        _complete(file, deposit, now=now)
    return file


def _complete(file: SealedFile, deposit: Deposit, *, now: datetime) -> None:
    attempts.record(deposit, Attempt.Step.UPLOAD, Attempt.Outcome.COMPLETED, now=now, file=file)
    journal.record("upload.completed", file, actor=deposit.bidder.user, now=now)


def _pieces(body: Body, size: int) -> Iterator[bytes]:
    """The next `size` bytes of the body, as they arrive."""
    while size:
        try:
            piece = body.read(min(LARGEST_READ, size))
        except OSError as error:
            raise TransferCut from error
        if not piece:
            raise TransferCut
        size -= len(piece)
        yield piece
