# SPDX-License-Identifier: EUPL-1.2
"""What a disk does to a file of the store, and what must come of it."""

import errno
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from envelopes import mending, scrubbing, stored
from envelopes.errors.opening import BlockDamaged
from envelopes.mending import Finding
from envelopes.models import SealedBlock
from marketplace.storage import SingleStore
from tests.factories import NOW
from tests.marketplace.test_mirrored_storage import files_in


def flip(path: Path, offset: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def unreadable(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "flipped in its header": lambda path: flip(path, 700),
    "flipped in its last byte": flip,
    "cut": lambda path: os.truncate(path, 100),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "gone": Path.unlink,
    "unreadable": unreadable,
}


def damage(folder: Path, how: str) -> None:
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        DAMAGES[how](path)


def flip_a_bit(path: Path, chance: random.Random, header_size: int) -> None:
    """Somewhere in the header, in the ciphertext or in the tag, each as likely."""
    size = path.stat().st_size
    regions = [(0, header_size), (header_size, size - 16), (size - 16, size)]
    start, end = chance.choice([(start, end) for start, end in regions if start < end])
    with path.open("rb+") as file:
        file.seek(offset := chance.randrange(start, end))
        [byte] = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << chance.randrange(8)]))


def flip_and_scrub(
    count: int, folders: Sequence[Path], blocks: Sequence[SealedBlock], chance: random.Random
) -> None:
    """Flip bits, one of each block in either store, until there were so many; each is found and repaired."""
    sound = files_in(folders[0])
    while count > 0:
        hurt = blocks[:count]
        for block in hurt:
            flip_a_bit(chance.choice(folders) / block.storage_name, chance, block.header_size)
        done = scrubbing.whole(clock=lambda: NOW)
        assert (done.checked_count, done.repaired_count, done.lost_count) == (
            len(blocks),
            len(hurt),
            0,
        )
        assert [files_in(folder) for folder in folders] == [sound] * len(folders)
        count -= len(hurt)


def flip_and_refuse(
    count: int, folder: Path, blocks: Sequence[SealedBlock], chance: random.Random
) -> None:
    """Flip so many bits of the only copies; each is found, and no damaged block is given as valid."""
    for number in range(count):
        block = blocks[number % len(blocks)]
        path = folder / block.storage_name
        sound = path.read_bytes()
        flip_a_bit(path, chance, block.header_size)
        found = stored.stored_file(block.file)
        with pytest.raises(BlockDamaged):
            stored.read_sealed(found, found.blocks[block.number])
        assert mending.check(block, now=NOW) == Finding.LOST
        path.write_bytes(sound)


def fail_for(
    monkeypatch: pytest.MonkeyPatch,
    store: object,
    call: str,
    name: str,
    *,
    number: int = errno.ETIMEDOUT,
) -> None:
    """Let a call of a store fail for one object."""
    real = getattr(store, call)

    def fail(asked: str, *more: object) -> object:
        if asked == name:
            raise OSError(number, "away")
        return real(asked, *more)

    monkeypatch.setattr(store, call, fail)


def count_reads(monkeypatch: pytest.MonkeyPatch, store: SingleStore) -> list[str]:
    """The names of the objects that are read from now on."""
    asked: list[str] = []
    real = store.read_start

    def read_start(name: str, size: int) -> bytes:
        asked.append(name)
        return real(name, size)

    monkeypatch.setattr(store, "read_start", read_start)
    return asked
