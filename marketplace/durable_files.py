# SPDX-License-Identifier: EUPL-1.2
"""Files that are whole, and on the disk, or are not there."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

AHEAD: Final = 1024 * 1024  # bytes after which the disk begins to write what it was given


def write_new(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Make a file of its owner's alone, on the disk but for its name; or none.

    Raises:
        FileExistsError: it is there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            begun = written = 0
            for piece in pieces:
                _write_all(descriptor, piece)
                written += len(piece)
                if written - begun >= AHEAD:
                    _begin_sync(descriptor, begun, written)
                    begun = written
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def draft_of(path: Path) -> Path:
    """A file beside it that nobody else writes."""
    return path.with_name(f"{path.name}-{secrets.token_hex(8)}")


def make_once(path: Path, content: bytes) -> None:
    """Make a file, its name on the disk too, unless it is there: of many processes the first one's stays.

    Whoever reads meanwhile finds it whole, or not at all.
    """
    draft = draft_of(path)
    write_new(draft, [content])
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put on the disk the names that it holds."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin_sync(descriptor: int, start: int, end: int) -> None:
    """Have the disk write these bytes while others come: less is left to wait for; it promises nothing.

    That is what Linux makes of the advice that they are not needed in memory (posix_fadvise(2)).
    """
    with suppress(AttributeError, OSError):  # fsync tells what the disk cannot do
        os.posix_fadvise(descriptor, start, end - start, os.POSIX_FADV_DONTNEED)


def _write_all(descriptor: int, piece: bytes | memoryview) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]
