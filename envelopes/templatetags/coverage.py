# SPDX-License-Identifier: EUPL-1.2
"""What lists of consultations show of their coverage."""

from collections.abc import Iterable
from uuid import UUID

from django import template

from envelopes.models import Degradation
from marketplace.models import Consultation

register = template.Library()


@register.simple_tag
def degraded(consultations: Iterable[Consultation]) -> set[UUID]:
    """Which of these, on line, have lost something of their coverage; one question for all of them."""
    ongoing = Degradation.objects.filter(consultation__in=list(consultations), ended_at=None)
    return set(ongoing.values_list("consultation", flat=True))
