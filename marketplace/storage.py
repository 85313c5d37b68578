# SPDX-License-Identifier: EUPL-1.2
"""The local store: a file is saved once its bytes, and its name, are on the disk."""

import os
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class DurableStorage(FileSystemStorage):
    """Local files written once, synced to the disk before `save` returns.

    A failed write leaves no file. After a failed sync the bytes are of unknown fate: the error is
    raised, the file removed, and nothing is retried on the same descriptor.
    """

    def _save(self, name: str, content: "File[bytes]") -> str:
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                for piece in content.chunks():
                    _write_all(descriptor, piece)
                os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
        for directory in (path.parent, path.parent.parent):
            _sync_directory(directory)
        return name


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
