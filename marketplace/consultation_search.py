# SPDX-License-Identifier: EUPL-1.2
"""Finding consultations among those that an agent may see."""

from datetime import datetime

from django.db.models import Q

from marketplace.models import Agent, Consultation, Phase
from marketplace.models.consultations import ConsultationQuerySet


def search(agent: Agent, *, text: str, phase: Phase | None, now: datetime) -> ConsultationQuerySet:
    """Those whose reference or title contains `text`, in `phase` at `now`, the latest first."""
    found = Consultation.objects.visible_to(agent).select_related("service")
    if text:
        found = found.filter(Q(reference__icontains=text) | Q(title__icontains=text))
    if phase is not None:
        found = found.filter(_in_phase(phase, now))
    return found.order_by("-closes_at", "reference")


def _in_phase(phase: Phase, now: datetime) -> Q:
    """The same answer as `Consultation.phase`, for the database."""
    if phase == Phase.ONLINE:
        return Q(state=Consultation.State.ONLINE, closes_at__gt=now)
    if phase == Phase.CLOSED:
        return Q(state=Consultation.State.ONLINE, closes_at__lte=now)
    return Q(state=phase.value)
