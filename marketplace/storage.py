# SPDX-License-Identifier: EUPL-1.2
"""The store of sealed blocks; the local one: a file is saved once its bytes and its name are on the disk."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage


class BlockStore(Protocol):
    """What the store of an installation does besides what Django asks of a storage."""

    @property
    def copies(self) -> int:
        """How many copies of an object are durable, each on its own, once `save` has returned."""

    def free_space(self) -> int | None:
        """Bytes; none where the store cannot tell."""

    def listing(self) -> Iterator[tuple[str, datetime]]:
        """The name of each object, and when it was written."""

    def read_start(self, name: str, size: int) -> bytes:
        """The first `size` bytes of an object, or all of it where it has fewer; the rest is not fetched."""


def block_store() -> BlockStore:
    """`default_storage`, for what Django knows nothing of."""
    return cast("BlockStore", default_storage)


class DurableStorage(FileSystemStorage):
    """Local files written once, synced to the disk before `save` returns.

    A failed write leaves no file. After a failed sync the bytes are of unknown fate: the error is
    raised, the file removed, and nothing is retried on the same descriptor.
    """

    copies = 1

    def _save(self, name: str, content: "File[bytes]") -> str:
        path = Path(self.path(name))
        self._make_folders(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                for piece in content.chunks():
                    _write_all(descriptor, piece)
                os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
        _sync_directory(path.parent)
        return name

    def free_space(self) -> int:
        """Bytes that this process may still write on the disk of the store."""
        folder = Path(self.location)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(folder).free

    def listing(self) -> Iterator[tuple[str, datetime]]:
        for path in Path(self.location).rglob("*"):
            if path.is_file():
                written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                yield str(path.relative_to(self.location)), written_at

    def read_start(self, name: str, size: int) -> bytes:
        with Path(self.path(name)).open("rb", buffering=0) as file:
            return file.read(size)

    def _make_folders(self, folder: Path) -> None:
        """Make the folders of the store down to this one, for their owner alone.

        One that is there may be another request's, whose name is not on the disk yet: each is synced.
        """
        level = Path(self.location)
        level.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_directory(level.parent)
        for part in folder.relative_to(level).parts:
            (level / part).mkdir(mode=0o700, exist_ok=True)
            _sync_directory(level)
            level /= part


def _write_all(descriptor: int, piece: bytes | memoryview) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
