# SPDX-License-Identifier: EUPL-1.2
"""Finding consultations as the public does."""

from datetime import datetime

from django.db.models import Q, QuerySet

from marketplace.models import Consultation


def search(*, text: str, with_closed: bool, now: datetime) -> QuerySet[Consultation]:
    """Consultations on line whose reference, title or buyer contains `text`, the first to close first.

    `with_closed` adds, after them in time, those whose deadline has passed. Tests are not among them.
    """
    everything = Consultation.objects.published()
    found = everything if with_closed else Consultation.objects.open_at(now)
    found = found.filter(is_test=False)
    if text:
        buyer = Q(service__organisation__name__icontains=text)
        found = found.filter(Q(reference__icontains=text) | Q(title__icontains=text) | buyer)
    order = "-closes_at" if with_closed else "closes_at"
    return found.select_related("service__organisation").order_by(order, "reference", "pk")
