# SPDX-License-Identifier: EUPL-1.2
"""What the tests of deposits do again and again: send a file, announce it, open what was sealed."""

import hashlib
from datetime import datetime
from io import BytesIO

from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.files.storage import default_storage

from envelopes import submission, uploads
from envelopes.models import Deposit, Envelope, SealedFile
from envelopes.receipts import AnnouncedEnvelope, AnnouncedFile, Announcement
from keys import cms
from keys.certificates import read_certificate
from marketplace.models import EnvelopeKind
from tests.factories import NOW, make_deposit

SALT = "5a" * 32


def clock():
    return NOW


def envelope_of(deposit: Deposit, kind: EnvelopeKind = EnvelopeKind.OFFER) -> Envelope:
    return deposit.envelopes.get(kind=kind)


def send(envelope: Envelope, content: bytes) -> SealedFile:
    """A file, received whole."""
    actor = envelope.deposit.bidder.user
    file = uploads.create(
        envelope.deposit_id, envelope_id=envelope.pk, size=len(content), actor=actor, clock=clock
    )
    if content:
        uploads.receive(file.pk, BytesIO(content), offset=0, length=len(content), clock=clock)
    file.refresh_from_db()
    return file


def announced(file: SealedFile, name: str, content: bytes) -> AnnouncedFile:
    return AnnouncedFile(file.pk, name, len(content), hashlib.sha256(content).hexdigest())


def announce(envelope: Envelope, *files: AnnouncedFile) -> Announcement:
    """What the page of the deposit, as it is now, says of these files."""
    follows, relation = Deposit.objects.values_list("follows", "relation").get(
        pk=envelope.deposit_id
    )
    return Announcement((AnnouncedEnvelope(envelope.pk, files),), SALT, follows, relation)


def ready_to_submit(
    deposit: Deposit, *, name: str = "offre.pdf", content: bytes = b"42 000 euros"
) -> Announcement:
    """A deposit with one file, in its offer, and what to announce of it."""
    envelope = envelope_of(deposit)
    return announce(envelope, announced(send(envelope, content), name, content))


def make_submitted(*, at: datetime = NOW, **fields: object) -> Deposit:
    """A deposit with one file, submitted at `at`; a second one of a company replaces the first."""
    deposit = make_deposit(**fields)
    announcement = ready_to_submit(deposit)
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=at)
    deposit.refresh_from_db()
    return deposit


def make_second(first: Deposit, relation: str, *, at: datetime = NOW) -> Deposit:
    """Another deposit of the same company, submitted."""
    owner = {"consultation": first.consultation, "bidder": first.bidder}
    return make_submitted(at=at, relation=relation, **owner)


def opened(file: SealedFile, private_key: rsa.RSAPrivateKey) -> bytes:
    """The plaintext of a file, by the holder of the private key of the consultation's personal key pair."""
    recipient_set = file.envelope.deposit.consultation.recipient_set
    certificate = read_certificate(bytes(recipient_set.key_pairs.get(is_backup=False).certificate))
    parts = []
    for block in file.blocks.order_by("number"):
        with default_storage.open(block.storage_name) as stored:
            parts.append(
                cms.open_with(
                    stored.read(),
                    (certificate, private_key),
                    file_id=bytes(file.file_id),
                    number=block.number,
                    is_last=block.number == file.block_count - 1,
                )
            )
    return b"".join(parts)
