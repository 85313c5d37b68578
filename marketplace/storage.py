# SPDX-License-Identifier: EUPL-1.2
"""The store of sealed blocks; the local one: a file is saved once its bytes and its name are on the disk."""

import errno
import logging
import shutil
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, cast

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage

from marketplace import durable_files

logger = logging.getLogger(__name__)

MARK: Final = "sigille_store"  # an empty folder of it; backups have it too
TICK: Final = 1_000_000_000  # ns; more than the grain of the times that a disk keeps
MOST_REMEMBERED: Final = 10_000  # folders


class StoreAbsent(OSError):
    """The folder lacks the mark of a store: its disk is not mounted, or is a new one."""

    def __init__(self, folder: Path) -> None:
        remedy = "mount its disk, or make a new one known with manage.py mark_stores"
        super().__init__(errno.ENODEV, f"No store of sealed bids: {remedy}", str(folder))


class SingleStore(Protocol):
    """One place that keeps a copy of each object.

    One that is not there raises `OSError`, and not that an object is missing: nothing is lost, and what was
    written in its place would be hidden once it is back.
    """

    def is_marked(self) -> bool:
        """Whether it is known for a store of this installation."""

    def mark(self) -> None:
        """Make it known, durably."""

    def prove(self) -> None:
        """Write something to the disk, and take it away.

        Raises:
            OSError: the store does not work.
        """

    def read_start(self, name: str, size: int) -> bytes:
        """The first `size` bytes of an object, or all of it where it has fewer; the rest is not fetched."""

    def replace(self, name: str, content: bytes) -> None:
        """Put these bytes in the place of an object, or of none, durably.

        Whoever reads meanwhile has either the former ones or these.
        """


class BlockStore(Protocol):
    """What the store of an installation does besides what Django asks of a storage."""

    @property
    def copies(self) -> int:
        """How many copies of an object are durable, each on its own, once `save` has returned."""

    @property
    def stores(self) -> tuple[SingleStore, ...]:
        """Those that have one copy each, in the order in which to read them."""

    @property
    def all_answer(self) -> bool:
        """Whether none of them failed a moment ago, as far as this process knows."""

    def free_space(self) -> int | None:
        """Bytes; none where the store cannot tell."""

    def listing(self) -> Iterator[tuple[str, datetime]]:
        """The name of each object, and when it was written; once for each of its copies."""


def block_store() -> BlockStore:
    """`default_storage`, for what Django knows nothing of."""
    return cast("BlockStore", default_storage)


def read_copies(name: str, size: int) -> Iterator[bytes]:
    """The first `size` bytes of each copy of an object that can be read; they may differ.

    Raises, after the last of them:
        FileNotFoundError: no store has the object.
        OSError: a store failed, and its copy may be better than those of the others.
    """
    failure: OSError | None = FileNotFoundError(name)
    for store in block_store().stores:
        try:
            content = store.read_start(name, size)
        except FileNotFoundError:
            continue
        except OSError as error:
            failure = error
        else:
            failure = None if isinstance(failure, FileNotFoundError) else failure
            yield content
    if failure is not None:
        raise failure


class PartsFile(File):  # type: ignore[type-arg] # a File of nothing but what it makes
    """What a store saves, made once, part by part, while it is read."""

    def __init__(self, parts: Iterable[bytes], size: int) -> None:
        super().__init__(None)
        self.size = size
        self._parts = iter(parts)
        self._rest = b""

    def __bool__(self) -> bool:
        return True

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """For a store of local files."""
        return self._parts

    def read(self, size: int = -1) -> bytes:
        """For a store that pulls, such as S3."""
        parts = [self._rest]
        have = len(self._rest)
        while size < 0 or have < size:
            part = next(self._parts, None)
            if part is None:
                break
            parts.append(part)
            have += len(part)
        whole = b"".join(parts)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]

    def seekable(self) -> bool:
        return False


class DurableStorage(FileSystemStorage):
    """Local files written once, synced to the disk before `save` returns.

    A failed write leaves no file. After a failed sync the bytes are of unknown fate: the error is
    raised, the file removed, and nothing is retried on the same descriptor.
    """

    copies = 1
    all_answer = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # When a folder had last changed as this process synced it.
        self._synced: dict[Path, int] = {}

    @property
    def stores(self) -> tuple[SingleStore, ...]:
        return (self,)

    def is_marked(self) -> bool:
        return (Path(self.location) / MARK).is_dir()

    def mark(self) -> None:
        location = Path(self.location)
        location.mkdir(mode=0o700, parents=True, exist_ok=True)
        (location / MARK).mkdir(mode=0o700, exist_ok=True)
        durable_files.sync_folder(location)
        durable_files.sync_folder(location.parent)

    def prove(self) -> None:
        self._check()
        proof = durable_files.draft_of(Path(self.location) / MARK / "proof")
        durable_files.write_new(proof, [b"proof"])
        proof.unlink()

    def _check(self) -> None:
        if not self.is_marked():
            absent = StoreAbsent(Path(self.location))
            logger.critical("%s", absent)
            raise absent

    def _save(self, name: str, content: "File[bytes]") -> str:
        self._check()
        path = Path(self.path(name))
        self._make_folders(path.parent)
        durable_files.write_new(path, content.chunks())
        durable_files.sync_folder(path.parent)
        return name

    def replace(self, name: str, content: bytes) -> None:
        self._check()
        path = Path(self.path(name))
        self._make_folders(path.parent)
        written = durable_files.draft_of(path)
        durable_files.write_new(written, [content])
        try:
            written.replace(path)
        except BaseException:
            written.unlink()
            raise
        durable_files.sync_folder(path.parent)

    def free_space(self) -> int:
        """Bytes that this process may still write on the disk of the store."""
        self._check()
        return shutil.disk_usage(self.location).free

    def listing(self) -> Iterator[tuple[str, datetime]]:
        for path in Path(self.location).rglob("*"):
            if path.is_file():
                written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                yield str(path.relative_to(self.location)), written_at

    def read_start(self, name: str, size: int) -> bytes:
        try:
            with Path(self.path(name)).open("rb", buffering=0) as file:
                return file.read(size)
        except FileNotFoundError:
            self._check()
            raise

    def _make_folders(self, folder: Path) -> None:
        """Make the folders of the store down to this one, for their owner alone.

        One that is there may be another request's, whose name is not on the disk yet: each name is synced.
        """
        level = Path(self.location)
        self._sync_names(level.parent)
        for part in folder.relative_to(level).parts:
            (level / part).mkdir(mode=0o700, exist_ok=True)
            self._sync_names(level)
            level /= part

    def _sync_names(self, folder: Path) -> None:
        """Put on the disk the names that a folder holds, unless it holds those that were put there before.

        Its time of change says so, once it is old enough: two changes within a tick have the same.
        """
        changed_at = folder.stat().st_mtime_ns  # what is named from now on changes it
        if self._synced.get(folder) == changed_at:
            return
        durable_files.sync_folder(folder)
        if time.time_ns() - changed_at > TICK:
            if len(self._synced) >= MOST_REMEMBERED:
                self._synced.clear()
            self._synced[folder] = changed_at
