# SPDX-License-Identifier: EUPL-1.2
"""Receiving files, block by block: what is acknowledged is sealed, durable and committed.

No transaction is held while bytes arrive. Whoever changes a deposit or its files locks the deposit's row
first; a request that writes a file is known by a random `writer`, and a newer one displaces it at the next
block. The deadline is not looked at here: a late file is received.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import Protocol
from uuid import UUID, uuid4

from django.db import transaction

from envelopes.errors import (
    AlreadySubmitted,
    BeyondLength,
    FileTooLarge,
    OffsetMismatch,
    PieceTooSmall,
    TooManyFiles,
    TransferCut,
    UnknownEnvelope,
    UploadRefused,
    WriterDisplaced,
)
from envelopes.limits import LARGEST_FILE, LARGEST_READ, MOST_FILES
from envelopes.models import Attempt, Deposit, Envelope, SealedBlock, SealedFile
from envelopes.sealing import discard, place_of, recipients_of, seal_block
from marketplace import journal
from marketplace.models import User

Clock = Callable[[], datetime]


class Body(Protocol):
    """A request's body, read as it arrives."""

    def read(self, size: int, /) -> bytes: ...


def create(
    deposit_id: UUID, *, envelope_id: UUID, size: int, actor: User, clock: Clock
) -> SealedFile:
    """Make room for a file of `size` bytes in an envelope; an empty one is complete at once.

    Raises:
        FileTooLarge, TooManyFiles: more than `limits` announces.
        UnknownEnvelope: the envelope is not one of this deposit.
        AlreadySubmitted: the deposit is frozen.
    """
    with _remembered(deposit_id, None, clock):
        file = _create(deposit_id, envelope_id=envelope_id, size=size, actor=actor, now=clock())
    if size == 0:
        receive(file.pk, BytesIO(), offset=0, length=0, clock=clock)
    return file


@transaction.atomic
def _create(
    deposit_id: UUID, *, envelope_id: UUID, size: int, actor: User, now: datetime
) -> SealedFile:
    deposit = _locked(deposit_id)
    if size > LARGEST_FILE:
        raise FileTooLarge
    envelope = Envelope.objects.filter(pk=envelope_id, deposit=deposit).first()
    if envelope is None:
        raise UnknownEnvelope
    if SealedFile.objects.filter(envelope__deposit=deposit).count() >= MOST_FILES:
        raise TooManyFiles
    file = SealedFile.objects.create(envelope=envelope, size=size, created_at=now)
    Attempt.objects.create(
        deposit=deposit, file=file.pk, outcome=Attempt.Outcome.STARTED, recorded_at=now
    )
    # No organisation, here and in every entry of a deposit: the buyer's administrators read the
    # entries of theirs, and before the deadline nobody learns who deposits, nor how much.
    journal.record("upload.created", file, actor=actor, now=now)
    return file


def receive(file_id: UUID, body: Body, *, offset: int, length: int, clock: Clock) -> int:
    """Seal the whole blocks of a request of `length` bytes; the offset that is now durable.

    The bytes after the last whole block are left unread: the client sends them again.

    Raises:
        OffsetMismatch: the request does not start at the durable offset.
        BeyondLength: it holds more than the file lacks.
        PieceTooSmall: it does not hold the next block whole.
        TransferCut: the body ended too soon; the block that was arriving is discarded.
        WriterDisplaced: a newer request took over this file, or it was removed.
        AlreadySubmitted: the deposit is frozen.
    """
    deposit_id = Deposit.objects.values_list("pk", flat=True).get(envelopes__files=file_id)
    with _remembered(deposit_id, file_id, clock):
        file = _take_over(deposit_id, file_id, offset=offset, length=length, now=clock())
        recipients = recipients_of(file.envelope.deposit.consultation_id)
        while file.completed_at is None:
            place = place_of(file, file.block_count)
            if file.received_size + place.size > offset + length:
                break
            block = seal_block(place, _pieces(body, place.size), recipients)
            file = _keep(block, writer=file.writer, now=clock())
    return file.received_size


@transaction.atomic
def remove(file_id: UUID, *, actor: User, now: datetime) -> None:
    """Remove a file, whole or not, from a deposit that is not submitted.

    Raises:
        AlreadySubmitted: the deposit is frozen.
        WriterDisplaced: it is removed already.
    """
    deposit_id = Deposit.objects.values_list("pk", flat=True).get(envelopes__files=file_id)
    _locked(deposit_id)
    file = _file(file_id)
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


def _file(file_id: UUID) -> SealedFile:
    file = SealedFile.objects.select_related("envelope__deposit").filter(pk=file_id).first()
    if file is None:
        raise WriterDisplaced
    return file


@transaction.atomic
def _take_over(
    deposit_id: UUID, file_id: UUID, *, offset: int, length: int, now: datetime
) -> SealedFile:
    """Become the only writer of the file."""
    deposit = _locked(deposit_id)
    file = _file(file_id)
    if offset != file.received_size:
        raise OffsetMismatch
    if offset + length > file.size:
        raise BeyondLength
    if file.completed_at is None and length < place_of(file, file.block_count).size:
        raise PieceTooSmall
    file.writer = uuid4()
    file.save(update_fields=["writer"])
    if deposit.first_byte_at is None:
        deposit.first_byte_at = now
        deposit.save(update_fields=["first_byte_at"])
    return file


def _keep(block: SealedBlock, *, writer: UUID | None, now: datetime) -> SealedFile:
    """Commit a block that is durable in the store: from now on it is acknowledged.

    If the database fails, the object stays: whether the commit was done cannot be known.
    """
    try:
        return _commit(block, writer=writer, now=now)
    except UploadRefused:
        discard([block.storage_name])
        raise


@transaction.atomic
def _commit(block: SealedBlock, *, writer: UUID | None, now: datetime) -> SealedFile:
    deposit = _locked(block.file.envelope.deposit_id)
    file = _file(block.file_id)
    if file.writer != writer or file.block_count != block.number:
        raise WriterDisplaced
    block.save(force_insert=True)
    file.block_count += 1
    file.received_size += block.plaintext_size
    file.completed_at = now if file.received_size == file.size else None
    file.save(update_fields=["block_count", "received_size", "completed_at"])
    deposit.last_byte_at = now
    deposit.save(update_fields=["last_byte_at"])
    if file.completed_at is not None:
        _complete(file, deposit, now=now)
    return file


def _complete(file: SealedFile, deposit: Deposit, *, now: datetime) -> None:
    Attempt.objects.create(
        deposit=deposit,
        file=file.pk,
        outcome=Attempt.Outcome.COMPLETED,
        offset=file.received_size,
        recorded_at=now,
    )
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


@contextmanager
def _remembered(deposit_id: UUID, file_id: UUID | None, clock: Clock) -> Iterator[None]:
    """Keep an `Attempt` of what stops a bidder: court cases turn on it (CCP, art. R2151-5)."""
    try:
        yield
    except UploadRefused as refusal:
        is_cut = isinstance(refusal, TransferCut)
        outcome = Attempt.Outcome.INTERRUPTED if is_cut else Attempt.Outcome.REFUSED
        _remember(deposit_id, file_id, outcome=outcome, cause=refusal.code, now=clock())
        raise
    except OSError:
        outcome = Attempt.Outcome.INTERRUPTED
        _remember(deposit_id, file_id, outcome=outcome, cause="store_failed", now=clock())
        raise


def _remember(
    deposit_id: UUID, file_id: UUID | None, *, outcome: Attempt.Outcome, cause: str, now: datetime
) -> None:
    files = SealedFile.objects.filter(pk=file_id) if file_id else SealedFile.objects.none()
    Attempt.objects.create(
        deposit_id=deposit_id,
        file=file_id,
        outcome=outcome,
        cause=cause,
        offset=files.values_list("received_size", flat=True).first() or 0,
        recorded_at=now,
    )
