# SPDX-License-Identifier: EUPL-1.2
"""« Paramétrage > Clés de chiffrement »: both tables of a service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from keys import retirement
from keys.models import Health, KeyPair, KeyPairQuerySet, manageable_services
from keys.retirement import Removal
from keys.views import asked
from marketplace.models import Right
from marketplace.permissions import AgentRequest, agent_required

PAGE_SIZE: Final = 25  # rows


@dataclass(frozen=True)
class Row:
    key_pair: KeyPair
    health: Health
    removal: Removal


@dataclass(frozen=True)
class Table:
    parameter: str  # of the address, that names its page
    page: Page[KeyPair]
    rows: list[Row]


@agent_required()
@require_safe
def key_list(request: AgentRequest) -> HttpResponse:
    """Both tables of a service. The choice of the service stays in the address, as `?service=`."""
    now, service = timezone.now(), asked.chosen_service(request)
    key_pairs = KeyPair.objects.filter(service=service)
    others = manageable_services(request.agent).exclude(pk=request.agent.service_id)
    return render(
        request,
        "keys/list.html",
        {
            "service": service,
            "other_services": others.order_by("name"),
            "personal": _table(request, key_pairs.personal(), "personal", now),
            "backup": _table(request, key_pairs.backup(), "backup", now),
            "census": key_pairs.census(now),
            "may_manage": request.agent.may(Right.MANAGE_KEYS),
        },
    )


def _table(
    request: HttpRequest, key_pairs: KeyPairQuerySet, parameter: str, now: datetime
) -> Table:
    ordered = key_pairs.select_related("holder__user").order_by("name", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get(parameter))
    removals = retirement.removals_of(list(page))
    rows = [Row(key_pair, key_pair.health(now), removals[key_pair.pk]) for key_pair in page]
    return Table(parameter, page, rows)
