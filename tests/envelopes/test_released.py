# SPDX-License-Identifier: EUPL-1.2
import os

import pytest

from envelopes import opening, released, stored
from envelopes.errors.opening import BlockDamaged, ReleaseDamaged, WrongContentKeys
from envelopes.models import ReleasedFile
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED

pytestmark = pytest.mark.django_db
SMALL = b"prix : 1 234,56 EUR"
LARGE = bytes(range(256)) * (BLOCK_SIZE // 256) + b"and some bytes more"


def released_file(content: bytes) -> ReleasedFile:
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"offre.pdf": content}})
    keys = sealed.unwrap(scene.offer, scene.holder)
    return opening.release(scene.offer.pk, agent=scene.agent, keys=keys, now=OPENED).files.get()


@pytest.mark.parametrize("content", [b"", b"x", SMALL])
def test_stream_gives_what_was_sealed(content):
    stream = released.open_file(released_file(content))

    assert stream.size == len(content)
    assert stream.read() == content
    assert stream.read(1) == b""
    assert b"".join(stream.blocks()) == content


@pytest.mark.slow
def test_stream_reads_across_blocks_and_back():
    stream = released.open_file(released_file(LARGE))
    edge = BLOCK_SIZE - 3

    assert stream.seek(edge) == edge
    assert stream.read(6) == LARGE[edge : edge + 6]
    assert stream.tell() == edge + 6
    assert stream.seek(-4, os.SEEK_END) == len(LARGE) - 4
    assert stream.read() == LARGE[-4:]
    assert stream.seek(0) == 0
    assert stream.read(5) == LARGE[:5]
    assert stream.seek(10, os.SEEK_CUR) == 15
    assert [len(block) for block in stream.blocks()] == [BLOCK_SIZE, len(LARGE) - BLOCK_SIZE]


@pytest.mark.slow
def test_stream_decrypts_a_block_once_while_it_is_read(monkeypatch):
    stream = released.open_file(released_file(LARGE))
    read = []

    def read_block(file, block, content_key):
        read.append(block.number)
        return stored.read_block(file, block, content_key)

    monkeypatch.setattr(released, "read_block", read_block)

    for _ in range(10):
        stream.read(100)

    assert read == [0]


def test_stream_is_read_only_and_knows_its_bounds():
    stream = released.open_file(released_file(SMALL))

    assert (stream.readable(), stream.seekable(), stream.writable()) == (True, True, False)
    with pytest.raises(ValueError, match="negative"):
        stream.seek(-1)
    assert stream.seek(1000) == 1000
    assert stream.read(1) == b""


def test_stream_gives_no_byte_of_a_damaged_block_and_remembers_it():
    file = released_file(SMALL)
    stream = released.open_file(file)
    block = file.file.blocks.get()
    sealed.rewrite(block, sealed.read(block)[:-1] + b"\0")

    with pytest.raises(BlockDamaged) as refusal:
        stream.read(1)

    assert stream.failure is refusal.value
    assert stream.tell() == 0


def test_stream_refuses_the_keys_of_another_block():
    file = released_file(SMALL)
    stream = released.ReleasedStream(stored.stored_file(file.file), (b"k" * 32,))

    with pytest.raises(WrongContentKeys):
        stream.read(1)


def test_released_keys_need_the_release_key_of_the_server(settings):
    file = released_file(SMALL)
    settings.RELEASE_KEY = "another release key"

    with pytest.raises(ReleaseDamaged):
        released.open_file(file)


def test_released_keys_are_not_those_of_another_envelope():
    file, other = released_file(SMALL), released_file(SMALL)
    file.release.sealed_keys = other.release.sealed_keys

    with pytest.raises(ReleaseDamaged):
        released.open_file(file)
