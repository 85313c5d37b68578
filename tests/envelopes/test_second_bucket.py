# SPDX-License-Identifier: EUPL-1.2
"""A folder, and a real S3-compatible store that has the second copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command

from envelopes import opening, scrubbing, submission
from envelopes.errors.submission import StoreSilent
from envelopes.errors.uploads import StoreFailed
from envelopes.models import SealedBlock, StoreAlarm
from marketplace.object_storage import ObjectStorage
from tests.envelopes import sealed
from tests.envelopes.conftest import both, bucket_of, folder_at
from tests.envelopes.deposits import envelope_of, ready_to_submit, send
from tests.envelopes.sealed import OPENED
from tests.factories import DAY, NOW, make_deposit
from tests.marketplace.test_mirrored_storage import files_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def bucket(settings, server, store) -> Iterator[ObjectStorage]:
    described = both(folder_at(store), bucket_of(server))
    settings.STORAGES = settings.STORAGES | {"default": described}
    bucket = cast("ObjectStorage", default_storage._stores[1])  # type: ignore[attr-defined] # of two
    yield bucket
    for name, _written_at in list(bucket.listing()):
        bucket.delete(name)


def away(settings) -> None:
    """The second store does not answer any more."""
    described = settings.STORAGES["default"]["OPTIONS"]
    second = described["second"]
    options = second["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:1"}
    settings.STORAGES = settings.STORAGES | {
        "default": both(described["first"], second | {"OPTIONS": options})
    }


def release(scene: sealed.Scene) -> None:
    keys = sealed.unwrap(scene.application, scene.holder)
    headers = opening.headers(scene.application.pk, start=0, now=OPENED)
    assert headers.headers
    opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)


def test_deposit_is_in_the_folder_and_in_the_bucket(store: Path, bucket: ObjectStorage):
    deposit = make_deposit()

    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW)

    files = files_in(store)
    assert sorted(files) == sorted(SealedBlock.objects.values_list("storage_name", flat=True))
    assert {name: bucket.read_start(name, 10**6) for name in files} == files


def test_bucket_that_is_away_acknowledges_nothing(settings, store: Path):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    kept = files_in(store)
    away(settings)

    with pytest.raises(StoreFailed):
        send(envelope_of(deposit), b"content")
    deposit.uploads().filter(completed_at=None).delete()
    with pytest.raises(StoreSilent):
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    assert files_in(store) == kept


def test_bid_opens_while_the_bucket_is_away(settings):
    scene = sealed.make_scene()
    away(settings)

    release(scene)


def test_bid_opens_from_the_bucket_alone(store: Path):
    scene = sealed.make_scene()
    shutil.rmtree(store)

    release(scene)


def test_bid_opens_where_the_bucket_has_damaged_copies(bucket: ObjectStorage):
    scene = sealed.make_scene()
    for block in SealedBlock.objects.all():
        bucket.replace(block.storage_name, b"")

    release(scene)


def test_scrub_restores_the_bucket_that_was_emptied(store: Path, bucket: ObjectStorage):
    sealed.make_scene()
    for block in SealedBlock.objects.all():
        bucket.delete(block.storage_name)

    done = scrubbing.whole(clock=lambda: NOW)

    files = files_in(store)
    assert (done.checked_count, done.repaired_count, done.lost_count) == (len(files), len(files), 0)
    assert {name: bucket.read_start(name, 10**6) for name in files} == files


def test_scrub_restores_the_folder_from_the_bucket(store: Path):
    sealed.make_scene()
    before = files_in(store)
    shutil.rmtree(store)
    call_command("mark_stores")

    scrubbing.whole(clock=lambda: NOW)

    assert files_in(store) == before


def test_scrub_tells_damaged_objects_from_a_bucket_that_is_away(settings, bucket: ObjectStorage):
    sealed.make_scene()
    damaged, *_rest = SealedBlock.objects.order_by("pk")
    bucket.replace(damaged.storage_name, b"damaged")
    assert scrubbing.whole(clock=lambda: NOW).repaired_count == 1
    away(settings)

    stopped = scrubbing.spell(clock=lambda: NOW + DAY, pause=lambda _seconds: None)

    assert (stopped.checked_count, stopped.lost_count) == (0, 0)
    assert StoreAlarm.objects.filter(cause="scrub_stopped").exists()
