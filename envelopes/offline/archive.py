# SPDX-License-Identifier: EUPL-1.2
"""A downloaded deposit: what it holds, and its blocks, opened side by side and given in their order."""

import hashlib
import lzma
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from envelopes.manifest import ManifestFile
from keys import cms
from keys.certificates import Certificate
from keys.der import Buffer

Key = tuple[Certificate, cms.PrivateKey]

AT_ONCE = 2  # blocks opened, while the one before them is digested and written
LOCAL_HEADER = struct.Struct("<4s22xHH")  # of a member, to the sizes of its name and extra field
LARGEST_BLOCK = 2 * cms.BLOCK_SIZE  # bytes, sealed: far more than 64 recipients add
LARGEST_MEMBER = 64 * 1024 * 1024  # bytes of what is read whole: a manifest of 100 GB has 2 MiB
PACKED_BADLY = (zlib.error, lzma.LZMAError, EOFError)
DAMAGED = (KeyError, RuntimeError, struct.error, zipfile.BadZipFile, *PACKED_BADLY)


class OfflineRefused(Exception):
    """The archive, or the key, does not open; the message says why."""


@contextmanager
def opened(path: Path, key: Key) -> Iterator["Archive"]:
    """The archive at `path`, whose blocks are opened with `key`.

    Raises:
        OfflineRefused: it is none.
    """
    with ExitStack() as stack:
        try:
            members = stack.enter_context(zipfile.ZipFile(path))
        except (zipfile.BadZipFile, NotImplementedError) as error:  # the second: a version not read
            raise OfflineRefused(f"the archive cannot be read: {error}") from error
        files = [stack.enter_context(path.open("rb")) for _ in range(AT_ONCE + 1)]
        workers = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        yield Archive(members, [_Room(members, file, key) for file in files], workers)


@dataclass(frozen=True)
class Archive:
    members: zipfile.ZipFile
    rooms: Sequence["_Room"]
    workers: Executor

    def member(self, name: str) -> bytes:
        with _reading(name):
            info = self.members.getinfo(name)
            if info.file_size > LARGEST_MEMBER:
                raise OfflineRefused(f"{name} is larger than any")
            return self.members.read(info)

    def plaintext(self, file: ManifestFile) -> Iterator[Buffer]:
        """The blocks of a file, each verified whole before it is given, and gone once the next is asked for.

        Raises:
            OfflineRefused: a block is not there, is damaged, or is sealed to other keys.
        """
        coming: deque[Future[Buffer]] = deque()
        for number in range(len(file.blocks)):
            room = self.rooms[number % len(self.rooms)]
            coming.append(self.workers.submit(room.open, file, number))
            if len(coming) == len(self.rooms):
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


@dataclass
class _Room:
    """Where a block at a time is read and opened: fresh memory for each would cost as much as opening it."""

    members: zipfile.ZipFile
    file: BufferedReader  # the archive, at a position of its own
    key: Key
    sealed: bytearray = field(default_factory=bytearray)
    plaintext: bytearray = field(default_factory=bytearray)

    def open(self, file: ManifestFile, number: int) -> Buffer:
        described, is_last = file.blocks[number], number == len(file.blocks) - 1
        name = f"blocks/{file.id.hex()}/{number}.p7m"
        with _reading(name):
            info = self.members.getinfo(name)
            if info.file_size != described.size or described.size > LARGEST_BLOCK:
                raise OfflineRefused(f"{name} is not what was sealed")
            block = self._read(info)
        if (len(block), hashlib.sha256(block).hexdigest()) != (described.size, described.sha256):
            raise OfflineRefused(f"{name} is not what was sealed")
        self.plaintext = _grown(self.plaintext, len(block))
        try:
            plaintext = cms.open_into(
                self.plaintext, block, self.key, file_id=file.id, number=number, is_last=is_last
            )
            cms.check_length(len(plaintext), number, is_last=is_last)
        except cms.EnvelopeError as error:
            raise OfflineRefused(f"{name} does not open ({error.code})") from error
        return plaintext

    def _read(self, info: zipfile.ZipInfo) -> bytes | memoryview:
        """A member. As it lies where it is stored: its digest is compared, so its CRC need not be."""
        if info.compress_type != zipfile.ZIP_STORED:
            return self.members.read(info)
        if info.header_offset + info.file_size > self.file.seek(0, os.SEEK_END):
            raise zipfile.BadZipFile("outside the archive")
        self.file.seek(info.header_offset)
        magic, *sizes = LOCAL_HEADER.unpack(self.file.read(LOCAL_HEADER.size))
        if magic != b"PK\x03\x04":
            raise zipfile.BadZipFile("no local header")
        self.file.seek(sum(sizes), os.SEEK_CUR)
        self.sealed = _grown(self.sealed, info.file_size)
        room = memoryview(self.sealed)[: info.file_size]
        return room[: self.file.readinto(room)]


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise OfflineRefused(f"the archive lacks {name}, or it is damaged there") from error


def _grown(room: bytearray, size: int) -> bytearray:
    return room if len(room) >= size else bytearray(size)
