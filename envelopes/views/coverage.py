# SPDX-License-Identifier: EUPL-1.2
"""« Couverture de déchiffrement » of a consultation; what depends on a key pair; reporting one."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from envelopes import dependents, losses, publication
from envelopes.coverage import Coverage, coverage
from envelopes.dependents import Dependent
from envelopes.forms import KeyReportForm
from envelopes.models import Deposit
from envelopes.views import asked
from keys.errors import KeyRefused
from keys.models import KeyPair
from marketplace.http import refuse
from marketplace.models import Consultation, Right
from marketplace.permissions import AgentRequest, agent_required, require


@agent_required()
@require_safe
def page(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    consultation = asked.consultation(request, consultation_id)
    now = timezone.now()
    context: dict[str, object] = {
        "consultation": consultation,
        "is_draft": consultation.state == Consultation.State.DRAFT,
        "is_unopened": consultation.state != Consultation.State.OPENING,
        "now": now,
    }
    if consultation.state == Consultation.State.DRAFT:
        context["readiness"] = publication.readiness(consultation, now=now)
        context["degradations"] = []
    else:
        history = consultation.degradations.select_related("key_pair", "notice")
        context["degradations"] = history.order_by("-found_at", "pk")
    context["coverage"] = coverage_of(consultation, now)
    return render(request, "envelopes/coverage.html", context)


def coverage_of(consultation: Consultation, now: datetime) -> Coverage:
    """Of the recipients: those of a draft are the ones that it would be given now."""
    if consultation.state == Consultation.State.DRAFT:
        recipients = publication.readiness(consultation, now=now).sealable
    else:
        frozen = consultation.recipient_set.key_pairs.select_related("holder__user")
        recipients = tuple(frozen.order_by("is_backup", "name", "pk"))
    return coverage(consultation, recipients, now=now)


@agent_required()
@require_safe
def key_consultations(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """The consultations that need a key pair; bids are spoken of after the deadline alone."""
    key_pair, now = asked.key_pair(request, key_pair_id), timezone.now()
    context = _dependents(request, key_pair, now)
    return render(request, "envelopes/key_consultations.html", context)


@agent_required()
@require_http_methods(["GET", "HEAD", "POST"])
def report_key(request: AgentRequest, key_pair_id: UUID) -> HttpResponse:
    """GET says what will happen, POST does it. Its holder may always say so; others need the right."""
    key_pair, now = asked.key_pair(request, key_pair_id), timezone.now()
    if key_pair.holder_id != request.agent.pk:
        require(request.agent, Right.MANAGE_KEYS)
    form = KeyReportForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = _dependents(request, key_pair, now) | {"form": form}
        return render(request, "envelopes/report_key.html", context)
    try:
        losses.report(key_pair.pk, reason=form.what_happened, actor=request.agent, now=now)
    except KeyRefused as refusal:
        refuse(request, refusal, key_pair)
    else:
        messages.success(
            request,
            _("The report is kept: nothing new is sealed to %(name)s, and people are being told.")
            % {"name": key_pair.name},
        )
    return redirect("envelopes:key_consultations", key_pair.pk)


def _dependents(request: AgentRequest, key_pair: KeyPair, now: datetime) -> dict[str, object]:
    found = dependents.without({key_pair.pk}, now=now)
    visible = Consultation.objects.visible_to(request.agent)
    shown = set(visible.filter(recipient_set__key_pairs=key_pair).values_list("pk", flat=True))
    drafts = dependents.drafts_of({key_pair.pk})
    return {
        "key_pair": key_pair,
        "dependents": found,
        "visible": shown,
        "bid_counts": _bid_counts(request, found, shown, now),
        "drafts": drafts.filter(pk__in=visible),
        "hidden_drafts": drafts.exclude(pk__in=visible).count(),
        "is_unfit": key_pair.retirement_reason in {"lost", "compromised"},
        "may_report": key_pair.holder_id == request.agent.pk
        or request.agent.may(Right.MANAGE_KEYS),
        "now": now,
    }


def _bid_counts(
    request: AgentRequest, found: Iterable[Dependent], shown: set[UUID], now: datetime
) -> dict[UUID, int]:
    """How many bids were submitted to those whose opening page the agent could open now, none else."""
    if not request.agent.may(Right.OPEN_BIDS):
        return {}
    closed = [one.consultation for one in found if one.consultation.is_closed(now)]
    open_to_agent = [consultation.pk for consultation in closed if consultation.pk in shown]
    submitted = Deposit.objects.filter(
        consultation__in=open_to_agent, state=Deposit.State.SUBMITTED
    )
    counted = submitted.values_list("consultation").annotate(count=Count("pk"))
    return dict.fromkeys(open_to_agent, 0) | dict(counted)
