# SPDX-License-Identifier: EUPL-1.2
import shutil
from functools import partial
from io import BytesIO

import pytest

from envelopes import space, uploads
from envelopes.errors.uploads import NoRoom
from envelopes.models import Deposit, SealedFile, StoreAlarm
from envelopes.sealing import recipients_of
from keys.cms import BLOCK_SIZE
from tests.envelopes.deposits import clock, envelope_of
from tests.factories import make_deposit, make_online_consultation
from tests.racing import race

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024
GIB = 1024 * MIB  # announced, never sent: what others write to this disk meanwhile does not matter


@pytest.fixture
def leave(settings, store):
    """`leave(bytes)`: what the disk has left for uploads, whatever else is on it."""

    def leave(size: int) -> None:
        settings.SPACE_KEPT_FREE = shutil.disk_usage(store).free - size

    return leave


def create(size: int, deposit: Deposit | None = None) -> SealedFile:
    deposit = deposit or make_deposit()
    return uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=size,
        actor=deposit.bidder.user,
        clock=clock,
    )


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1])
def test_needed_is_what_the_sealed_file_takes_and_hardly_more(store, size):
    deposit = make_deposit()
    needed = space.needed(size, recipients_of(deposit.consultation_id))
    file = uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=size,
        actor=deposit.bidder.user,
        clock=clock,
    )
    if size:
        uploads.receive(file.pk, BytesIO(bytes(size)), offset=0, length=size, clock=clock)

    blocks = [path.stat() for path in store.rglob("*") if path.is_file()]
    assert sum(block.st_blocks * 512 for block in blocks) <= needed
    assert needed - sum(block.st_size for block in blocks) == len(blocks) * space.SLACK


def test_create_refuses_what_does_not_fit_beside_what_is_promised(leave):
    leave(30 * GIB)
    first = create(18 * GIB)

    with pytest.raises(NoRoom):
        create(18 * GIB)

    assert list(SealedFile.objects.all()) == [first]
    assert StoreAlarm.objects.get().cause == "no_room"
    assert create(6 * GIB)


@pytest.mark.django_db(transaction=True)
def test_room_of_one_is_not_promised_to_two_at_once(leave):
    for _ in range(4):
        SealedFile.objects.all().delete()
        leave(30 * GIB)
        deposits = [make_deposit(), make_deposit()]

        answers = race(*[partial(create, 18 * GIB, deposit) for deposit in deposits])

        assert sorted(type(answer).__name__ for answer in answers) == ["NoRoom", "SealedFile"]


def test_promise_is_used_up_by_what_arrives_and_ends_with_the_file():
    file = create(BLOCK_SIZE + 1)
    promised = file.reserved_size

    uploads.receive(file.pk, BytesIO(bytes(BLOCK_SIZE)), offset=0, length=BLOCK_SIZE, clock=clock)
    file.refresh_from_db()
    halfway, stored = file.reserved_size, file.blocks.get().size
    uploads.receive(file.pk, BytesIO(b"!"), offset=BLOCK_SIZE, length=1, clock=clock)
    file.refresh_from_db()

    assert halfway == promised - stored
    assert file.reserved_size == 0


def test_file_that_takes_more_than_was_promised_is_received():
    file = create(BLOCK_SIZE + 1)
    SealedFile.objects.update(reserved_size=1)

    uploads.receive(file.pk, BytesIO(bytes(BLOCK_SIZE)), offset=0, length=BLOCK_SIZE, clock=clock)

    file.refresh_from_db()
    assert (file.block_count, file.reserved_size) == (1, 0)


def test_removed_upload_gives_its_room_back(leave):
    leave(30 * GIB)
    first = create(18 * GIB)
    with pytest.raises(NoRoom):
        create(18 * GIB)

    uploads.remove(first.pk, actor=first.envelope.deposit.bidder.user, now=clock())

    assert create(18 * GIB)


def test_object_store_is_limited_by_its_setting_alone(settings):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "marketplace.object_storage.ObjectStorage",
            "OPTIONS": {"bucket_name": "sigille"},
        }
    }
    settings.SPACE_KEPT_FREE = 0
    SealedFile.objects.create(
        envelope=envelope_of(make_deposit(consultation=make_online_consultation())),
        size=10 * MIB,
        received_size=10 * MIB,
        block_count=2,
        completed_at=clock(),
        created_at=clock(),
    )

    assert create(90 * MIB)
    settings.S3_CAPACITY = 100 * MIB
    with pytest.raises(NoRoom):
        create(1)
    settings.S3_CAPACITY = 101 * MIB
    assert create(1)


def test_object_store_takes_what_is_left_to_the_last_byte(settings):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "marketplace.object_storage.ObjectStorage",
            "OPTIONS": {"bucket_name": "sigille"},
        }
    }
    settings.SPACE_KEPT_FREE = MIB
    deposit = make_deposit()
    SealedFile.objects.create(
        envelope=envelope_of(deposit),
        size=10 * MIB,
        received_size=10 * MIB,
        block_count=2,
        completed_at=clock(),
        created_at=clock(),
    )
    taken = 10 * MIB + 2 * space.OVERHEAD + MIB
    exactly = taken + space.needed(50 * MIB, recipients_of(deposit.consultation_id))

    settings.S3_CAPACITY = exactly - 1
    with pytest.raises(NoRoom):
        create(50 * MIB, deposit)

    settings.S3_CAPACITY = exactly
    assert create(50 * MIB, deposit)
