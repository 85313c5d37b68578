# SPDX-License-Identifier: EUPL-1.2
import hashlib
import random

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage

from envelopes import sealing
from envelopes.errors.submission import StoredBlockDamaged
from envelopes.models import SealedBlock, SealedFile
from keys.cms import BLOCK_SIZE
from tests.envelopes.deposits import envelope_of, opened, send
from tests.factories import (
    NOW,
    make_deposit,
    make_key_pair,
    make_online_consultation,
    make_private_key,
)

pytestmark = pytest.mark.django_db


def make_file(size: int) -> SealedFile:
    envelope = envelope_of(make_deposit())
    return SealedFile.objects.create(envelope=envelope, size=size, created_at=NOW)


@pytest.mark.parametrize(
    ("size", "number", "expected"),
    [
        (0, 0, (0, True)),
        (1, 0, (1, True)),
        (BLOCK_SIZE - 1, 0, (BLOCK_SIZE - 1, True)),
        (BLOCK_SIZE, 0, (BLOCK_SIZE, True)),
        (BLOCK_SIZE + 1, 0, (BLOCK_SIZE, False)),
        (BLOCK_SIZE + 1, 1, (1, True)),
        (2 * BLOCK_SIZE, 1, (BLOCK_SIZE, True)),
    ],
)
def test_place_of_a_block_at_each_boundary(size, number, expected):
    place = sealing.place_of(SealedFile(size=size), number)

    assert (place.size, place.is_last) == expected


def test_seal_block_describes_what_it_stored(store):
    file = make_file(11)
    recipients = sealing.recipients_of(file.envelope.deposit.consultation_id)

    block = sealing.seal_block(sealing.place_of(file, 0), [b"hello", b" world"], recipients)

    stored = (store / block.storage_name).read_bytes()
    assert (block.size, block.plaintext_size) == (len(stored), 11)
    assert block.sha256 == hashlib.sha256(stored).digest()
    assert b"hello" not in stored
    assert block.storage_name.startswith(f"{file.envelope.deposit_id}/{file.pk}/0-")


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE, BLOCK_SIZE + 1])
def test_seal_bytes_seals_all_that_it_is_given(size):
    content = random.Random(size).randbytes(size)
    private_key = make_private_key()
    consultation = make_online_consultation(private_key=private_key)
    envelope = envelope_of(make_deposit(consultation=consultation))
    file = SealedFile.objects.create(envelope=envelope, size=size, created_at=NOW)

    blocks = sealing.seal_bytes(file, content, sealing.recipients_of(consultation.pk))

    SealedBlock.objects.bulk_create(blocks)
    file.block_count = len(blocks)
    assert len(blocks) == max(1, -(-size // BLOCK_SIZE))
    assert opened(file, private_key) == content


class PullingStorage(InMemoryStorage):
    """A store that pulls by odd lengths, as an S3 client does, and tells nothing of its space."""

    stores = ()

    def free_space(self):
        return None

    def save(self, name, content, max_length=None):
        parts = []
        while part := content.read(777):
            parts.append(part)
        return super().save(name, ContentFile(b"".join(parts)), max_length)


def test_seal_block_serves_a_store_that_pulls(settings):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": f"{__name__}.PullingStorage"},
    }
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    content = bytes(range(256)) * 40

    file = send(envelope_of(deposit), content)

    assert opened(file, private_key) == content


def test_recipients_of_are_those_that_were_frozen():
    consultation = make_online_consultation()

    recipients = sealing.recipients_of(consultation.pk)

    fingerprints = sorted(recipient.certificate.sha256 for recipient in recipients)
    assert fingerprints == consultation.recipient_set.fingerprints


def test_recipients_of_refuses_a_certificate_put_in_place_of_another():
    consultation = make_online_consultation()
    intruder = make_key_pair()
    victim = consultation.recipient_set.key_pairs.get(is_backup=True)
    victim.certificate = intruder.certificate
    victim.save(update_fields=["certificate"])

    with pytest.raises(sealing.RecipientsAltered):
        sealing.recipients_of(consultation.pk)


def test_verify_stored_accepts_what_was_sealed():
    file = send(envelope_of(make_deposit()), b"content")

    sealing.verify_stored(file.blocks.get())


@pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "gone"])
def test_verify_stored_refuses_anything_else(store, damage):
    block = send(envelope_of(make_deposit()), b"content").blocks.get()
    path = store / block.storage_name
    content = path.read_bytes()
    damaged = {
        "flipped": content[:-1] + bytes([content[-1] ^ 1]),
        "cut": content[:-1],
        "longer": content + b"\0",
    }
    path.unlink()
    if damage in damaged:
        path.write_bytes(damaged[damage])

    with pytest.raises(StoredBlockDamaged) as refusal:
        sealing.verify_stored(block)
    assert refusal.value.facts == {"block": block.storage_name}


def test_discard_goes_on_after_a_name_that_is_not_there():
    block = send(envelope_of(make_deposit()), b"content").blocks.get()

    sealing.discard(["not/there", block.storage_name])

    assert not default_storage.exists(block.storage_name)
    assert SealedBlock.objects.count() == 1


def test_discard_goes_on_after_a_store_that_refuses(store, caplog):
    stuck = store / "stuck"
    (stuck / "within").mkdir(parents=True)
    block = send(envelope_of(make_deposit()), b"content").blocks.get()

    sealing.discard(["stuck", block.storage_name])

    assert not default_storage.exists(block.storage_name)
    assert stuck.is_dir()
    assert "stuck could not be removed from the store" in caplog.text
