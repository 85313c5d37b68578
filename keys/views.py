# SPDX-License-Identifier: EUPL-1.2
"""« Paramétrage > Clés de chiffrement », and what its scripts ask."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from keys import editing, registration, retirement
from keys.errors import KeyRefused, RequestUnreadable
from keys.forms import AnswerForm, KeyPairForm, RegistrationForm, ServiceForm
from keys.models import Challenge, Health, KeyPair, KeyPairQuerySet, manageable_services
from keys.registration import IssuedChallenge
from keys.retirement import Removal
from marketplace.http import refuse, refuse_json
from marketplace.models import Right, Service
from marketplace.permissions import AgentRequest, agent_required
from marketplace.templatetags.sigille import instant

PAGE_SIZE: Final = 25  # rows


@dataclass(frozen=True)
class Row:
    key_pair: KeyPair
    health: Health


@dataclass(frozen=True)
class Table:
    parameter: str  # of the address, that names its page
    page: Page[KeyPair]
    rows: list[Row]


@agent_required()
@require_safe
def key_list(request: AgentRequest) -> HttpResponse:
    """Both tables of a service. The choice of the service stays in the address, as `?service=`."""
    now, service = timezone.now(), _chosen_service(request)
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


@agent_required(Right.MANAGE_KEYS)
@require_safe
def new(request: AgentRequest) -> HttpResponse:
    """« Ajouter un bi-clé permanent »: everything happens in the browser; `?backup=1` ticks the box."""
    service = _chosen_service(request)
    context = {
        "service": service,
        "list_url": _list_url(service.pk),
        "is_backup": "backup" in request.GET,
    }
    return render(request, "keys/new.html", context)


@agent_required(Right.MANAGE_KEYS)
@require_POST
def register(request: AgentRequest) -> HttpResponse:
    form = RegistrationForm(_body(request), agent=request.agent)
    if not form.is_valid():
        return refuse_json(request, RequestUnreadable(), request.agent, status=400)
    try:
        issued = registration.register(
            form.registration(), origin=_origin(request), now=timezone.now()
        )
    except KeyRefused as refusal:
        return refuse_json(request, refusal, form.cleaned_data["service"])
    return JsonResponse(_challenge(issued), status=201)


@agent_required()
@require_safe
def detail(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = _key_pair(request, key_pair_id)
    context = {
        "key_pair": key_pair,
        "list_url": _list_url(key_pair.service_id),
        "health": key_pair.health(timezone.now()),
        "may_manage": request.agent.may(Right.MANAGE_KEYS),
    }
    return render(request, "keys/detail.html", context)


@agent_required()
@require_POST
def challenge(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = _key_pair(request, key_pair_id)
    issued = registration.issue_challenge(
        key_pair.pk, asked_by=request.agent, origin=_origin(request), now=timezone.now()
    )
    return JsonResponse(_challenge(issued), status=201)


@agent_required()
@require_POST
def answer(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = _key_pair(request, key_pair_id)
    form = AnswerForm(_body(request))
    if not form.is_valid():
        return refuse_json(request, RequestUnreadable(), key_pair, status=400)
    own = Challenge.objects.filter(key_pair=key_pair, asked_by=request.agent)
    asked = get_object_or_404(own, pk=form.cleaned_data["challenge"])
    try:
        proven = registration.answer_challenge(
            asked.pk, answer=form.cleaned_data["answer"], now=timezone.now()
        )
    except KeyRefused as refusal:
        return refuse_json(request, refusal, key_pair)
    assert proven.proven_at is not None  # noqa: S101 - that is what was just done
    return JsonResponse({"proven_at": instant(proven.proven_at)})


@agent_required(Right.MANAGE_KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = _key_pair(request, key_pair_id)
    initial = {"name": key_pair.name, "is_backup": key_pair.is_backup}
    form = KeyPairForm(request.POST or None, initial=initial)
    if not form.is_valid():
        context = {"form": form, "key_pair": key_pair, "list_url": _list_url(key_pair.service_id)}
        return render(request, "keys/edit.html", context)
    editing.edit(key_pair.pk, **form.cleaned_data, editor=request.agent, now=timezone.now())
    messages.success(request, _("The changes are saved."))
    return redirect("keys:detail", key_pair.pk)


@agent_required(Right.MANAGE_KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """GET says what will happen, POST does it."""
    key_pair = _key_pair(request, key_pair_id)
    if request.method != "POST":
        context = {
            "key_pair": key_pair,
            "list_url": _list_url(key_pair.service_id),
            "is_deletion": retirement.removal_of(key_pair) is Removal.DELETED,
        }
        return render(request, "keys/remove.html", context)
    try:
        removal = retirement.remove(key_pair.pk, remover=request.agent, now=timezone.now())
    except KeyRefused as refusal:
        refuse(request, refusal, key_pair)
        return redirect("keys:detail", key_pair.pk)
    done = _("%(name)s is deleted.") if removal is Removal.DELETED else _("%(name)s is withdrawn.")
    messages.success(request, done % {"name": key_pair.name})
    return redirect(_list_url(key_pair.service_id))


def _chosen_service(request: AgentRequest) -> Service:
    """That of the address, or the agent's own; « Mon Service » wins over what the other list says."""
    if request.GET.get("scope") == "own":
        return request.agent.service
    form = ServiceForm(request.GET, agent=request.agent)
    if not form.is_valid():
        raise Http404
    service: Service = form.cleaned_data["service"] or request.agent.service
    return service


def _list_url(service_id: UUID) -> str:
    return f"{reverse('keys:list')}?service={service_id}"


def _table(
    request: HttpRequest, key_pairs: KeyPairQuerySet, parameter: str, now: datetime
) -> Table:
    ordered = key_pairs.select_related("holder__user").order_by("name", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get(parameter))
    return Table(parameter, page, [Row(key_pair, key_pair.health(now)) for key_pair in page])


def _key_pair(request: AgentRequest, key_pair_id: UUID) -> KeyPair:
    visible = KeyPair.objects.visible_to(request.agent)
    return get_object_or_404(visible.select_related("service", "holder__user"), pk=key_pair_id)


def _body(request: HttpRequest) -> dict[str, object]:
    """The members of a JSON object; none where the body is something else."""
    try:
        body = json.loads(request.body)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _origin(request: HttpRequest) -> str:
    """The origin of our pages as the browser names it; the host is one of `ALLOWED_HOSTS`."""
    return f"{request.scheme}://{request.get_host()}"


def _challenge(issued: IssuedChallenge) -> dict[str, str]:
    return {
        "challenge": str(issued.id),
        "block": base64.b64encode(issued.block).decode(),
        "answer_url": reverse("keys:answer", args=[issued.key_pair.pk]),
        "detail_url": reverse("keys:detail", args=[issued.key_pair.pk]),
    }
