# SPDX-License-Identifier: EUPL-1.2
"""One pass over the raw bytes of a document: its digest, its size and every byte range written in it.

A PDF reader shows what the cross-reference table leads to. This pass sees the rest: a signature that a later
revision hides, or that a damaged table no longer reaches, is still counted.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_SIZE = 1024 * 1024  # bytes read at a time
MAX_BYTE_RANGES = 4096  # remembered; a hostile file may repeat the word for ever
_OVERLAP = 256  # bytes; longer than any byte range worth the name
_BYTE_RANGE = re.compile(rb"/ByteRange(?![A-Za-z0-9])\s*(\[[^\]]{0,128}\])?")


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass found. `byte_ranges` holds the numbers written, or none for `/ByteRange null`."""

    size: int
    sha256: str
    byte_ranges: tuple[tuple[int, ...], ...]


def scan(stream: BinaryIO) -> Scan:
    """Read a seekable stream once, from its start to its end, a chunk at a time."""
    stream.seek(0)
    digest = hashlib.sha256()
    size = 0
    found: dict[int, tuple[int, ...]] = {}
    tail = b""
    while chunk := stream.read(CHUNK_SIZE):
        digest.update(chunk)
        window = tail + chunk
        start = size - len(tail)
        for match in _BYTE_RANGE.finditer(window):
            if len(found) < MAX_BYTE_RANGES:
                found[start + match.start()] = _read_numbers(match.group(1))
        size += len(chunk)
        tail = window[-_OVERLAP:]
    return Scan(size, digest.hexdigest(), tuple(found.values()))


def digest_ranges(stream: BinaryIO, ranges: tuple[int, ...], algorithm: str) -> bytes:
    """The digest of the bytes in (offset, length) pairs, `ranges` flattened.

    Raises:
        ValueError: the algorithm is unknown, or the stream ends too early.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for offset, length in zip(ranges[::2], ranges[1::2], strict=True):
        for chunk in read_range(stream, offset, length):
            digest.update(chunk)
    return digest.digest()


def read_range(stream: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    """The bytes of one range, in chunks.

    Raises:
        ValueError: the stream ends before the range does.
    """
    stream.seek(offset)
    while length > 0:
        chunk = stream.read(min(CHUNK_SIZE, length))
        if not chunk:
            raise ValueError("the byte range goes past the end of the file")
        length -= len(chunk)
        yield chunk


def count_ink(stream: BinaryIO, offset: int) -> int:
    """How many bytes from `offset` to the end are neither blank nor null."""
    size = stream.seek(0, os.SEEK_END)
    chunks = read_range(stream, offset, max(0, size - offset))
    return sum(len(chunk.translate(None, b"\0\t\n\f\r ")) for chunk in chunks)


def _read_numbers(text: bytes | None) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(rb"-?\d{1,18}", text or b""))
