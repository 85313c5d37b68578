# SPDX-License-Identifier: EUPL-1.2
"""Sealing blocks to a consultation's recipients, straight into the store, and reading them back.

No plaintext is kept: a piece is sealed as soon as it is read, and the store receives ciphertext.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid4

from django.core.files.storage import default_storage

from envelopes.errors.submission import StoredBlockDamaged
from envelopes.models import RecipientSet, SealedBlock, SealedFile
from keys.certificates import read_certificate
from keys.cms import BLOCK_SIZE, BlockSealer, Recipient
from marketplace.storage import PartsFile, block_store, read_copies

logger = logging.getLogger(__name__)

Recipients = tuple[Recipient, ...]


class RecipientsAltered(Exception):
    """The certificates in the database are not those that were frozen: nothing may be sealed."""


@dataclass(frozen=True)
class Place:
    """Where a block goes: its file, its number, and how many bytes of plaintext it holds."""

    file: SealedFile
    number: int
    size: int
    is_last: bool


def place_of(file: SealedFile, number: int) -> Place:
    """The place of block `number`, counted from 0, of a file whose size was announced."""
    size = min(BLOCK_SIZE, file.size - number * BLOCK_SIZE)
    return Place(file, number, size, is_last=number * BLOCK_SIZE + size == file.size)


@lru_cache(maxsize=64)
def recipients_of(consultation_id: UUID) -> Recipients:
    """The recipients of a consultation, parsed once: the set is frozen.

    Raises:
        RecipientsAltered: a certificate was changed in the database since.
    """
    recipient_set = RecipientSet.objects.get(pk=consultation_id)
    certificates = [
        read_certificate(bytes(key_pair.certificate)) for key_pair in recipient_set.key_pairs.all()
    ]
    if sorted(certificate.sha256 for certificate in certificates) != recipient_set.fingerprints:
        raise RecipientsAltered(consultation_id)
    return tuple(Recipient.of(certificate) for certificate in certificates)


class _SealedStream(PartsFile):
    """A block as the store reads it, from pieces of plaintext."""

    def __init__(self, sealer: BlockSealer, pieces: Iterable[bytes]) -> None:
        self.sha256 = hashlib.sha256()
        super().__init__(self._seal(sealer, pieces), sealer.sealed_size)

    def _seal(self, sealer: BlockSealer, pieces: Iterable[bytes]) -> Iterator[bytes]:
        yield self._counted(sealer.header)
        for piece in pieces:
            yield self._counted(sealer.update(piece))
        yield self._counted(sealer.finish())

    def _counted(self, part: bytes) -> bytes:
        self.sha256.update(part)
        return part


def seal_block(place: Place, pieces: Iterable[bytes], recipients: Recipients) -> SealedBlock:
    """Seal one block into the store; its row is returned unsaved, once its bytes are durable.

    The content key is gone when this returns. Whatever `pieces` raises goes through, and leaves
    nothing in the store.
    """
    sealer = BlockSealer(
        recipients,
        file_id=bytes(place.file.file_id),
        number=place.number,
        is_last=place.is_last,
        size=place.size,
    )
    stream = _SealedStream(sealer, pieces)
    deposit_id = place.file.envelope.deposit_id
    name = f"{deposit_id}/{place.file.pk}/{place.number}-{uuid4()}"
    return SealedBlock(
        file=place.file,
        number=place.number,
        size=sealer.sealed_size,
        header_size=len(sealer.header),
        plaintext_size=place.size,
        storage_name=default_storage.save(name, stream),
        sha256=stream.sha256.digest(),
    )


def seal_bytes(file: SealedFile, content: bytes, recipients: Recipients) -> list[SealedBlock]:
    """The blocks, unsaved, of what is whole in memory: an index, or an empty file."""
    blocks = []
    for start in range(0, max(1, len(content)), BLOCK_SIZE):
        place = place_of(file, start // BLOCK_SIZE)
        blocks.append(seal_block(place, [content[start : start + place.size]], recipients))
    return blocks


def verify_stored(block: SealedBlock) -> None:
    """Read each copy of a block back from its store.

    Raises:
        StoredBlockDamaged: one is missing, or is not what was sealed.
        OSError: a store does not answer.
    """
    try:
        copies = read_copies(block.storage_name, block.size + 1)
        intact = sum(block.is_sealed_as(content) for content in copies)
    except FileNotFoundError as error:
        raise StoredBlockDamaged(block.storage_name) from error
    if intact < block_store().copies:
        raise StoredBlockDamaged(block.storage_name)


def discard(storage_names: Iterable[str]) -> None:
    """Remove from the store what no row names; what cannot be removed is harmless ciphertext."""
    for name in storage_names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.warning("%s could not be removed from the store", name, exc_info=True)
