# SPDX-License-Identifier: EUPL-1.2
"""Sealed deposits for tests: really sealed, to real keys, in the store; what a browser sends of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from envelopes.manifest import (
    Index,
    IndexFile,
    Manifest,
    ManifestBlock,
    ManifestEnvelope,
    ManifestFile,
    read_manifest,
)
from envelopes.models import Deposit, Envelope, Receipt, RecipientSet, SealedBlock, SealedFile
from envelopes.opening import ReleasedKeys
from keys import cms
from keys.certificates import Certificate, read_certificate
from keys.models import KeyPair
from marketplace import canonical
from marketplace.models import Agent, Consultation, EnvelopeKind, Lot, Right, Service
from tests import factories
from tests.factories import DEADLINE, NOW, SECOND

OPENED = DEADLINE + SECOND  # an instant at which bids may be opened
PDF = b"%PDF-1.7 unsigned\n" * 40
CONTENTS: dict[EnvelopeKind, dict[str, bytes]] = {
    EnvelopeKind.APPLICATION: {"DC1 – candidature.pdf": PDF, "vide.txt": b""},
    EnvelopeKind.OFFER: {"bordereau des prix.ods": b"prix : 1 234,56 EUR" * 30},
}
_numbers = count(1)


@dataclass(frozen=True)
class Holder:
    """A key pair with its private half, as an agent holds it."""

    key_pair: KeyPair
    private_key: rsa.RSAPrivateKey

    @property
    def certificate(self) -> Certificate:
        return read_certificate(bytes(self.key_pair.certificate))


@dataclass(frozen=True)
class Scene:
    """A consultation on line, the agent who opens its bids, and one of the keys they are sealed to."""

    service: Service
    consultation: Consultation
    agent: Agent
    holder: Holder
    deposit: Deposit

    def envelope(self, kind: EnvelopeKind) -> Envelope:
        return self.deposit.envelopes.get(kind=kind)

    @property
    def application(self) -> Envelope:
        return self.envelope(EnvelopeKind.APPLICATION)

    @property
    def offer(self) -> Envelope:
        return self.envelope(EnvelopeKind.OFFER)


@cache
def private_key(number: int) -> rsa.RSAPrivateKey:
    """One of the keys that all the tests of a process share: making one takes long."""
    return factories.make_private_key()


def make_holder(service: Service, **fields: object) -> Holder:
    key = private_key(KeyPair.objects.count())
    return Holder(factories.make_key_pair(private_key=key, service=service, **fields), key)


def publish(consultation: Consultation, *holders: Holder) -> None:
    consultation.state = Consultation.State.ONLINE
    consultation.published_at = NOW
    consultation.save(update_fields=["state", "published_at"])
    fingerprints = sorted(holder.key_pair.fingerprint for holder in holders)
    recipient_set = RecipientSet.objects.create(
        consultation=consultation, fingerprints=fingerprints, frozen_at=NOW
    )
    recipient_set.key_pairs.set([holder.key_pair for holder in holders])


def make_scene(contents: Mapping[EnvelopeKind, Mapping[str, bytes]] = CONTENTS) -> Scene:
    """One deposit, submitted in time."""
    service = factories.make_service()
    agent = factories.make_agent(Right.OPEN_BIDS, service=service)
    consultation = factories.make_consultation(service=service, created_by=agent)
    holder = make_holder(service)
    publish(consultation, holder, make_holder(service, is_backup=True))
    return Scene(service, consultation, agent, holder, seal_deposit(consultation, contents))


def seal_deposit(
    consultation: Consultation,
    contents: Mapping[EnvelopeKind, Mapping[str, bytes]] = CONTENTS,
    *,
    is_late: bool = False,
    lot: Lot | None = None,
    **fields: object,
) -> Deposit:
    """A submitted deposit: each content sealed block by block, then the indexes, then the manifest."""
    bidder = factories.make_bidder()
    defaults: dict[str, object] = {"company": bidder.company, "bidder": bidder, "created_at": NOW}
    deposit = Deposit.objects.create(consultation=consultation, **(defaults | fields))
    envelopes = tuple(_seal_envelope(deposit, kind, files, lot) for kind, files in contents.items())
    recipients = tuple(consultation.recipient_set.fingerprints)
    manifest = Manifest(deposit.pk, consultation.pk, envelopes, recipients)
    deposit.manifest = manifest.to_bytes()
    deposit.state = Deposit.State.SUBMITTED
    deposit.submitted_at = consultation.closes_at + (SECOND if is_late else -SECOND)
    deposit.is_late = is_late
    deposit.number = next(_numbers)
    deposit.save()
    write_receipt(deposit)
    return deposit


def seal_second(first: Deposit, relation: str, *, is_late: bool = False) -> Deposit:
    """Another deposit of the company of a first one, which it replaces or completes."""
    return seal_deposit(
        first.consultation,
        is_late=is_late,
        company=first.company,
        bidder=first.bidder,
        follows=first,
        relation=relation,
    )


def seal_withdrawn(consultation: Consultation) -> Deposit:
    """A deposit that its bidder withdrew."""
    deposit = seal_deposit(consultation)
    deposit.withdrawn_at = NOW
    deposit.save(update_fields=["withdrawn_at"])
    return deposit


def write_receipt(deposit: Deposit) -> None:
    """A receipt as far as openers read it: the digest of the manifest."""
    digest = hashlib.sha256(bytes(deposit.manifest or b"")).hexdigest()
    content = canonical.dumps({"manifest_sha256": digest})
    Receipt.objects.update_or_create(
        deposit=deposit, defaults={"content": content, "issued_at": NOW}
    )


def unwrap(envelope: Envelope, holder: Holder) -> ReleasedKeys:
    """What the browser of an agent finds, and sends."""
    manifest = read_manifest(bytes(envelope.deposit.manifest or b""))
    described = manifest.envelope(envelope.pk)
    assert described is not None
    files = {bytes(row.file_id): row for row in envelope.files.all()}
    ids = [described.index.id, *(file.id for file in described.files)]
    keys = {file_id: tuple(_content_keys(files[file_id], holder)) for file_id in ids}
    return ReleasedKeys(holder.key_pair.fingerprint, keys)


def block_of(envelope: Envelope, number: int = 0, *, is_index: bool = False) -> SealedBlock:
    """A block of the first file of an envelope, or of its index."""
    file = envelope.files.filter(is_index=is_index).earliest("created_at", "pk")
    return file.blocks.get(number=number)


def rewrite(block: SealedBlock, data: bytes | None) -> None:
    """Put other bytes in the store under the name of a block, or none at all."""
    default_storage.delete(block.storage_name)
    if data is not None:
        default_storage.save(block.storage_name, ContentFile(data))


def read(block: SealedBlock) -> bytes:
    with default_storage.open(block.storage_name) as stored:
        data: bytes = stored.read()
    return data


def _content_keys(file: SealedFile, holder: Holder) -> list[bytes]:
    headers = (cms.read_header(read(block)) for block in file.blocks.order_by("number"))
    return [cms.unwrap(header, holder.certificate, holder.private_key) for header in headers]


def _seal_envelope(
    deposit: Deposit, kind: EnvelopeKind, contents: Mapping[str, bytes], lot: Lot | None
) -> ManifestEnvelope:
    envelope = Envelope.objects.create(deposit=deposit, kind=kind, lot=lot)
    files = [seal_file(envelope, content) for content in contents.values()]
    announced = tuple(
        IndexFile(file.id, name, hashlib.sha256(content).hexdigest(), len(content))
        for file, (name, content) in zip(files, contents.items(), strict=True)
    )
    number = lot.number if lot else None
    index = Index(deposit.pk, envelope.pk, kind.value, number, announced)
    sealed_index = seal_file(envelope, index.to_bytes(), is_index=True)
    return ManifestEnvelope(envelope.pk, kind.value, number, sealed_index, tuple(files))


def seal_file(envelope: Envelope, content: bytes, *, is_index: bool = False) -> ManifestFile:
    """Seal a content in the store, with its rows; what the manifest says of it."""
    file = SealedFile.objects.create(
        envelope=envelope, is_index=is_index, size=len(content), created_at=_next_instant()
    )
    pieces = [
        content[start : start + cms.BLOCK_SIZE]
        for start in range(0, max(len(content), 1), cms.BLOCK_SIZE)
    ]
    recipient_set = envelope.deposit.consultation.recipient_set
    recipients = [
        cms.Recipient.of(read_certificate(bytes(key_pair.certificate)))
        for key_pair in recipient_set.key_pairs.all()
    ]
    blocks = []
    for number, piece in enumerate(pieces):
        sealed = cms.seal_block(
            piece,
            recipients,
            file_id=bytes(file.file_id),
            number=number,
            is_last=number == len(pieces) - 1,
        )
        _store(file, number, sealed, len(piece))
        blocks.append(ManifestBlock(hashlib.sha256(sealed).hexdigest(), len(sealed)))
    file.received_size, file.block_count, file.completed_at = len(content), len(pieces), NOW
    file.save()
    return ManifestFile(bytes(file.file_id), tuple(blocks))


def _store(file: SealedFile, number: int, sealed: bytes, plaintext_size: int) -> None:
    name = default_storage.save(_name(file.pk, number), ContentFile(sealed))
    SealedBlock.objects.create(
        file=file,
        number=number,
        size=len(sealed),
        header_size=cms.read_header(sealed).content_offset,
        plaintext_size=plaintext_size,
        sha256=hashlib.sha256(sealed).digest(),
        storage_name=name,
    )


def _next_instant() -> datetime:
    """Files are made one after the other, and never at the same instant."""
    return NOW + timedelta(milliseconds=next(_numbers))


def _name(file_id: UUID, number: int) -> str:
    return f"{file_id}/{number}"


def as_described(block: SealedBlock) -> ManifestFile:
    """What a manifest would say of a file made of this one block."""
    data = read(block)
    described = ManifestBlock(hashlib.sha256(data).hexdigest(), len(data))
    return ManifestFile(bytes(block.file.file_id), (described,))


def redescribe(deposit: Deposit, file_id: bytes, described: ManifestFile) -> None:
    """Change what the manifest of a deposit says of a file: its id stays where it is that of no index."""
    manifest = read_manifest(bytes(deposit.manifest or b""))
    envelopes = tuple(
        replace(
            envelope,
            index=described if envelope.index.id == file_id else envelope.index,
            files=tuple(
                replace(file, blocks=described.blocks) if file.id == file_id else file
                for file in envelope.files
            ),
        )
        for envelope in manifest.envelopes
    )
    deposit.manifest = replace(manifest, envelopes=envelopes).to_bytes()
    deposit.save()
    write_receipt(deposit)
