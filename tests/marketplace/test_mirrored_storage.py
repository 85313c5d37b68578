# SPDX-License-Identifier: EUPL-1.2
import errno
import os
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from marketplace import mirrored_storage
from marketplace.mirrored_storage import MirroredStorage
from marketplace.storage import DurableStorage, PartsFile
from tests.marketplace.test_storage import Cut, CutFile

NAME = "deposit/file/0-x"


@pytest.fixture
def folders(tmp_path):
    return tmp_path / "first", tmp_path / "second"


@pytest.fixture
def store(folders):
    for folder in folders:
        DurableStorage(location=folder).mark()
    first, second = (
        {"BACKEND": "marketplace.storage.DurableStorage", "OPTIONS": {"location": folder}}
        for folder in folders
    )
    return MirroredStorage(first=first, second=second)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def fail_in(monkeypatch, folder: Path, call: str) -> None:
    """Let `os.write` or `os.fsync` fail for the files of one store, as a bad disk does."""
    real = getattr(os, call)

    def fail(descriptor, *data):
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(folder):
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, *data)

    monkeypatch.setattr(os, call, fail)


def test_save_puts_the_same_bytes_in_both_stores_from_parts_made_once(store, folders):
    name = store.save(NAME, PartsFile(iter([b"sea", b"led"]), 6))

    assert name == NAME
    assert [files_in(folder) for folder in folders] == [{NAME: b"sealed"}] * 2
    assert store.copies == len(store.stores) == 2


def test_save_returns_once_both_have_synced(store, folders, monkeypatch):
    synced, sync = set(), os.fsync

    def record(descriptor):
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)

    store.save(NAME, ContentFile(b"sealed"))

    assert synced >= {folder / NAME for folder in folders}


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("failing", [0, 1])
def test_save_that_one_disk_fails_leaves_nothing_in_either(
    store, folders, monkeypatch, failing, call
):
    fail_in(monkeypatch, folders[failing], call)

    with pytest.raises(OSError, match="Input/output error"):
        store.save(NAME, ContentFile(b"sealed"))

    assert [files_in(folder) for folder in folders] == [{}, {}]


def test_save_that_is_cut_leaves_nothing_in_either(store, folders):
    with pytest.raises(Cut):
        store.save(NAME, CutFile(b""))

    assert [files_in(folder) for folder in folders] == [{}, {}]


def test_save_finds_a_name_that_one_store_alone_has_taken(store, folders):
    store.stores[1].replace(NAME, b"another block")

    name = store.save(NAME, ContentFile(b"sealed"))

    assert name != NAME
    assert files_in(folders[0]) == {name: b"sealed"}
    assert files_in(folders[1]) == {NAME: b"another block", name: b"sealed"}


def test_save_refuses_a_name_taken_meanwhile_in_the_second_store(store, folders):
    def parts():
        store.stores[1].replace(NAME, b"another block")
        yield b"sealed"

    with pytest.raises(FileExistsError):
        store.save(NAME, PartsFile(parts(), 6))

    assert [files_in(folder) for folder in folders] == [{}, {NAME: b"another block"}]


@pytest.mark.parametrize("lacking", [0, 1])
def test_open_reads_the_copy_that_is_left(store, folders, lacking):
    store.save(NAME, ContentFile(b"sealed"))
    (folders[lacking] / NAME).unlink()

    with store.open(NAME) as file:
        assert file.read() == b"sealed"
    assert store.exists(NAME)


@pytest.mark.parametrize("failing", [0, 1])
def test_open_reads_the_copy_whose_disk_works(store, folders, failing):
    store.save(NAME, ContentFile(b"sealed"))
    path = folders[failing] / NAME
    path.unlink()
    path.mkdir()  # opening it is an error of the system, and not that it is missing

    with store.open(NAME) as file:
        assert file.read() == b"sealed"


def test_open_tells_what_is_nowhere_from_what_no_store_gives(store, folders):
    with pytest.raises(FileNotFoundError):
        store.open(NAME)

    (folders[1] / NAME).mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        store.open(NAME)


def test_delete_removes_both_copies_even_where_one_store_fails(store, folders):
    store.save(NAME, ContentFile(b"sealed"))
    first = folders[0] / NAME
    first.unlink()
    first.mkdir()
    (first / "other").touch()

    with pytest.raises(OSError, match="not empty"):
        store.delete(NAME)

    assert files_in(folders[1]) == {}
    assert store.exists(NAME)


def test_listing_names_each_copy(store, folders):
    store.save(NAME, ContentFile(b"sealed"))
    store.stores[1].replace("left over", b"sealed")

    assert sorted(name for name, _written_at in store.listing()) == [NAME, NAME, "left over"]


@pytest.mark.parametrize(
    ("spaces", "expected"),
    [((5, 7), 5), ((7, 5), 5), ((None, 5), 5), ((5, None), 5), ((None, None), None)],
)
def test_free_space_is_that_of_the_fuller_store(store, monkeypatch, spaces, expected):
    for one, space in zip(store._stores, spaces, strict=True):
        monkeypatch.setattr(one, "free_space", lambda space=space: space)

    assert store.free_space() == expected


def test_store_that_failed_is_read_last_for_a_moment(store, folders, monkeypatch):
    store.save(NAME, ContentFile(b"sealed"))
    (folders[0] / "bad").mkdir()
    first, second = store.stores
    with pytest.raises(IsADirectoryError):
        first.read_start("bad", 1)

    assert (store.stores, store.all_answer) == ((second, first), False)

    later = time.monotonic() + mirrored_storage.MOMENT
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert (store.stores, store.all_answer) == ((first, second), True)


def test_store_that_lacks_an_object_has_not_failed(store):
    with pytest.raises(FileNotFoundError):
        store.stores[0].read_start(NAME, 1)

    assert store.all_answer
