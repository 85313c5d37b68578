# SPDX-License-Identifier: EUPL-1.2
"""« Empreintes des bi-clés »: what is printed, or quoted in the tender rules, for companies to compare."""

from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keys.models import KeyPair, KeyPairQuerySet
from keys.views import asked
from marketplace.models import Service
from marketplace.permissions import AgentRequest, agent_required

PAGE_SIZE = 100  # key pairs


@agent_required()
@require_safe
def of_service(request: AgentRequest) -> HttpResponse:
    """Of all those to which bids of the service may be sealed today."""
    service, now = asked.chosen_service(request), timezone.now()
    usable = KeyPair.objects.filter(service=service).usable(now=now, until=now)
    return _page(request, service, usable)


@agent_required()
@require_safe
def of_key_pair(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = asked.key_pair(request, key_pair_id)
    return _page(request, key_pair.service, KeyPair.objects.filter(pk=key_pair.pk))


def _page(request: AgentRequest, service: Service, key_pairs: KeyPairQuerySet) -> HttpResponse:
    now = timezone.now()
    rows = key_pairs.defer("certificate").order_by("is_backup", "name", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "service": service,
        "organisation": request.agent.service.organisation,
        "list_url": asked.way_back(request, service),
        "page": page,
        "rows": [(key_pair, key_pair.health(now)) for key_pair in page],
        "now": now,
        "site": settings.BASE_URL,
    }
    return render(request, "keys/fingerprints.html", context)
