# SPDX-License-Identifier: EUPL-1.2
"""Consultations of the demonstration, one in each state, with bids that really open."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from operator import itemgetter

from envelopes import opening, publication, submission, uploads
from envelopes.models import Deposit, Envelope
from envelopes.opening import ReleasedKeys
from envelopes.receipts import AnnouncedEnvelope, AnnouncedFile, Announcement
from envelopes.stored import read_header, stored_envelope
from keys import cms
from keys.certificates import read_certificate
from marketplace import consultation_writing
from marketplace.models import Agent, Bidder, Consultation, EnvelopeKind
from signatures.demonstration import documents, keyring
from signatures.demonstration.keyring import Key
from signatures.demonstration.people import People

HOUR = timedelta(hours=1)
Files = dict[EnvelopeKind, dict[str, bytes]]


@dataclass(frozen=True)
class Tender:
    """What the buyer types, and when, counted in hours from now: before it is negative."""

    reference: str
    title: str
    written: int
    closes: int
    lots: tuple[str, ...] = ()
    is_test: bool = False


TEST = Tender(
    "ESSAI",
    "Consultation de test : s’entraîner à déposer un pli",
    -24 * 20,
    24 * 45,
    is_test=True,
)
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
DRILLS = (-62, -36, -7)  # days: nothing goes on line on keys proven longer ago than 30


@dataclass(frozen=True)
class Stage:
    """Who plays, with which keys, and the instant that the audience calls now."""

    people: People
    personal: Key
    backup: Key
    now: datetime

    def writer(self, tender: Tender) -> Agent:
        """An administrator answers for a test."""
        return self.people.administrator if tender.is_test else self.people.buyer


def play(stage: Stage) -> Deposit:
    """Play the consultations in the order of the days, so that the journal is in order too.

    The deposit that a newcomer is invited to open is given back.
    """
    people = stage.people
    story: list[tuple[int, Callable[[Stage, datetime], object]]] = [
        (OPENED.written, partial(_publish, OPENED)),
        (-24 * 21, partial(_deposit, OPENED, people.builder, _signed_bid)),
        (-24 * 19, partial(_open, OPENED)),
        (TEST.written, partial(_publish, TEST)),
        (CLOSED.written, partial(_publish, CLOSED)),
        (-26, partial(_deposit, CLOSED, people.roofer, _signed_bid)),
        (-5, partial(_deposit, CLOSED, people.builder, _plain_bid)),
        (ONLINE.written, partial(_publish, ONLINE)),
        (DRAFT.written, partial(_write, DRAFT)),
        *((days * 24, _drill) for days in DRILLS),
    ]
    for hours, act in sorted(story, key=itemgetter(0)):
        act(stage, stage.now + hours * HOUR)
    return Deposit.objects.get(consultation__reference=CLOSED.reference, number=1)


def _write(tender: Tender, stage: Stage, at: datetime) -> Consultation:
    closes_at = (stage.now + tender.closes * HOUR).replace(minute=0, second=0, microsecond=0)
    details = consultation_writing.Details(
        reference=tender.reference,
        title=tender.title,
        closes_at=closes_at,
        opens_at=closes_at + 2 * HOUR,
        wants_applications=True,
        wants_offers=True,
        lots=tender.lots,
        is_test=tender.is_test,
    )
    return consultation_writing.create(details, agent=stage.writer(tender), now=at)


def _drill(stage: Stage, at: datetime) -> None:
    for key in (stage.personal, stage.backup):
        keyring.drill(key, now=at)


def _publish(tender: Tender, stage: Stage, at: datetime) -> None:
    writer = stage.writer(tender)
    consultation = _write(tender, stage, at)
    publication.choose_keys(consultation.pk, [stage.personal.key_pair], actor=writer, now=at)
    publication.publish(consultation.pk, actor=writer, now=at)


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


def _plain_bid(bidder: Bidder, _arrival: datetime) -> Files:
    company = bidder.company.name
    return {
        EnvelopeKind.APPLICATION: {"DC1 signé.pdf": documents.pdf("DC1", [company])},
        EnvelopeKind.OFFER: {
            "Acte d’engagement.pdf": documents.pdf("Acte d’engagement", [company, "51 900 € HT"]),
            "Bordereau des prix.csv": b"Poste;Prix\nTuiles;21400\nZinguerie;9800\n",
        },
    }


def _deposit(
    tender: Tender,
    bidder: Bidder,
    bid: Callable[[Bidder, datetime], Files],
    _stage: Stage,
    at: datetime,
) -> None:
    consultation = Consultation.objects.get(reference=tender.reference)
    deposit = submission.start(consultation, bidder, now=at)
    files = bid(bidder, at)
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


def _open(tender: Tender, stage: Stage, at: datetime) -> None:
    """Open all, the applications first."""
    envelopes = Envelope.objects.filter(deposit__consultation__reference=tender.reference)
    for envelope in envelopes.order_by("kind"):
        keys = _unwrapped(envelope, stage.personal)
        opening.release(envelope.pk, agent=stage.people.buyer, keys=keys, now=at)


def _unwrapped(envelope: Envelope, key: Key) -> ReleasedKeys:
    """An envelope's content keys, unwrapped with the key as the agent's browser does."""
    certificate = read_certificate(bytes(key.key_pair.certificate))
    content_keys = {
        file.id: tuple(
            cms.unwrap(cms.read_header(read_header(file, block)), certificate, key.private_key)
            for block in file.blocks
        )
        for file in stored_envelope(envelope).files
    }
    return ReleasedKeys(key.key_pair.fingerprint, content_keys)
