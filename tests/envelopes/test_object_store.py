# SPDX-License-Identifier: EUPL-1.2
"""Bids in a real S3-compatible store, started for these tests: what a disk promises, it promises."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.conf import settings as installed
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from envelopes import sealing, stored, submission, sweeping, uploads
from envelopes.errors.opening import BlockDamaged
from envelopes.errors.submission import StoredBlockDamaged, StoreSilent
from envelopes.errors.uploads import StoreFailed, TransferCut
from envelopes.models import SealedBlock
from keys.cms import BLOCK_SIZE
from marketplace.storage import block_store
from tests.envelopes.conftest import bucket_of
from tests.envelopes.deposits import clock, envelope_of, opened, ready_to_submit, send
from tests.factories import NOW, make_deposit, make_online_consultation, make_private_key

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def endpoint(server: dict[str, str]) -> str:
    return server["SIGILLE_S3_ENDPOINT"]


@pytest.fixture(autouse=True)
def store(settings, server, endpoint) -> Iterator[None]:
    """An empty bucket, in the place of the folder that other tests have."""
    settings.STORAGES = settings.STORAGES | {"default": bucket_of(server)}
    yield
    for name in names():
        default_storage.delete(name)


def names() -> list[str]:
    return sorted(name for name, _written_at in block_store().listing())


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE, BLOCK_SIZE + 1])
def test_file_is_sealed_into_the_store_and_opens(size):
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    content = os.urandom(size)

    file = send(envelope_of(deposit), content)

    assert opened(file, private_key) == content
    assert names() == sorted(SealedBlock.objects.values_list("storage_name", flat=True))


def test_deposit_is_submitted_once_its_blocks_are_read_back():
    deposit = make_deposit()

    receipt = submission.submit(
        deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW
    )

    assert receipt.content
    assert len(names()) == SealedBlock.objects.count() == 2


class CutBody(BytesIO):
    """A body whose line is cut in the middle of the second block."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= BLOCK_SIZE + BLOCK_SIZE // 2:
            raise OSError("connection reset by peer")
        return super().read(size)


def test_block_during_which_the_line_is_cut_leaves_no_object():
    deposit = make_deposit()
    content = bytes(2 * BLOCK_SIZE)
    file = uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=len(content),
        actor=deposit.bidder.user,
        clock=clock,
    )

    with pytest.raises(TransferCut):
        uploads.receive(file.pk, CutBody(content), offset=0, length=len(content), clock=clock)

    file.refresh_from_db()
    assert file.received_size == BLOCK_SIZE
    assert names() == [SealedBlock.objects.get().storage_name]


def test_header_is_read_without_the_rest_of_its_block():
    deposit = make_deposit()
    block = send(envelope_of(deposit), bytes(BLOCK_SIZE)).blocks.get()
    fetched: list[int] = []
    events = default_storage.connection.meta.client.meta.events  # type: ignore[attr-defined] # S3's
    events.register(
        "after-call.s3.GetObject", lambda parsed, **_: fetched.append(parsed["ContentLength"])
    )

    header = block_store().stores[0].read_start(block.storage_name, block.header_size)

    assert len(header) == block.header_size
    assert fetched == [block.header_size]


def test_block_that_is_gone_is_told_from_a_store_that_is(settings):
    deposit = make_deposit()
    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=NOW)
    block = SealedBlock.objects.get(file__is_index=False)
    default_storage.delete(block.storage_name)

    found = stored.stored_file(block.file)

    with pytest.raises(BlockDamaged):
        stored.read_header(found, found.blocks[0])
    with pytest.raises(StoredBlockDamaged):
        sealing.verify_stored(block)


def test_store_that_is_down_acknowledges_nothing(settings):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    working = settings.STORAGES
    options = working["default"]["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:1"}
    settings.STORAGES = working | {"default": working["default"] | {"OPTIONS": options}}

    with pytest.raises(StoreFailed):
        send(envelope_of(deposit), b"content")
    deposit.uploads().filter(completed_at=None).delete()
    with pytest.raises(StoreSilent):
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    settings.STORAGES = working

    assert submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)


def test_old_objects_that_no_row_names_are_swept():
    file = send(envelope_of(make_deposit()), b"content")
    orphan = f"{uuid4()}/{uuid4()}/0-{uuid4()}"
    default_storage.save(orphan, ContentFile(b"sealed"))
    later = datetime.now(UTC) + installed.ABANDONED_AFTER + timedelta(hours=1)

    assert sweeping._sweep_orphans(timezone.now()) == 0
    assert sweeping._sweep_orphans(later) == 1
    assert names() == [file.blocks.get().storage_name]


def test_object_without_a_byte_is_read_as_it_is():
    store = block_store().stores[0]
    store.replace("empty", b"")

    assert store.read_start("empty", 10) == b""


def test_replaced_object_has_its_new_bytes_alone():
    store = block_store().stores[0]
    for content in (b"damaged, and longer", b"sealed"):
        store.replace("0-x", content)

    assert (store.read_start("0-x", 100), names()) == (b"sealed", ["0-x"])
