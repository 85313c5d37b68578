# SPDX-License-Identifier: EUPL-1.2
"""Writing a consultation: as long as it is a draft, and only so long."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from marketplace import journal
from marketplace.errors import AdministratorsOnly, AlreadyOnline, DeadlinePassed, ReferenceTaken
from marketplace.models import Agent, Consultation, Lot


@dataclass(frozen=True)
class Details:
    """What an agent types of a consultation. Lots are numbered from 1 in the order given."""

    reference: str
    title: str
    closes_at: datetime
    opens_at: datetime
    wants_applications: bool
    wants_offers: bool
    lots: tuple[str, ...]  # titles
    is_test: bool = False


@transaction.atomic
def create(details: Details, *, agent: Agent, now: datetime) -> Consultation:
    """Write a new draft in the agent's service.

    Raises:
        DeadlinePassed: the deadline is not after `now`, or the opening is before it.
        ReferenceTaken: another consultation of the service has the reference.
        AdministratorsOnly: it is to be a test, and the agent is no administrator.
    """
    consultation = Consultation(service=agent.service, created_by=agent)
    return _write(consultation, details, actor=agent, now=now, action="consultation.created")


@transaction.atomic
def edit(consultation_id: UUID, details: Details, *, agent: Agent, now: datetime) -> Consultation:
    """Write a draft again, lots included.

    Raises:
        AlreadyOnline: what bidders have read is frozen.
        DeadlinePassed, ReferenceTaken, AdministratorsOnly: as in `create`.
    """
    consultations = Consultation.objects.select_related("service").select_for_update(
        no_key=True, of=("self",)
    )
    consultation = consultations.get(pk=consultation_id)
    if consultation.state != Consultation.State.DRAFT:
        raise AlreadyOnline
    return _write(consultation, details, actor=agent, now=now, action="consultation.edited")


def _write(
    consultation: Consultation, details: Details, *, actor: Agent, now: datetime, action: str
) -> Consultation:
    if not now < details.closes_at <= details.opens_at:
        raise DeadlinePassed
    if details.is_test != consultation.is_test and not actor.is_administrator:
        raise AdministratorsOnly
    namesakes = Consultation.objects.filter(
        service=consultation.service_id, reference=details.reference
    )
    if namesakes.exclude(pk=consultation.pk).exists():
        raise ReferenceTaken
    consultation.reference, consultation.title = details.reference, details.title
    consultation.closes_at, consultation.opens_at = details.closes_at, details.opens_at
    consultation.wants_applications = details.wants_applications
    consultation.wants_offers = details.wants_offers
    consultation.is_test = details.is_test
    consultation.save()
    consultation.lots.all().delete()
    Lot.objects.bulk_create(
        Lot(consultation=consultation, number=number, title=title)
        for number, title in enumerate(details.lots, start=1)
    )
    journal.record(
        action,
        consultation,
        actor=actor.user,
        now=now,
        organisation_id=consultation.service.organisation_id,
        **_facts(details),
    )
    return consultation


def _facts(details: Details) -> dict[str, journal.Fact]:
    kinds = {"application": details.wants_applications, "offer": details.wants_offers}
    return {
        "reference": details.reference,
        "title": details.title,
        "closes_at": details.closes_at.astimezone(UTC).isoformat(),
        "opens_at": details.opens_at.astimezone(UTC).isoformat(),
        "envelopes": [kind for kind, wanted in kinds.items() if wanted],
        "lots": list(details.lots),
        "is_test": details.is_test,
    }
