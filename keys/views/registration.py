# SPDX-License-Identifier: EUPL-1.2
"""A key pair is added and proven: what the scripts of the pages ask."""

import base64
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from keys import findings, registration, renewal
from keys.errors import KeyRefused, RequestUnreadable
from keys.forms import AnswerForm, RegistrationForm
from keys.models import Challenge, KeyPair
from keys.registration import IssuedChallenge
from keys.views import asked
from marketplace.http import refuse_json
from marketplace.models import Right
from marketplace.permissions import AgentRequest, agent_required
from marketplace.templatetags.sigille import instant


@agent_required(Right.MANAGE_KEYS)
@require_safe
def new(request: AgentRequest) -> HttpResponse:
    """« Ajouter un bi-clé permanent »: everything happens in the browser; `?backup=1` ticks the box.

    « Renouveler » is the same page with the identity of another key pair, `?replaces=<its id>`.
    """
    replaces, now = asked.replaced(request), timezone.now()
    if replaces is not None:
        try:
            renewal.check(replaces)
        except KeyRefused as refusal:  # registering refuses it too, and keeps the attempt
            messages.error(request, f"{refusal.user_message} {refusal.remedy}")
            return redirect("keys:detail", replaces.pk)
    service = replaces.service if replaces else asked.chosen_service(request)
    context = {
        "service": service,
        "list_url": asked.list_url(service.pk),
        "is_backup": replaces.is_backup if replaces else "backup" in request.GET,
        "replaces": replaces,
        "retires_on": renewal.default_day(replaces, now) if replaces else None,
        "retirement_days": renewal.first_and_last_day(replaces, now) if replaces else None,
    }
    return render(request, "keys/new.html", context)


@agent_required(Right.MANAGE_KEYS)
@require_POST
def register(request: AgentRequest) -> HttpResponse:
    form = RegistrationForm(asked.body(request), agent=request.agent)
    if not form.is_valid():
        return refuse_json(request, RequestUnreadable(), request.agent, status=400)
    try:
        issued = registration.register(
            form.registration(), origin=asked.origin(request), now=timezone.now()
        )
    except KeyRefused as refusal:
        return refuse_json(request, refusal, form.cleaned_data["service"])
    warnings = findings.in_words(issued.warnings)
    return JsonResponse({**_challenge(issued), "warnings": warnings}, status=201)


@agent_required()
@require_POST
def challenge(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = asked.key_pair(request, key_pair_id)
    try:
        issued = registration.issue_challenge(
            key_pair.pk, asked_by=request.agent, origin=asked.origin(request), now=timezone.now()
        )
    except KeyRefused as refusal:
        return refuse_json(request, refusal, key_pair)
    return JsonResponse(_challenge(issued), status=201)


@agent_required()
@require_POST
def answer(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    key_pair = asked.key_pair(request, key_pair_id)
    form = AnswerForm(asked.body(request))
    if not form.is_valid():
        return refuse_json(request, RequestUnreadable(), key_pair, status=400)
    own = Challenge.objects.filter(key_pair=key_pair, asked_by=request.agent)
    own_challenge = get_object_or_404(own, pk=form.cleaned_data["challenge"])
    try:
        proven = registration.answer_challenge(
            own_challenge.pk, answer=form.cleaned_data["answer"], now=timezone.now()
        )
    except KeyRefused as refusal:
        return refuse_json(request, refusal, key_pair)
    assert proven.proven_at is not None  # noqa: S101 - that is what was just done
    return JsonResponse(
        {"proven_at": instant(proven.proven_at), "split": _split(proven.service_id)}
    )


def _split(service_id: UUID) -> dict[str, bool]:
    """What the service still lacks, so that the page can lead there."""
    split = KeyPair.objects.filter(service=service_id).split(timezone.now())
    return {"lacks_backup": split.lacks_backup, "hangs_on_one_person": split.hangs_on_one_person}


def _challenge(issued: IssuedChallenge) -> dict[str, str]:
    return {
        "challenge": str(issued.id),
        "block": base64.b64encode(issued.block).decode(),
        "answer_url": reverse("keys:answer", args=[issued.key_pair.pk]),
        "detail_url": reverse("keys:detail", args=[issued.key_pair.pk]),
    }
