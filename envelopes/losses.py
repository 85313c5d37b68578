# SPDX-License-Identifier: EUPL-1.2
"""« Signaler une perte », « une compromission »: out of new sealings at once, and people are told."""

from datetime import datetime
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import transaction

from envelopes import dependents, notices
from envelopes.models import KeyReport
from keys import mails, retirement
from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent


@transaction.atomic
def report(
    key_pair_id: UUID, *, reason: KeyPair.RetirementReason, actor: Agent, now: datetime
) -> KeyReport:
    """Keep that a key pair is lost or compromised; a mail tells it within minutes.

    Raises:
        AlreadyReported: the same, or worse, was reported of it.
    """
    key_pair = retirement.report(key_pair_id, reason=reason, actor=actor, now=now)
    return KeyReport.objects.create(
        key_pair=key_pair, reason=reason, reported_by=actor, reported_at=now
    )


def tell(*, now: datetime) -> int:
    """Tell the holder, those who manage keys and consultations, and the administrators; once a report.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    due = KeyReport.objects.filter(sent_at=None).order_by("pk")
    due = due.select_related(
        "key_pair__service__organisation", "key_pair__holder__user", "reported_by__user"
    )

    def record(report: KeyReport) -> None:
        journal.record(
            "key_pair.report_told",
            report.key_pair,
            actor=None,
            now=now,
            organisation_id=report.key_pair.service.organisation_id,
            reason=report.reason,
        )

    return mails.send_due(due, compose=lambda report: _message(report, now), record=record, now=now)


def _message(report: KeyReport, now: datetime) -> EmailMessage | None:
    key_pair = report.key_pair
    to = notices.concerned(key_pair.service, key_pair.holder)
    if not to:
        return None
    affected = [
        dependent
        for dependent in dependents.without({key_pair.pk}, now=now)
        if dependent.is_unopened
    ]
    context = {
        "report": report,
        "key_pair": key_pair,
        "is_loss": report.reason == KeyPair.RetirementReason.LOST,
        "affected": affected,
        "drafts": dependents.drafts_of({key_pair.pk}),
        "consultations_url": notices.link("envelopes:key_consultations", key_pair.pk),
    }
    organisation = key_pair.service.organisation
    return mails.letter("envelopes/key_report", context, organisation=organisation, to=to)
