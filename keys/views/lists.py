# SPDX-License-Identifier: EUPL-1.2
"""« Paramétrage > Clés de chiffrement »: both tables of a service, and the choice of the service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from keys import key_search, retirement
from keys.forms import KeySearchForm, ServiceForm
from keys.models import KeyPair, KeyPairQuerySet, other_services
from keys.views import asked
from keys.views.rows import FIELDS, Row, rows_of
from marketplace import tables
from marketplace.models import Right
from marketplace.permissions import AgentRequest, agent_required

PAGE_SIZE: Final = 10  # rows of each table
COLUMNS: Final = {
    # Translators: « Nom du bi-clé »
    "name": _("Key pair name"),
    # Translators: « Champ CN »
    "common_name": _("CN field"),
    # Translators: « Date d'expiration »
    "not_after": _("Expiry date"),
    "state": _("State"),
}


@dataclass(frozen=True)
class Table:
    parameter: str  # of the address, that names its page
    page: Page[KeyPair]
    rows: list[Row]


@agent_required()
@require_safe
def key_list(request: AgentRequest) -> HttpResponse:
    """Both tables of the service that is administered, of what is sought there."""
    now, service = timezone.now(), asked.chosen_service(request)
    key_pairs = KeyPair.objects.filter(service=service)
    form = KeySearchForm(request.GET)
    criteria = form.criteria()
    sorting = tables.sorting(COLUMNS, request.GET, pages=("personal", "backup"))
    found = key_search.ordered(
        key_search.search(key_pairs, criteria, now=now),
        sorting.column,
        is_descending=sorting.is_descending,
        now=now,
    )
    return render(
        request,
        "keys/list.html",
        {
            "service": service,
            "other_services": other_services(request.agent),
            "form": form,
            "is_search": bool(criteria),
            "kept": _kept(request, "service", "sort"),
            "columns": sorting.columns,
            **_tables(request, found, now),
            "census": key_pairs.census(now),
            "split": key_pairs.split(now),
            "may_manage": request.agent.may(Right.MANAGE_KEYS),
        },
    )


@agent_required()
@require_POST
def choose_service(request: AgentRequest) -> HttpResponse:
    """« Administrer un Service »: the choice stays while one works."""
    form = ServiceForm(request.POST, agent=request.agent)
    if not form.is_valid():
        raise Http404
    asked.keep_choice(request, form.chosen() or request.agent.service)
    return redirect("keys:list")


def _kept(request: HttpRequest, *names: str) -> dict[str, str]:
    """What the search form sends again."""
    return {name: request.GET[name] for name in names if name in request.GET}


def _tables(request: HttpRequest, found: KeyPairQuerySet, now: datetime) -> dict[str, Table]:
    """The personal and the backup one, by their parameter."""
    rows = found.select_related("holder__user").only(*FIELDS)
    pages = {
        parameter: Paginator(kind, PAGE_SIZE).get_page(request.GET.get(parameter))
        for parameter, kind in (("personal", rows.personal()), ("backup", rows.backup()))
    }
    removals = retirement.removals_of([key_pair for page in pages.values() for key_pair in page])
    return {
        parameter: Table(parameter, page, rows_of(page, removals, now))
        for parameter, page in pages.items()
    }
