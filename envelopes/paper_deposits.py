# SPDX-License-Identifier: EUPL-1.2
"""What came on paper, or as a backup copy, entered in the register by an agent: never removed, cancelled."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from envelopes.errors.opening import DeadlineNotReached
from envelopes.errors.register import (
    ArrivalToCome,
    ArrivalTooEarly,
    LineCancelled,
    LineDiffers,
    ReasonMissing,
)
from envelopes.models import PaperDeposit
from marketplace import journal
from marketplace.models import Agent, Consultation


@dataclass(frozen=True)
class Line:
    """What an agent says of it; `id` is drawn by the form, so that sending it twice enters one line."""

    id: UUID
    way: PaperDeposit.Way
    company_name: str
    received_at: datetime
    parcels: str
    observations: str = ""


def check_arrival(consultation: Consultation, received_at: datetime, *, now: datetime) -> None:
    """Nothing arrives for a consultation that is not on line yet, nor after now.

    Raises:
        ArrivalTooEarly: it came before the consultation was published.
        ArrivalToCome: it has not come yet.
    """
    if consultation.published_at is None or received_at < consultation.published_at:
        raise ArrivalTooEarly
    if received_at > now:
        raise ArrivalToCome


@transaction.atomic
def enter(consultation_id: UUID, line: Line, *, agent: Agent, now: datetime) -> PaperDeposit:
    """Add a line to the register of a consultation whose deadline has passed; twice adds it once.

    Raises:
        DeadlineNotReached: it has not.
        ArrivalTooEarly, ArrivalToCome: as `check_arrival`.
        LineDiffers: it is entered already, and says something else.
    """
    consultation = Consultation.objects.select_related("service").get(pk=consultation_id)
    if not consultation.is_closed(now):
        raise DeadlineNotReached(consultation.closes_at)
    check_arrival(consultation, line.received_at, now=now)
    said = {name: value for name, value in asdict(line).items() if name != "id"}
    kept = {"consultation": consultation, "recorded_at": now, "recorded_by": agent}
    paper, is_new = PaperDeposit.objects.get_or_create(pk=line.id, defaults=said | kept)
    if not is_new:
        return _same(paper, consultation, said)
    journal.record(
        "paper_deposit.entered",
        paper,
        actor=agent.user,
        now=now,
        organisation_id=consultation.service.organisation_id,
        consultation=str(consultation.pk),
        company=line.company_name,
        received_at=line.received_at.isoformat(),
        way=line.way,
    )
    return paper


def _same(paper: PaperDeposit, consultation: Consultation, said: dict[str, object]) -> PaperDeposit:
    kept = {name: getattr(paper, name) for name in said}
    if paper.consultation_id != consultation.pk or kept != said:
        raise LineDiffers
    return paper


@transaction.atomic
def cancel(paper_id: UUID, *, reason: str, agent: Agent, now: datetime) -> PaperDeposit:
    """Strike a line through, for ever; it stays where it is. The same request again changes nothing.

    Raises:
        ReasonMissing: no reason is given.
        LineCancelled: it is cancelled already, by somebody else or for another reason.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    papers = PaperDeposit.objects.select_related("consultation__service")
    paper = papers.select_for_update(no_key=True, of=("self",)).get(pk=paper_id)
    if paper.cancelled_at is not None:
        if (paper.cancelled_by_id, paper.cancel_reason) != (agent.pk, reason):
            raise LineCancelled
        return paper
    paper.cancelled_at, paper.cancelled_by, paper.cancel_reason = now, agent, reason
    paper.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    journal.record(
        "paper_deposit.cancelled",
        paper,
        actor=agent.user,
        now=now,
        organisation_id=paper.consultation.service.organisation_id,
        consultation=str(paper.consultation_id),
        reason=paper.cancel_reason,
    )
    return paper
