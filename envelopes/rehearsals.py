# SPDX-License-Identifier: EUPL-1.2
"""What is particular to the deposits of a test consultation, where companies rehearse."""

import hashlib
import json
import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from envelopes.errors.submission import TooManyRehearsals
from envelopes.limits import MOST_REHEARSALS, REHEARSALS_COUNTED_FOR
from envelopes.models import Deposit
from marketplace import canonical, journal
from marketplace.models import Consultation

logger = logging.getLogger(__name__)


def check_count(consultation: Consultation, company_id: UUID, *, now: datetime) -> None:
    """Check that the company may rehearse once more; of a true consultation, nothing is asked.

    All test consultations count together. Nothing is locked: where there are several, a company that submits
    to each of them at the same moment may be one beyond, which harms nobody.

    Raises:
        TooManyRehearsals: it submitted as many as are received in a day.
    """
    if not consultation.is_test:
        return
    lately = Deposit.objects.filter(
        company=company_id,
        consultation__is_test=True,
        submitted_at__gt=now - REHEARSALS_COUNTED_FOR,
    )
    if lately.count() >= MOST_REHEARSALS:
        raise TooManyRehearsals


def kept_until(said: dict[str, Any]) -> datetime | None:
    """Until when the files of a rehearsal are kept, as its receipt has said; of no other is it said.

    Before version 4 receipts announced nothing: what they are of is kept for ever.
    """
    until = said.get("rehearsal_kept_until")
    return datetime.fromisoformat(until) if until else None


def is_over(deposit: Deposit, *, now: datetime) -> bool:
    """Whether its files may be removed: it is a submitted rehearsal, and its receipt said so.

    The receipt is the one that was given: the journal has its digest.
    """
    if not deposit.consultation.is_test or deposit.state != Deposit.State.SUBMITTED:
        return False
    said = json.loads(bytes(deposit.receipt.content))
    until = kept_until(said)
    if until is None or until >= now:
        return False
    del said["journal"]
    digest = hashlib.sha256(canonical.dumps(said)).hexdigest()
    is_given = journal.tells("deposit.submitted", deposit, receipt_sha256=digest)
    if not is_given:
        logger.critical("The receipt of deposit %s is not the one of the journal.", deposit.pk)
    return is_given
