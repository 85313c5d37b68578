# SPDX-License-Identifier: EUPL-1.2
"""Bids in two stores: acknowledged once both have them, opened as long as one good copy is left."""

import os
import shutil
from io import BytesIO
from pathlib import Path

import pytest

from envelopes import opening, released, sealing, stored, submission, uploads
from envelopes.errors.opening import BlockDamaged, StoreUnavailable
from envelopes.errors.submission import StoredBlockDamaged, StoreSilent
from envelopes.errors.uploads import StoreFailed
from envelopes.models import Attempt, Envelope, Receipt, SealedBlock, StoreAlarm
from keys import cms
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind
from marketplace.storage import block_store
from tests.envelopes import sealed
from tests.envelopes.damages import DAMAGES, damage, flip
from tests.envelopes.deposits import clock, envelope_of, ready_to_submit, send
from tests.envelopes.sealed import OPENED
from tests.factories import NOW, make_deposit
from tests.marketplace.test_mirrored_storage import fail_in, files_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def folders(store, second_store) -> tuple[Path, Path]:
    return store, second_store


def release_all(scene: sealed.Scene) -> None:
    for envelope in (scene.application, scene.offer):
        keys = opening_keys(scene, envelope)
        opening.release(envelope.pk, agent=scene.agent, keys=keys, now=OPENED)


def opening_keys(scene: sealed.Scene, envelope: Envelope) -> opening.ReleasedKeys:
    """What the browser of the agent finds in the headers that the site gives it."""
    found = opening.headers(envelope.pk, start=0, now=OPENED)
    assert found.following is None
    certificate, private_key = scene.holder.certificate, scene.holder.private_key
    unwrapped = iter(
        cms.unwrap(cms.read_header(header), certificate, private_key) for header in found.headers
    )
    keys = {
        file.id: tuple(next(unwrapped) for _block in file.blocks)
        for file in stored.stored_envelope(envelope).files
    }
    return opening.ReleasedKeys(scene.holder.key_pair.fingerprint, keys)


def test_block_is_acknowledged_once_both_stores_have_it(folders):
    deposit = make_deposit()

    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW)

    first, second = (files_in(folder) for folder in folders)
    assert first == second
    assert sorted(first) == sorted(SealedBlock.objects.values_list("storage_name", flat=True))


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("failing", [0, 1])
def test_nothing_is_acknowledged_that_one_store_does_not_keep(folders, monkeypatch, failing, call):
    deposit = make_deposit()
    fail_in(monkeypatch, folders[failing], call)

    with pytest.raises(StoreFailed):
        send(envelope_of(deposit), b"content")

    file = deposit.uploads().get()
    assert (file.received_size, file.block_count, file.completed_at) == (0, 0, None)
    assert Attempt.objects.latest("number").cause == "store_failed"
    assert StoreAlarm.objects.get().cause == "store_failed"
    assert [files_in(folder) for folder in folders] == [{}, {}]


def test_upload_goes_on_after_the_second_store_is_repaired(folders):
    content = os.urandom(BLOCK_SIZE + 1)
    deposit = make_deposit()
    file = send(envelope_of(deposit), content[:1])
    with pytest.MonkeyPatch.context() as monkeypatch:
        fail_in(monkeypatch, folders[1], "fsync")
        with pytest.raises(StoreFailed):
            send(envelope_of(deposit), content)
    interrupted = deposit.uploads().get(completed_at=None)

    length = len(content)
    uploads.receive(interrupted.pk, BytesIO(content), offset=0, length=length, clock=clock)

    interrupted.refresh_from_db()
    assert interrupted.received_size == len(content)
    for block in [*file.blocks.all(), *interrupted.blocks.all()]:
        sealing.verify_stored(block)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("damaged", [0, 1])
def test_bid_opens_while_one_good_copy_is_left(folders, damaged, how):
    scene = sealed.make_scene()
    damage(folders[damaged], how)

    release_all(scene)

    [[name, content]] = sealed.CONTENTS[EnvelopeKind.OFFER].items()
    file = scene.offer.release.files.get(name=name)
    assert released.open_file(file).read() == content


@pytest.mark.parametrize("how", DAMAGES)
def test_bid_opens_whose_blocks_are_each_good_in_another_store(folders, how):
    scene = sealed.make_scene()
    names = sorted(files_in(folders[0]))
    for rank, name in enumerate(names):
        DAMAGES[how](folders[rank % 2] / name)

    release_all(scene)


def test_damaged_block_is_never_given_as_valid(folders):
    scene = sealed.make_scene()
    keys = opening_keys(scene, scene.application)
    for folder in folders:
        damage(folder, "flipped in its last byte")

    with pytest.raises(BlockDamaged):
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)


@pytest.mark.parametrize("damaged", [0, 1])
def test_block_damaged_in_one_store_and_away_with_the_other_may_still_be_good(folders, damaged):
    scene = sealed.make_scene()
    keys = opening_keys(scene, scene.application)
    damage(folders[damaged], "flipped in its last byte")
    damage(folders[1 - damaged], "unreadable")

    with pytest.raises(StoreUnavailable):
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)


def test_bid_opens_after_a_whole_store_is_lost(folders):
    scene = sealed.make_scene()
    shutil.rmtree(folders[0])

    release_all(scene)


def test_opening_waits_once_for_a_store_that_does_not_answer(folders, monkeypatch):
    scene = sealed.make_scene({EnvelopeKind.APPLICATION: dict.fromkeys("abcdefgh", b"content")})
    silent, asked = block_store().stores[0], []

    def fail(name, size):
        asked.append(name)
        raise OSError("away")

    monkeypatch.setattr(silent._store, "read_start", fail)  # type: ignore[attr-defined] # watched

    keys = opening_keys(scene, scene.application)
    opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    assert len(asked) == 1


def test_archive_of_a_bid_is_whole_while_one_good_copy_is_left(folders):
    scene = sealed.make_scene()
    block = sealed.block_of(scene.offer)
    expected = (folders[0] / block.storage_name).read_bytes()
    flip(folders[0] / block.storage_name)

    found = stored.stored_file(block.file)

    assert stored.read_sealed(found, found.blocks[0]) == expected
    assert stored.read_row(block) == expected


@pytest.mark.parametrize("how", sorted(DAMAGES.keys() - {"unreadable"}))
@pytest.mark.parametrize("damaged", [0, 1])
def test_bid_is_submitted_once_its_bad_copies_are_written_again(folders, damaged, how):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    damage(folders[damaged], how)

    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    first, second = (files_in(folder) for folder in folders)
    assert first == second
    assert len(first) == SealedBlock.objects.count() == 2
    assert StoreAlarm.objects.get().cause == "block_repaired"


def test_bid_without_any_good_copy_is_not_submitted(folders):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    for folder in folders:
        damage(folder, "flipped in its last byte")

    with pytest.raises(StoredBlockDamaged):
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    assert not Receipt.objects.exists()


def test_bid_is_not_submitted_while_one_store_is_away(folders, monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)

    def fail(*_arguments):
        raise OSError("away")

    monkeypatch.setattr(block_store().stores[1], "read_start", fail)

    with pytest.raises(StoreSilent):
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    assert not Receipt.objects.exists()
