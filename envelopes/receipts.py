# SPDX-License-Identifier: EUPL-1.2
"""What a bidder is given as a proof: the receipt, which is kept, and its annex, which is not."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from envelopes.limits import REHEARSAL_KEPT_FOR
from envelopes.models import Deposit, Envelope
from marketplace import canonical, heads, journal
from marketplace.canonical import JSONValue
from marketplace.heads import Proof
from marketplace.models import JournalEntry
from marketplace.storage import block_store

ANNEX_VERSION: Final = 1
RECEIPT_VERSION: Final = 3  # 1 had neither head nor proof, 2 neither `copies` nor `follows`
REHEARSAL_VERSION: Final = (
    4  # of a rehearsal alone: that it is one, and until when its files are kept
)


@dataclass(frozen=True)
class AnnouncedFile:
    """A file as the bidder's computer knows it; `sha256` is that of the plaintext, hexadecimal."""

    upload_id: UUID
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class AnnouncedEnvelope:
    """The files of one envelope, in the bidder's order."""

    id: UUID
    files: tuple[AnnouncedFile, ...]


@dataclass(frozen=True)
class Announcement:
    """What the bidder says to submit. `salt`, hexadecimal, is drawn by the bidder's computer.

    `follows` and `relation` are what the page says of the earlier deposit, if there is one.
    """

    envelopes: tuple[AnnouncedEnvelope, ...]
    salt: str
    follows: UUID | None = None
    relation: str = ""


def annex(deposit: Deposit, announcement: Announcement, envelopes: dict[UUID, Envelope]) -> bytes:
    """Names, sizes and digests of the files: the file that the bidder keeps, byte for byte.

    It holds the salt, so that its SHA-256, which the receipt keeps, tells nothing of a small file.
    """
    parts: list[JSONValue] = [
        {
            "files": [_annex_file(file) for file in part.files],
            "kind": envelopes[part.id].kind,
            "lot": _lot_number(envelopes[part.id]),
        }
        for part in announcement.envelopes
    ]
    return canonical.dumps(
        {
            "deposit": str(deposit.pk),
            "envelopes": parts,
            "salt": announcement.salt,
            "version": ANNEX_VERSION,
        }
    )


def statement(deposit: Deposit, *, manifest: bytes, annex: bytes) -> dict[str, JSONValue]:
    """What the receipt of a submitted deposit says, but for the journal (docs/envelope-format.md § 13).

    Neither the deposit's number nor anything of another company's deposit is in it.
    """
    consultation, company = deposit.consultation, deposit.company
    said: dict[str, JSONValue] = {
        "annex_sha256": hashlib.sha256(annex).hexdigest(),
        "buyer": {
            "organisation": consultation.service.organisation.name,
            "service": consultation.service.name,
        },
        "company": {"name": company.name, "registration": company.registration},
        "consultation": {
            "closes_at": instant(consultation.closes_at),
            "id": str(consultation.pk),
            "reference": consultation.reference,
            "title": consultation.title,
        },
        "copies": block_store().copies,
        "deposit": str(deposit.pk),
        "first_byte_at": instant(deposit.first_byte_at),
        "follows": _follows(deposit),
        "is_late": deposit.is_late,
        "last_byte_at": instant(deposit.last_byte_at),
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "recipients": list(consultation.recipient_set.fingerprints),
        "submitted_at": instant(deposit.submitted_at),
        "version": RECEIPT_VERSION,
    }
    return said | _rehearsal(deposit)


def receipt(said: dict[str, JSONValue], *, entry: JournalEntry, proof: Proof | None) -> bytes:
    """The receipt: what it says, and that the journal says so."""
    return canonical.dumps(said | {"journal": _journal(entry, proof)})


def instant(value: datetime | None) -> str | None:
    """An instant, in UTC, to the microsecond."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None


def _journal(entry: JournalEntry, proof: Proof | None) -> JSONValue:
    return {
        "entry": journal.opened(entry),
        "head": proof.note if proof else None,
        "index": entry.index,
        "key": str(heads.verifier_key()),
        "leaf_hash": bytes(entry.leaf_hash).hex(),
        "proof": [node.hex() for node in proof.hashes] if proof else [],
    }


def _rehearsal(deposit: Deposit) -> dict[str, JSONValue]:
    """What the receipt of a deposit in a test consultation says more."""
    if not deposit.consultation.is_test or deposit.submitted_at is None:
        return {}
    until = instant(deposit.submitted_at + REHEARSAL_KEPT_FOR)
    return {"rehearsal_kept_until": until, "version": REHEARSAL_VERSION}


def _follows(deposit: Deposit) -> JSONValue:
    """The earlier deposit of the company, and what the bidder said that this one is to it."""
    if deposit.follows_id is None:
        return None
    return {"deposit": str(deposit.follows_id), "relation": deposit.relation}


def _annex_file(file: AnnouncedFile) -> JSONValue:
    return {"name": file.name, "sha256": file.sha256, "size": file.size}


def _lot_number(envelope: Envelope) -> int | None:
    return envelope.lot.number if envelope.lot else None
