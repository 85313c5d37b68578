# SPDX-License-Identifier: EUPL-1.2
"""Reading the files of a released envelope: decrypted as they are read, never kept in clear."""

import io
import os
from collections.abc import Iterator

from envelopes import release_keys
from envelopes.errors.opening import BlockDamaged, OpeningRefused, ReleaseDamaged
from envelopes.models import Release, ReleasedFile
from envelopes.release_keys import ContentKeys, Purpose, ReleaseUnreadable
from envelopes.stored import StoredFile, read_block, stored_file
from keys.cms import BLOCK_SIZE


class ReleasedStream(io.RawIOBase):
    """A released file, seekable, one block of it in memory at a time.

    No byte is given before its block is verified. `failure` keeps why a read failed, for the caller
    whose parser turns every error into one of its own.
    """

    def __init__(self, file: StoredFile, content_keys: tuple[bytes, ...]) -> None:
        super().__init__()
        self.size = file.row.size  # bytes
        self.failure: OpeningRefused | None = None
        self._file = file
        self._content_keys = content_keys
        self._position = 0
        self._number = -1  # of the block in memory
        self._block = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}
        self._position = starts[whence] + offset
        if self._position < 0:
            self._position = 0
            raise ValueError("a position is not negative")
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed has no public name for a buffer
        """Fill the buffer, across blocks: fewer bytes are the end of the file.

        Raises:
            BlockDamaged, WrongContentKeys, StoreUnavailable: as `envelopes.stored.read_block`.
        """
        filled = 0
        while filled < len(buffer) and self._position < self.size:
            number, offset = divmod(self._position, BLOCK_SIZE)
            piece = memoryview(self.block(number))[offset : offset + len(buffer) - filled]
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._position += len(piece)
        return filled

    def blocks(self) -> Iterator[bytes]:
        """The whole file, block by block: for a download."""
        return (self.block(number) for number in range(len(self._file.blocks)))

    def block(self, number: int) -> bytes:
        """The verified plaintext of a block, kept until another one is asked for."""
        if number != self._number:
            self._block, self._number = b"", -1
            try:
                self._block = self._read(number)
            except OpeningRefused as refusal:
                self.failure = refusal
                raise
            self._number = number
        return self._block

    def _read(self, number: int) -> bytes:
        if number >= len(self._file.blocks):
            raise BlockDamaged(self._file.position, number, "missing")
        block = self._file.blocks[number]
        return read_block(self._file, block, self._content_keys[number])


def open_file(released: ReleasedFile) -> ReleasedStream:
    """A stream of a released file's plaintext.

    Raises:
        ReleaseDamaged: the released keys cannot be read, or are not this file's.
        ManifestDamaged, BlockDamaged: as `envelopes.stored.stored_envelope`.
    """
    file = stored_file(released.file)
    keys = content_keys(released.release).get(file.id, ())
    if len(keys) != len(file.blocks):
        raise ReleaseDamaged
    return ReleasedStream(file, keys)


def content_keys(release: Release) -> ContentKeys:
    """Raises:
    ReleaseDamaged: the release key of the settings does not open them.
    """
    try:
        sealed = bytes(release.sealed_keys)
        return release_keys.decode(release_keys.unseal(sealed, release.pk, Purpose.KEYS))
    except ReleaseUnreadable as error:
        raise ReleaseDamaged from error
