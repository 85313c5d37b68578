# SPDX-License-Identifier: EUPL-1.2
"""« Consultation de test »: always on line, its deadline always far enough to rehearse in peace."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from marketplace import journal
from marketplace.models import Consultation

NEAREST: Final = timedelta(days=30)  # the deadline is never nearer than that
STEP: Final = timedelta(days=30)  # it moves by so much: not every day


def roll(*, now: datetime) -> int:
    """Move the deadline of each test consultation that comes near; how many. Safe to run twice."""
    near = Consultation.objects.rehearsals().filter(closes_at__lt=now + NEAREST)
    return sum(_roll(pk, now) for pk in near.values_list("pk", flat=True))


@transaction.atomic
def _roll(consultation_id: UUID, now: datetime) -> bool:
    consultations = Consultation.objects.select_related("service").select_for_update(
        no_key=True, of=("self",)
    )
    consultation = consultations.get(pk=consultation_id)
    lacking = now + NEAREST - consultation.closes_at
    if lacking <= timedelta(0):
        return False
    moved = STEP * -(-lacking // STEP)
    consultation.closes_at += moved
    consultation.opens_at += moved
    consultation.save(update_fields=["closes_at", "opens_at"])
    journal.record(
        "consultation.test_extended",
        consultation,
        actor=None,
        now=now,
        organisation_id=consultation.service.organisation_id,
        closes_at=consultation.closes_at.astimezone(UTC).isoformat(),
    )
    return True
