# SPDX-License-Identifier: EUPL-1.2
"""A receipt on paper: what the kept receipt says, in words, with the receipt itself inside.

It is made from the bytes of the receipt, never from the rows of today, so that it says the same whenever
it is asked for. Three things come from elsewhere: the time-stamp token, which comes later; the time zone of
the buyer, in which instants are told beside UTC, and which is set once for all; and that the consultation is
a test, which no longer changes once it is on line, and which only receipts of version 4 say.
"""

import json
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from envelopes import rehearsals
from envelopes.models import Receipt
from marketplace import pdf
from marketplace.models import Timestamp
from marketplace.pdf import Attachment

INSTANTS: Final = ("submitted_at", "first_byte_at", "last_byte_at")


def made_of(receipt: Receipt) -> bytes:
    """The PDF of a receipt; its bytes change once only, when the time-stamp token comes.

    Raises:
        PDFUnavailable: documents cannot be made here.
    """
    said = json.loads(bytes(receipt.content))
    submitted_at = datetime.fromisoformat(said["submitted_at"])
    is_test = receipt.deposit.consultation.is_test
    shown = context(said, receipt.timestamp, zone=_zone(receipt), is_test=is_test)
    return pdf.render("receipt", shown, made_at=submitted_at, attachments=_attachments(receipt))


def context(
    said: dict[str, Any], timestamp: Timestamp | None, *, zone: str, is_test: bool = False
) -> dict[str, object]:
    """What the document shows of a receipt. Versions 1 and 2 have neither `copies` nor `follows`."""
    instants = {
        name: datetime.fromisoformat(said[name]) if said[name] else None for name in INSTANTS
    }
    until = rehearsals.kept_until(said)
    closes_at = datetime.fromisoformat(said["consultation"]["closes_at"])
    return {
        "receipt": said,
        "instants": instants | {"closes_at": closes_at},
        "copies": said.get("copies"),
        "follows": said.get("follows"),
        "is_rehearsal": is_test or until is not None,
        "kept_until": until,
        "submitter": submitter(said),
        "timestamp": timestamp,
        "zone": zone,
    }


def submitter(said: dict[str, Any]) -> str:
    """The actor of the submission, as the journal names it; version 1 does not tell."""
    entry = said["journal"].get("entry", {})
    return str(entry.get("actor", ""))


def _zone(receipt: Receipt) -> str:
    return receipt.deposit.consultation.service.organisation.time_zone


def _attachments(receipt: Receipt) -> list[Attachment]:
    name = f"receipt-{receipt.pk}"
    found = [Attachment(f"{name}.json", bytes(receipt.content), _("The receipt itself"))]
    token = receipt.timestamp.token if receipt.timestamp else None
    if token is not None:
        found.append(Attachment(f"{name}.tst", bytes(token), _("The time-stamp token (RFC 3161)")))
    return found
