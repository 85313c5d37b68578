# SPDX-License-Identifier: EUPL-1.2
import errno
import os
import shutil
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from marketplace import durable_files, storage
from marketplace.durable_files import AHEAD
from marketplace.storage import MARK, DurableStorage, StoreAbsent


class Cut(Exception):
    """The line, in the middle of a block."""


class CutFile(ContentFile):  # type: ignore[type-arg] # generic for the type checker alone
    def chunks(self, chunk_size=None):
        yield b"sealed"
        raise Cut


@pytest.fixture
def store(tmp_path):
    store = DurableStorage(location=tmp_path / "blocks")
    store.mark()
    return store


def inodes(*paths):
    return {path.stat().st_ino for path in paths}


def test_save_puts_the_bytes_and_each_name_above_them_on_the_disk(store, tmp_path, monkeypatch):
    synced, sync = [], os.fsync

    def record(descriptor):
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)

    name = store.save("deposit/file/0-x", ContentFile(b"sealed"))

    path = tmp_path / "blocks" / name
    assert path.read_bytes() == b"sealed"
    assert set(synced) == inodes(path, *path.parents[:4])
    assert synced[-2:] == [path.stat().st_ino, path.parent.stat().st_ino]


@pytest.fixture
def settled(store, tmp_path, monkeypatch):
    """What a store syncs that has a block of `deposit/file`, in folders that last changed long ago."""
    path = tmp_path / "blocks" / store.save("deposit/file/0-x", ContentFile(b"sealed"))
    for folder in path.parents[:4]:
        os.utime(folder, ns=(0, 0))
    store.save("deposit/file/1-x", ContentFile(b"sealed"))
    synced, sync = [], os.fsync

    def record(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(str(path.relative_to(tmp_path)))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return synced


def test_save_syncs_no_name_again_that_this_process_has_synced(store, settled):
    store.save("deposit/file/2-x", ContentFile(b"sealed"))

    assert settled == ["blocks/deposit/file/2-x", "blocks/deposit/file"]


@pytest.mark.parametrize("folder", ["blocks", "blocks/deposit"])
def test_save_syncs_the_names_that_another_process_may_have_left(store, settled, tmp_path, folder):
    (tmp_path / folder / "other").mkdir()

    # Twice: a change of a moment ago cannot be told from another one after it.
    for name in ("2-x", "3-x"):
        store.save(f"deposit/file/{name}", ContentFile(b"sealed"))

    assert settled.count(folder) == 2


def test_save_syncs_again_the_names_of_which_a_sync_failed(store, settled, tmp_path, monkeypatch):
    os.utime(tmp_path / "blocks", ns=(1, 1))
    record = os.fsync

    def fail(descriptor):
        record(descriptor)
        if settled[-1] == "blocks":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        store.save("deposit/file/2-x", ContentFile(b"sealed"))

    monkeypatch.setattr(os, "fsync", record)
    store.save("deposit/file/2-x", ContentFile(b"sealed"))

    assert settled.count("blocks") == 2


def test_store_remembers_so_many_folders_and_no_more(store, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "MOST_REMEMBERED", 3)
    for number in range(9):
        folder = tmp_path / "blocks" / f"deposit-{number}" / "file"
        folder.mkdir(parents=True)
        os.utime(folder.parent, ns=(0, 0))
        store.save(f"deposit-{number}/file/0-x", ContentFile(b"sealed"))

    assert 0 < len(store._synced) <= 3


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.save("deposit/0-x", ContentFile(b"sealed")),
        lambda store: store.replace("deposit/0-x", b"sealed"),
        lambda store: store.free_space(),
    ],
    ids=["save", "replace", "free_space"],
)
def test_store_without_its_mark_takes_nothing(store, tmp_path, use):
    (tmp_path / "blocks" / MARK).rmdir()

    with pytest.raises(StoreAbsent):
        use(store)

    assert list((tmp_path / "blocks").iterdir()) == []


def test_mark_is_on_the_disk_and_the_store_s_own_name(tmp_path, monkeypatch):
    synced: list[Path] = []
    monkeypatch.setattr(durable_files, "sync_folder", synced.append)
    store = DurableStorage(location=tmp_path / "data" / "blocks")

    store.mark()

    assert store.is_marked()
    assert synced == [tmp_path / "data" / "blocks", tmp_path / "data"]


def test_save_keeps_everything_to_the_owner(store, tmp_path):
    store.save("deposit/file/0-x", ContentFile(b"sealed"))

    modes = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "blocks").rglob("*")}
    assert modes == {"0o700", "0o600"}
    assert oct((tmp_path / "blocks").stat().st_mode & 0o777) == "0o700"


def test_save_has_the_disk_begin_before_the_end_and_does_without(store, tmp_path, monkeypatch):
    begun = []

    def refuse(_descriptor, start, size, _advice):
        begun.append((start, size))
        raise OSError(errno.ENOSYS, "no such call")

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    content = os.urandom(AHEAD * 5 // 2)

    name = store.save("a", ContentFile(content))

    assert (tmp_path / "blocks" / name).read_bytes() == content
    assert [size >= AHEAD for _, size in begun] == [True, True]
    assert begun[1][0] == sum(begun[0])
    assert sum(begun[1]) <= len(content)


def test_save_that_is_cut_leaves_no_file(store, tmp_path):
    with pytest.raises(Cut):
        store.save("deposit/file/0-x", CutFile(b""))

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_save_that_the_disk_fails_to_sync_leaves_no_file_and_is_not_tried_again(
    store, tmp_path, monkeypatch
):
    """After a failed fsync the kernel forgets what it could not write: a second one would lie."""
    synced = []

    def fail(descriptor):
        synced.append(descriptor)
        if os.fstat(descriptor).st_size == len(b"sealed"):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="Input/output error"):
        store.save("0-x", ContentFile(b"sealed"))

    assert len(synced) == 2  # the folder above the store, then the file, once
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("former", [b"damaged", None])
def test_replace_puts_a_whole_file_there_and_leaves_no_other(store, tmp_path, former):
    path = tmp_path / "blocks" / "deposit" / "0-x"
    if former is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(former)

    store.replace("deposit/0-x", b"sealed")

    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]
    assert (path.read_bytes(), oct(path.stat().st_mode & 0o777)) == (b"sealed", "0o600")


def test_replace_syncs_the_bytes_before_it_gives_them_their_name(store, tmp_path, monkeypatch):
    name = store.save("0-x", ContentFile(b"damaged"))
    path, seen, sync = tmp_path / "blocks" / name, [], os.fsync

    def record(descriptor):
        seen.append((os.fstat(descriptor).st_ino, path.read_bytes()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)

    store.replace(name, b"sealed")

    assert seen[-2:] == [(path.stat().st_ino, b"damaged"), (path.parent.stat().st_ino, b"sealed")]


def test_replace_that_the_disk_fails_leaves_the_former_bytes(store, tmp_path, monkeypatch):
    name = store.save("0-x", ContentFile(b"former"))

    def fail(descriptor):
        if os.fstat(descriptor).st_size == len(b"sealed!"):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="Input/output error"):
        store.replace(name, b"sealed!")

    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"0-x": b"former"}


def test_replace_that_cannot_take_the_place_leaves_no_draft(store, tmp_path):
    path = tmp_path / "blocks" / "deposit" / "0-x"
    path.mkdir(parents=True)

    with pytest.raises(IsADirectoryError):
        store.replace("deposit/0-x", b"sealed")

    assert list(path.parent.iterdir()) == [path]


def test_free_space_is_that_of_the_disk(store, tmp_path):
    free = store.free_space()

    assert abs(free - shutil.disk_usage(tmp_path).free) < 2**30  # others write to this disk too
