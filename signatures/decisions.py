# SPDX-License-Identifier: EUPL-1.2
"""What the buyer decides in view of a report: a person's act, kept for ever beside the technical result."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from marketplace import journal
from marketplace.models import Agent
from signatures.errors import IdentityUnchecked, ReportPending
from signatures.models import Decision, Report


@dataclass(frozen=True)
class Answer:
    """What the agent answers: the choice, why, and whether the signatory was checked."""

    choice: str  # of Decision.Choice
    reason: str
    identity_checked: bool


@transaction.atomic
def decide(report_id: UUID, answer: Answer, *, agent: Agent, now: datetime) -> Decision:
    """Record a decision; the former ones stay. The same one again, by the same agent, is one decision.

    Raises:
        ReportPending: the analysis is not finished.
        IdentityUnchecked: a signed document is admitted, and nobody checked who signed it.
    """
    report = Report.objects.select_for_update(no_key=True, of=("self",)).get(pk=report_id)
    if report.state == Report.State.PENDING:
        raise ReportPending
    is_admitted = answer.choice == Decision.Choice.ADMIT
    if is_admitted and report.signature_count and not answer.identity_checked:
        raise IdentityUnchecked
    latest = report.decisions.order_by("-decided_at").first()
    if latest and latest.decided_by_id == agent.pk and _answer_of(latest) == answer:
        return latest
    decision = Decision.objects.create(
        report=report,
        choice=answer.choice,
        reason=answer.reason,
        identity_checked=answer.identity_checked,
        decided_by=agent,
        decided_at=now,
    )
    journal.record(
        "report.decided",
        report,
        actor=agent.user,
        now=now,
        organisation_id=agent.service.organisation_id,
        choice=answer.choice,
        identity_checked=answer.identity_checked,
    )
    return decision


def _answer_of(decision: Decision) -> Answer:
    return Answer(decision.choice, decision.reason, decision.identity_checked)
