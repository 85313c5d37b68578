# SPDX-License-Identifier: EUPL-1.2
import os
from pathlib import Path

import pytest

from marketplace import durable_files
from marketplace.durable_files import AHEAD, draft_of, make_once, sync_folder, write_new


def open_files() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_write_new_leaves_alone_what_is_there(tmp_path):
    path = tmp_path / "block"
    path.write_bytes(b"another block")

    with pytest.raises(FileExistsError):
        write_new(path, [b"sealed"])

    assert path.read_bytes() == b"another block"


def test_write_new_goes_on_where_the_system_wrote_a_part(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))

    write_new(tmp_path / "block", [b"sealed, ", memoryview(b"and longer")])

    assert (tmp_path / "block").read_bytes() == b"sealed, and longer"


@pytest.mark.parametrize("stop", [OSError, SystemExit])
def test_write_new_that_is_stopped_leaves_no_file(tmp_path, stop):
    def pieces():
        yield b"sealed"
        raise stop

    with pytest.raises(stop):
        write_new(tmp_path / "block", pieces())

    assert list(tmp_path.iterdir()) == []


def test_write_new_does_without_advice_where_the_system_takes_none(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fadvise")

    write_new(tmp_path / "block", [bytes(AHEAD)])

    assert (tmp_path / "block").stat().st_size == AHEAD


def test_nothing_stays_open(tmp_path):
    before = open_files()

    write_new(tmp_path / "block", [b"sealed"])
    sync_folder(tmp_path)

    assert open_files() == before


def test_draft_is_nobody_else_s(tmp_path):
    path = tmp_path / "block"

    assert draft_of(path) != draft_of(path)
    assert draft_of(path).parent == tmp_path


def test_make_once_keeps_the_first_and_leaves_no_draft(tmp_path):
    path = tmp_path / "secret"

    make_once(path, b"first")
    make_once(path, b"second")

    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"first"


def test_make_once_returns_once_the_name_is_on_the_disk(tmp_path, monkeypatch):
    path, named, sync = tmp_path / "secret", [], sync_folder

    def record(folder: Path) -> None:
        named.append([found.name for found in folder.iterdir()])
        sync(folder)

    monkeypatch.setattr(durable_files, "sync_folder", record)

    make_once(path, b"secret")

    assert named == [["secret"]]
