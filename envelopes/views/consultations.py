# SPDX-License-Identifier: EUPL-1.2
"""A consultation as its agents see it before the opening: nothing here tells of deposits."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from envelopes import publication
from envelopes.forms import KeyChoiceForm
from envelopes.models import VALID_AFTER_OPENING
from envelopes.views import asked
from envelopes.views.coverage import coverage_of
from keys.models import PROOF_LASTS, KeyPair
from marketplace import http
from marketplace.errors import Refusal
from marketplace.models import Consultation, Phase, Right
from marketplace.permissions import AgentRequest, agent_required


@agent_required()
@require_safe
def detail(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    consultation = asked.consultation(request, consultation_id)
    now = timezone.now()
    context = {
        "consultation": consultation,
        "lots": consultation.lots.order_by("number"),
        "now": now,
        "is_draft": consultation.state == Consultation.State.DRAFT,
        "is_closed": consultation.phase(now) in {Phase.CLOSED, Phase.OPENING},
        "may_write": request.agent.may(Right.MANAGE_CONSULTATIONS),
        "may_open": request.agent.may(Right.OPEN_BIDS),
    }
    if consultation.state == Consultation.State.DRAFT:
        context |= _keys_of_draft(consultation, now)
        context["readiness"] = publication.readiness(consultation, now=now)
    else:
        recipients = consultation.recipient_set.key_pairs.select_related("holder__user")
        context["recipients"] = recipients.order_by("is_backup", "name", "pk")
    if consultation.state != Consultation.State.OPENING and not consultation.is_test:
        context["coverage"] = coverage_of(consultation, now)
    return render(request, "envelopes/consultation.html", context)


@agent_required(Right.MANAGE_CONSULTATIONS)
@require_POST
def choose_keys(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    consultation = asked.consultation(request, consultation_id)
    form = KeyChoiceForm(consultation, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose among the key pairs of the list, then save again."))
        return redirect("envelopes:consultation", consultation.pk)
    try:
        publication.choose_keys(
            consultation.pk,
            list(form.cleaned_data["key_pairs"]),
            actor=request.agent,
            now=timezone.now(),
        )
    except Refusal as refusal:
        http.refuse(request, refusal, consultation)
    else:
        messages.success(request, _("The choice of key pairs is saved."))
    return redirect("envelopes:consultation", consultation.pk)


@agent_required(Right.MANAGE_CONSULTATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    """A page that says what will be frozen; then the freezing."""
    consultation = asked.consultation(request, consultation_id)
    if request.method == "POST":
        return _publish(request, consultation)
    found = publication.readiness(consultation, now=timezone.now())
    if consultation.state != Consultation.State.DRAFT or found.problems:
        return redirect("envelopes:consultation", consultation.pk)
    context = {
        "consultation": consultation,
        "lots": consultation.lots.order_by("number"),
        "readiness": found,
        "recipients": found.recipients,
    }
    return render(request, "envelopes/publish.html", context)


def _publish(request: AgentRequest, consultation: Consultation) -> HttpResponse:
    try:
        publication.publish(
            consultation.pk,
            actor=request.agent,
            now=timezone.now(),
            shown=request.POST.getlist("fingerprint"),
        )
    except Refusal as refusal:
        http.refuse(request, refusal, consultation)
    else:
        messages.success(request, _("The consultation is on line. Its recipients are frozen."))
    return redirect("envelopes:consultation", consultation.pk)


def _keys_of_draft(consultation: Consultation, now: datetime) -> dict[str, object]:
    """Those to choose among, with those that were chosen and withdrawn since: they can be unticked."""
    chosen = set(consultation.chosen_keys.values_list("key_pair", flat=True))
    key_pairs = KeyPair.objects.filter(service=consultation.service_id)
    in_list = ~Q(state=KeyPair.State.RETIRED) | Q(pk__in=chosen, is_backup=False)
    current = key_pairs.filter(in_list).select_related("holder__user")
    return {
        "proven_since": now - PROOF_LASTS,
        "valid_beyond": consultation.opens_at + VALID_AFTER_OPENING,
        "personal_keys": current.personal().order_by("name", "pk"),
        "backup_keys": current.backup().order_by("name", "pk"),
        "chosen": chosen,
    }
