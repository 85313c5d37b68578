# SPDX-License-Identifier: EUPL-1.2
"""The archive of a deposit: as long as it says, a block in memory at a time, cut where one is not whole."""

import io
import zipfile

import pytest
from django.core.files.storage import storages

from envelopes import archive
from envelopes.errors.opening import BlockDamaged, StoreUnavailable
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind
from marketplace.storage import block_store
from tests.envelopes import sealed
from tests.envelopes.damages import fail_for

pytestmark = pytest.mark.django_db


def names_in(deposit) -> list[str]:
    certificates = sorted(deposit.consultation.recipient_set.fingerprints)
    names = ["manifest.json", "receipt.json", *(f"recipients/{name}.cer" for name in certificates)]
    places = deposit.envelopes.values_list("files__file_id", "files__blocks__number")
    return [*names, *(f"blocks/{bytes(file).hex()}/{number}.p7m" for file, number in places)]


def test_archive_holds_the_deposit_and_is_as_long_as_it_says():
    scene = sealed.make_scene()
    made = archive.of(scene.deposit)

    content = b"".join(made.pieces())

    assert len(content) == made.size
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        assert read.testzip() is None
        assert sorted(read.namelist()) == sorted(names_in(scene.deposit))
        assert read.read("manifest.json") == scene.deposit.manifest
        assert {info.compress_type for info in read.infolist()} == {zipfile.ZIP_STORED}


def test_size_is_right_where_the_archive_needs_long_offsets(monkeypatch):
    """Beyond 2 GiB, or 65,535 members: the same, with smaller limits."""
    scene = sealed.make_scene()
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 5_000)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    made = archive.of(scene.deposit)

    content = b"".join(made.pieces())

    assert len(content) == made.size > 5_000
    assert b"PK\x06\x06" in content  # the long form of the end
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        assert read.testzip() is None


@pytest.mark.slow
def test_archive_is_given_a_block_at_a_time():
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"offre.zip": bytes(3 * BLOCK_SIZE)}})

    longest = max(len(piece) for piece in archive.of(scene.deposit).pieces())

    assert BLOCK_SIZE < longest < BLOCK_SIZE + 10_000


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"\0", lambda data: data[:-1]])
def test_archive_has_no_end_where_a_block_is_not_what_was_sealed(change):
    scene = sealed.make_scene()
    block = sealed.block_of(scene.offer)
    sealed.rewrite(block, change(sealed.read(block)))
    made = archive.of(scene.deposit)
    made.check_present()  # it is there
    got: list[bytes] = []

    with pytest.raises(BlockDamaged):
        got.extend(made.pieces())

    assert 0 < len(b"".join(got)) < made.size
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(got)))


def test_archive_has_no_end_where_the_store_falls_silent(monkeypatch):
    scene = sealed.make_scene()
    made = archive.of(scene.deposit)
    pieces = made.pieces()
    got = [next(pieces)]
    name = sealed.block_of(scene.offer).storage_name
    fail_for(monkeypatch, storages["default"], "read_start", name)

    with pytest.raises(StoreUnavailable):
        got.extend(pieces)

    assert not zipfile.is_zipfile(io.BytesIO(b"".join(got)))


def test_check_present_misses_a_block_and_reads_none_of_them_whole(monkeypatch):
    scene = sealed.make_scene()
    made, sizes = archive.of(scene.deposit), []
    [store] = block_store().stores
    read = store.read_start

    def read_start(name, size):
        sizes.append(size)
        return read(name, size)

    monkeypatch.setattr(store, "read_start", read_start)
    made.check_present()
    assert sizes == [1] * len(made.blocks)

    sealed.rewrite(sealed.block_of(scene.offer), None)
    with pytest.raises(BlockDamaged) as refusal:
        made.check_present()
    assert refusal.value.cause == "missing"
