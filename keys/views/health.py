# SPDX-License-Identifier: EUPL-1.2
"""« Santé des clés »: the key pairs of the whole organisation, for its administrators; and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from keys import key_search
from keys.forms import HealthSearchForm
from keys.models import PROOF_LASTS, Health, KeyPair, KeyPairQuerySet
from keys.views.rows import days_left
from marketplace import csv_files, tables
from marketplace.permissions import AgentRequest, administrator_required

PAGE_SIZE: Final = 25  # rows
COLUMNS: Final = {
    "state": gettext_lazy("State"),
    # Translators: « Nom du bi-clé »
    "name": gettext_lazy("Key pair name"),
    "service": gettext_lazy("Service"),
    # Translators: « Titulaire »
    "holder": gettext_lazy("Holder"),
    # Translators: « Date d'expiration »
    "not_after": gettext_lazy("Expiry date"),
    # Translators: « Dernière épreuve »
    "proven_at": gettext_lazy("Last proof"),
}
FIELDS: Final = {
    "service": "service__name",
    "holder": "holder__user__name",
}  # where named otherwise
# What the census counts: its label, its tone, and the query of the address that shows those counted.
CENSUS: Final = {
    "expired": (gettext_lazy("expired"), "bad", f"state={Health.EXPIRED.value}"),
    "unproven": (gettext_lazy("not proven"), "warn", f"state={Health.UNPROVEN.value}"),
    "expiring": (gettext_lazy("expire soon"), "warn", f"state={Health.EXPIRING.value}"),
    "stale": (
        format_lazy(gettext_lazy("last proof over {days} days old"), days=PROOF_LASTS.days),
        "warn",
        f"state={key_search.IN_SERVICE}&proof={PROOF_LASTS.days}",
    ),
    "in_service": (gettext_lazy("in service"), "ok", f"state={key_search.IN_SERVICE}"),
}


@dataclass(frozen=True)
class Count:
    """One figure of the census, which leads to those that it counts."""

    name: str
    number: int
    label: str
    tone: str  # of the badge
    url: str
    is_shown: bool  # whether the page shows those very ones


@dataclass(frozen=True)
class Row:
    key_pair: KeyPair
    health: Health
    left: str  # the days before an expiry that is near
    is_stale: bool  # in service, and its last proof too old


@administrator_required
@require_safe
def page(request: AgentRequest) -> HttpResponse:
    """The gravest first, unless the address asks for another order."""
    now = timezone.now()
    form = HealthSearchForm(request.GET, agent=request.agent)
    criteria, sorting = form.criteria(), tables.sorting(COLUMNS, request.GET)
    page = Paginator(_found(request, form, now), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "is_search": bool(criteria),
        "kept": {"sort": request.GET["sort"]} if "sort" in request.GET else {},
        "columns": sorting.columns,
        "page": page,
        "rows": [_row(key_pair, now) for key_pair in page],
        "census": _census(request, criteria, now),
        "file_url": reverse("keys:health_csv") + tables.address(request.GET, page=None),
        "list_url": reverse("keys:list"),
    }
    return render(request, "keys/health.html", context)


@administrator_required
@require_safe
def table(request: AgentRequest) -> HttpResponseBase:
    """What the page shows, all its pages, as a CSV file."""
    now, zone = timezone.now(), timezone.get_current_timezone()  # the rows leave after the request
    form = HealthSearchForm(request.GET, agent=request.agent)
    # Translators: the beginning of a file’s name, without accents
    name = _("health-of-the-keys")
    file_name = f"{name}-{timezone.localdate(now, zone)}.csv"
    cells = _cells(_found(request, form, now), now)
    return csv_files.answer(file_name, csv_files.lines(_headings(), cells, zone))


def _found(request: AgentRequest, form: HealthSearchForm, now: datetime) -> KeyPairQuerySet:
    sorting = tables.sorting(COLUMNS, request.GET)
    found = key_search.search(KeyPair.objects.visible_to(request.agent), form.criteria(), now=now)
    return key_search.ordered(
        found.select_related("service", "holder__user").defer("certificate"),
        FIELDS.get(sorting.column, sorting.column),
        is_descending=sorting.is_descending,
        now=now,
    )


def _census(request: AgentRequest, shown: key_search.Criteria, now: datetime) -> list[Count]:
    """Of the whole organisation, whatever is sought."""
    asked = {
        name: HealthSearchForm(QueryDict(query), agent=request.agent).criteria()
        for name, (_label, _tone, query) in CENSUS.items()
    }
    numbers = key_search.counts(KeyPair.objects.visible_to(request.agent), asked, now=now)
    return [
        Count(
            name,
            numbers[name],
            str(label),
            tone if numbers[name] else "off",
            f"?{query}",
            is_shown=shown == asked[name],
        )
        for name, (label, tone, query) in CENSUS.items()
    ]


def _row(key_pair: KeyPair, now: datetime) -> Row:
    health = key_pair.health(now)
    left = days_left(key_pair.not_after, now) if health is Health.EXPIRING else ""
    is_in_service = health in {Health.GOOD, Health.EXPIRING}
    return Row(key_pair, health, left, is_in_service and not key_pair.is_freshly_proven(now))


def _headings() -> list[str]:
    return [
        _("Service"),
        _("Key pair name"),
        _("Use"),
        _("Holder"),
        _("E-mail address of the holder"),
        _("CN field"),
        _("Algorithm"),
        _("State"),
        _("Expiry date"),
        _("Last proof"),
        _("Added on"),
        _("Out of service from"),
        _("SHA-256 fingerprint"),
    ]


def _cells(key_pairs: KeyPairQuerySet, now: datetime) -> Iterator[list[csv_files.Cell]]:
    """Its words are looked up once, in the language of the request."""
    states = {health: str(health.label) for health in Health}
    uses = {False: pgettext("key pair", "Personal"), True: pgettext("key pair", "Backup")}
    return (
        [
            key_pair.service.name,
            key_pair.name,
            uses[key_pair.is_backup],
            key_pair.holder.user.name,
            key_pair.holder.user.email,
            key_pair.common_name,
            key_pair.algorithm,
            states[key_pair.health(now)],
            key_pair.not_after,
            key_pair.proven_at,
            key_pair.created_at,
            key_pair.retired_at or key_pair.retires_at,
            key_pair.fingerprint,
        ]
        for key_pair in key_pairs.iterator()
    )
