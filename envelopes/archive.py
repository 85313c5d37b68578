# SPDX-License-Identifier: EUPL-1.2
"""A sealed deposit as one file that opens without us: ciphertext, manifest and receipt in a ZIP.

manifest.json                     docs/envelope-format.md § 7
receipt.json
recipients/<fingerprint>.cer      the certificates, DER
blocks/<file id>/<number>.p7m     the sealed blocks; `openssl cms -decrypt` opens each
"""

import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import IO, Final

from envelopes import chains
from envelopes.models import Deposit
from envelopes.stored import (
    StoredBlock,
    StoredFile,
    check_present,
    manifest_of,
    read_sealed,
    stored_envelope,
)

LOOKED_AT_ONCE: Final = 8  # blocks: a store far away answers each after a while


@dataclass(frozen=True)
class Archive:
    """What is in it, of which nothing but the blocks has to be read yet."""

    papers: tuple[tuple[str, bytes], ...]  # by their names
    blocks: tuple[tuple[StoredFile, StoredBlock], ...]

    @property
    def size(self) -> int:
        """In bytes, to the last one: whoever gets fewer knows that it was cut."""
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for name, size, _read in self._members():
                with archive.open(name, "w"):
                    sink.position += size
        return sink.position

    def pieces(self) -> Iterator[bytes]:
        """All of it, a member in memory at a time; where a block is not what was sealed, it ends too soon.

        Raises:
            BlockDamaged, StoreUnavailable: as `envelopes.stored.read_sealed`.
        """
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for name, _size, read in self._members():
                archive.writestr(name, read())
                yield from sink.taken()
        yield from sink.taken()

    def check_present(self) -> None:
        """Look whether a store has each block, so that most refusals come before the first byte.

        Raises:
            BlockDamaged, StoreUnavailable: as `envelopes.stored.check_present`.
        """
        with ThreadPoolExecutor(LOOKED_AT_ONCE) as pool:
            for _found in pool.map(lambda place: check_present(*place), self.blocks):
                pass

    def _members(self) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
        for name, content in self.papers:
            yield name, len(content), partial(bytes, content)
        for file, block in self.blocks:
            name = f"blocks/{file.id.hex()}/{block.number}.p7m"
            yield name, block.size, partial(read_sealed, file, block)


def of(deposit: Deposit) -> Archive:
    """The archive of a submitted deposit. Whether it may be opened is not looked at.

    Raises:
        FilesRemoved, ManifestDamaged, BlockDamaged: as `envelopes.stored.stored_envelope`.
    """
    manifest_of(deposit)
    key_pairs = deposit.consultation.recipient_set.key_pairs.order_by("fingerprint")
    certificates = (
        (f"recipients/{key_pair.fingerprint}.cer", bytes(key_pair.certificate))
        for key_pair in key_pairs
    )
    papers = (
        ("manifest.json", bytes(deposit.manifest or b"")),
        ("receipt.json", bytes(deposit.receipt.content)),
        *certificates,
    )
    envelopes = deposit.envelopes.order_by("kind", "pk")
    blocks = (place for envelope in envelopes for place in stored_envelope(envelope).blocks)
    return Archive(papers, tuple(blocks))


def write(deposit: Deposit, out: IO[bytes], *, accepts: str = "") -> None:
    """Write the archive of a submitted deposit; ciphertext does not compress, so it is stored.

    Raises:
        DepositWithdrawn, LateNotConfirmed, ReplacedNotConfirmed: as for an opening (`envelopes.opening`).
        ManifestDamaged, BlockDamaged, StoreUnavailable: what lies in the store is not what was sealed.
    """
    chains.check_openable(deposit, accepts=accepts)
    for piece in of(deposit).pieces():
        out.write(piece)


class _Sink:
    """What `zipfile` writes to: it does not go back, and gives what it was given."""

    def __init__(self) -> None:
        self.position = 0  # bytes
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(data)
        self.position += len(data)
        return len(data)

    def tell(self) -> int:
        return self.position

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""

    def taken(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces
