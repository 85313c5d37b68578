# SPDX-License-Identifier: EUPL-1.2
"""Sealed files as they lie in the store, beside what the manifest says of each of their blocks.

Source: docs/envelope-format.md § 9.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from envelopes.errors.opening import (
    BlockDamaged,
    FilesRemoved,
    ManifestDamaged,
    StoreUnavailable,
    WrongContentKeys,
)
from envelopes.manifest import BadManifest, Manifest, ManifestFile, read_manifest
from envelopes.models import Deposit, Envelope, Receipt, SealedBlock, SealedFile
from keys import cms
from marketplace import canonical
from marketplace.storage import block_store, read_copies


@dataclass(frozen=True)
class StoredBlock:
    """A block's place in its file, its name in the store, and its length and digest in the manifest."""

    number: int
    is_last: bool
    storage_name: str
    header_size: int
    size: int
    sha256: str


@dataclass(frozen=True)
class StoredFile:
    """A sealed file. `position` is its rank in its envelope, from 1; the index is at 0."""

    row: SealedFile
    position: int
    blocks: tuple[StoredBlock, ...]

    @property
    def id(self) -> bytes:
        """8 bytes, `docs/envelope-format.md` § 2."""
        return bytes(self.row.file_id)


@dataclass(frozen=True)
class StoredEnvelope:
    """An envelope's index, then its files in the order of the index."""

    manifest: Manifest
    files: tuple[StoredFile, ...]

    @property
    def blocks(self) -> list[tuple[StoredFile, StoredBlock]]:
        """Those of all the files, in order."""
        return [(file, block) for file in self.files for block in file.blocks]


def manifest_of(deposit: Deposit) -> Manifest:
    """The manifest of a deposit, which is the one of its receipt (§ 9, 1).

    Raises:
        ManifestDamaged: it cannot be read, or is another one.
    """
    data = bytes(deposit.manifest or b"")
    try:
        manifest = read_manifest(data)
    except BadManifest as error:
        raise ManifestDamaged(str(error)) from error
    if manifest.deposit != deposit.pk:
        raise ManifestDamaged("the manifest of another deposit")
    receipt = Receipt.objects.filter(pk=deposit.pk).first()
    if receipt and _manifest_digest(receipt) != hashlib.sha256(data).hexdigest():
        raise ManifestDamaged("the manifest is not the one of the receipt")
    return manifest


def stored_envelope(envelope: Envelope) -> StoredEnvelope:
    """All that the manifest has of this envelope, found in the store's rows.

    Raises:
        FilesRemoved: it is a rehearsal, whose files are no longer kept.
        ManifestDamaged: the manifest cannot be read, or does not have this envelope.
        BlockDamaged: the row of a file or of a block is gone.
    """
    if envelope.deposit.files_removed_at is not None:
        raise FilesRemoved
    manifest = manifest_of(envelope.deposit)
    described = manifest.envelope(envelope.pk)
    if described is None:
        raise ManifestDamaged("the manifest does not have this envelope")
    rows = {bytes(row.file_id): row for row in envelope.files.prefetch_related("blocks")}
    described_files = (described.index, *described.files)
    files = (_stored_file(file, rows, at) for at, file in enumerate(described_files))
    return StoredEnvelope(manifest, tuple(files))


def stored_file(row: SealedFile) -> StoredFile:
    """One file of an envelope, as `stored_envelope` finds it."""
    files = stored_envelope(row.envelope).files
    found = next((file for file in files if file.row.pk == row.pk), None)
    if found is None:
        raise ManifestDamaged("the manifest does not have this file")
    return found


def read_header(file: StoredFile, block: StoredBlock) -> bytes:
    """The bytes of a block before its ciphertext. No digest is of them alone.

    Of one store they are not verified; of two they are, by being the same. Where anything is amiss, the whole
    block is read, in either.

    Raises:
        BlockDamaged: no store has the block as it was sealed.
        StoreUnavailable: a store does not answer, and no other has it.
    """
    headers = _headers(block)
    if len(headers) == block_store().copies and len(set(headers)) == 1:
        return headers[0]
    return read_sealed(file, block)[: block.header_size]


def check_present(file: StoredFile, block: StoredBlock) -> None:
    """Whether a store has a block; what its bytes are is not looked at.

    Raises:
        BlockDamaged: no store has it.
        StoreUnavailable: a store does not answer, and no other has it.
    """
    with _failures(file, block):
        next(read_copies(block.storage_name, 1))


def read_sealed(file: StoredFile, block: StoredBlock) -> bytes:
    """A block as it was sealed: its length and its digest are the manifest's (§ 9, 2).

    Raises:
        BlockDamaged: they are not in any copy, or no store has the block.
        StoreUnavailable: a store does not answer, and no other has the block as it was sealed.
    """
    with _failures(file, block):
        for sealed in read_copies(block.storage_name, block.size + 1):
            if (len(sealed), hashlib.sha256(sealed).hexdigest()) == (block.size, block.sha256):
                return sealed
    raise BlockDamaged(file.position, block.number, "digest")


def read_row(block: SealedBlock) -> bytes:
    """A block as it was sealed, as its row says: whoever asks for it alone compares it with the manifest.

    Raises:
        ManifestDamaged, BlockDamaged, StoreUnavailable: as `read_sealed`.
    """
    with suppress(OSError):
        for sealed in read_copies(block.storage_name, block.size + 1):
            if block.is_sealed_as(sealed):
                return sealed
    file = stored_file(block.file)  # what the manifest has of it, to say which one is damaged
    return read_sealed(file, file.blocks[block.number])


def read_block(file: StoredFile, block: StoredBlock, content_key: bytes) -> bytes:
    """The plaintext of a block, none of it given before all of it is verified.

    1. The length and the digest are the manifest's (§ 9, 2).
    2. The shape, the place and the tag are right (§ 9, 3 to 6).
    3. The length of the plaintext is that of its place (§ 9, 7).

    Raises:
        BlockDamaged: one of these is not so, or the store does not have the block.
        WrongContentKeys: the block is the one that was sealed, and this key does not open it.
        StoreUnavailable: the store does not answer.
    """
    sealed = read_sealed(file, block)  # 1
    try:
        plaintext = cms.open_block(  # 2
            sealed, content_key, file_id=file.id, number=block.number, is_last=block.is_last
        )
        cms.check_length(len(plaintext), block.number, is_last=block.is_last)  # 3
    except cms.Damaged as error:
        raise WrongContentKeys from error
    except cms.EnvelopeError as error:
        raise BlockDamaged(file.position, block.number, error.code) from error
    return plaintext


def _manifest_digest(receipt: Receipt) -> object:
    content = canonical.loads(bytes(receipt.content))
    return content.get("manifest_sha256") if isinstance(content, dict) else None


def _stored_file(
    described: ManifestFile, rows: dict[bytes, SealedFile], position: int
) -> StoredFile:
    row = rows.get(described.id)
    if row is None:
        raise BlockDamaged(position, 0, "missing")
    found: dict[int, SealedBlock] = {block.number: block for block in row.blocks.all()}
    missing = [number for number in range(len(described.blocks)) if number not in found]
    if missing:
        raise BlockDamaged(position, missing[0], "missing")
    blocks = (
        StoredBlock(
            number=number,
            is_last=number == len(described.blocks) - 1,
            storage_name=found[number].storage_name,
            header_size=found[number].header_size,
            size=block.size,
            sha256=block.sha256,
        )
        for number, block in enumerate(described.blocks)
    )
    return StoredFile(row, position, tuple(blocks))


def _headers(block: StoredBlock) -> list[bytes]:
    """The bytes of that length, of each copy that has as many; none where a store fails."""
    if not block_store().all_answer:
        return []
    try:
        found = list(read_copies(block.storage_name, block.header_size))
    except OSError:
        return []
    return [header for header in found if len(header) == block.header_size]


@contextmanager
def _failures(file: StoredFile, block: StoredBlock) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BlockDamaged(file.position, block.number, "missing") from error
    except OSError as error:
        raise StoreUnavailable from error
