# SPDX-License-Identifier: EUPL-1.2
"""Consultations of the demonstration, one in each state, with bids that really open."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from envelopes import opening, publication, submission, uploads
from envelopes.models import Deposit, Envelope
from envelopes.opening import ReleasedKeys
from envelopes.receipts import AnnouncedEnvelope, AnnouncedFile, Announcement
from envelopes.stored import read_header, stored_envelope
from keys import cms
from keys.certificates import read_certificate
from marketplace import consultation_writing
from marketplace.models import Bidder, Consultation, EnvelopeKind
from signatures.demonstration import documents
from signatures.demonstration.keyring import Key
from signatures.demonstration.people import People

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Files = dict[EnvelopeKind, dict[str, bytes]]


@dataclass(frozen=True)
class Tender:
    """What the buyer types, and when, counted in hours from now: before it is negative."""

    reference: str
    title: str
    written: int
    closes: int
    lots: tuple[str, ...] = ()


DRAFT = Tender("2026-DCP-014", "Maintenance de l’éclairage public", -2, 24 * 30)
ONLINE = Tender(
    "2026-DCP-013",
    "Extension du groupe scolaire Jules-Ferry",
    -24 * 6,
    24 * 21,
    lots=("Gros œuvre", "Charpente et couverture"),
)
CLOSED = Tender("2026-DCP-011", "Réfection de la toiture de l’école maternelle", -24 * 35, -3)
OPENED = Tender("2026-DCP-007", "Fourniture de mobilier de bureau", -24 * 70, -24 * 20)


def play(people: People, personal: Key, *, now: datetime) -> Deposit:
    """Play the consultations; the deposit that a newcomer is invited to open is given back."""
    _write(DRAFT, people, now=now)
    _publish(ONLINE, people, personal, now=now)
    closed = _publish(CLOSED, people, personal, now=now)
    arrival = now - 26 * HOUR
    first = _deposit(closed, people.roofer, _signed_bid(people.roofer, arrival), arrival)
    _deposit(closed, people.builder, _plain_bid(people.builder), now - 5 * HOUR)
    opened = _publish(OPENED, people, personal, now=now)
    arrival = now - 24 * 21 * HOUR
    deposit = _deposit(opened, people.builder, _signed_bid(people.builder, arrival), arrival)
    for envelope in deposit.envelopes.order_by("kind"):  # the application first
        _open(envelope, people, personal, now=now - 24 * 19 * HOUR)
    return first


def _write(tender: Tender, people: People, *, now: datetime) -> Consultation:
    closes_at = _round(now + tender.closes * HOUR)
    details = consultation_writing.Details(
        reference=tender.reference,
        title=tender.title,
        closes_at=closes_at,
        opens_at=closes_at + 2 * HOUR,
        wants_applications=True,
        wants_offers=True,
        lots=tender.lots,
    )
    written_at = now + tender.written * HOUR
    return consultation_writing.create(details, agent=people.buyer, now=written_at)


def _round(instant: datetime) -> datetime:
    """Deadlines are at the full hour."""
    return instant.replace(minute=0, second=0, microsecond=0)


def _publish(tender: Tender, people: People, personal: Key, *, now: datetime) -> Consultation:
    consultation = _write(tender, people, now=now)
    at = now + tender.written * HOUR + HOUR
    publication.choose_keys(consultation.pk, [personal.key_pair], actor=people.buyer, now=at)
    return publication.publish(consultation.pk, actor=people.buyer, now=at)


def _signed_bid(bidder: Bidder, arrival: datetime) -> Files:
    company = bidder.company.name
    commitment = documents.pdf(
        "Acte d’engagement",
        [f"{company}, représentée par {bidder.user.name},", "s’engage pour 48 213,50 € HT."],
    )
    signed = documents.signed(
        commitment, signatory=bidder.user.name, company=company, now=arrival - HOUR
    )
    technical = documents.pdf("Mémoire technique", ["Méthode, moyens, calendrier : 6 semaines."])
    return {
        EnvelopeKind.APPLICATION: {"DC1.pdf": documents.pdf("DC1", [company, "Candidat seul"])},
        EnvelopeKind.OFFER: {"Acte d’engagement.pdf": signed, "Mémoire technique.pdf": technical},
    }


def _plain_bid(bidder: Bidder) -> Files:
    company = bidder.company.name
    return {
        EnvelopeKind.APPLICATION: {"DC1 signé.pdf": documents.pdf("DC1", [company])},
        EnvelopeKind.OFFER: {
            "Acte d’engagement.pdf": documents.pdf("Acte d’engagement", [company, "51 900 € HT"]),
            "Bordereau des prix.csv": b"Poste;Prix\nTuiles;21400\nZinguerie;9800\n",
        },
    }


def _deposit(consultation: Consultation, bidder: Bidder, files: Files, at: datetime) -> Deposit:
    deposit = submission.start(consultation, bidder, now=at)
    announced = tuple(
        AnnouncedEnvelope(
            envelope.pk,
            tuple(
                _upload(envelope, bidder, name, content, at)
                for name, content in files[EnvelopeKind(envelope.kind)].items()
            ),
        )
        for envelope in deposit.envelopes.all()
    )
    announcement = Announcement(announced, salt=secrets.token_hex(32))
    submission.submit(deposit.pk, announcement, actor=bidder.user, now=at)
    deposit.refresh_from_db()
    return deposit


def _upload(
    envelope: Envelope, bidder: Bidder, name: str, content: bytes, at: datetime
) -> AnnouncedFile:
    file = uploads.create(
        envelope.deposit_id,
        envelope_id=envelope.pk,
        size=len(content),
        actor=bidder.user,
        clock=lambda: at,
    )
    uploads.receive(file.pk, BytesIO(content), offset=0, length=len(content), clock=lambda: at)
    return AnnouncedFile(file.pk, name, len(content), hashlib.sha256(content).hexdigest())


def _open(envelope: Envelope, people: People, key: Key, *, now: datetime) -> None:
    """Release an envelope's content keys, unwrapped with the key, as the agent's browser does."""
    stored = stored_envelope(envelope)
    certificate = read_certificate(bytes(key.key_pair.certificate))
    content_keys = {
        file.id: tuple(
            cms.unwrap(cms.read_header(read_header(file, block)), certificate, key.private_key)
            for block in file.blocks
        )
        for file in stored.files
    }
    keys = ReleasedKeys(key.key_pair.fingerprint, content_keys)
    opening.release(envelope.pk, agent=people.buyer, keys=keys, now=now)
