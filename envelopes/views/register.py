# SPDX-License-Identifier: EUPL-1.2
"""The register of deposits of a consultation, for its agents; before the deadline, no page exists."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from envelopes import attempts, closing, paper_deposits, register
from envelopes.errors.opening import DeadlineNotReached
from envelopes.models import Deposit, PaperDeposit
from envelopes.paper_forms import CancelForm, PaperDepositForm
from envelopes.views import asked
from envelopes.views.register_words import COLUMNS, trouble_words, words
from marketplace import clock, http, journal
from marketplace.errors import Refusal
from marketplace.models import Consultation, Right
from marketplace.permissions import AgentRequest, agent_required

PAGE_SIZE = 50  # rows, of each table
ATTEMPTS_PAGE_SIZE = 100  # rows


@agent_required()
@require_safe
def page(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    consultation, now = closed(request, consultation_id)
    zone = consultation.service.organisation.time_zone
    lines = Paginator(register.arrivals(consultation, now=now), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    tried = Paginator(register.troubled(consultation, now=now), PAGE_SIZE).get_page(
        request.GET.get("attempts")
    )
    rows = register.rows(consultation, list(lines), first=lines.start_index())
    context = {
        "consultation": consultation,
        "zone": zone,
        "columns": COLUMNS,
        "page": lines,
        "rows": [words(row, zone) for row in rows],
        "tried": tried,
        "troubles": [trouble_words(one, zone) for one in register.troubles(tried)],
        "closing": closing.latest(consultation, now=now),
        "may_write": request.agent.may(Right.MANAGE_CONSULTATIONS),
        "may_open": request.agent.may(Right.OPEN_BIDS),
    }
    return render(request, "envelopes/register.html", context)


@agent_required()
@require_safe
def deposit_attempts(request: AgentRequest, deposit_id: UUID) -> HttpResponse:
    """All that was tried on one deposit, submitted or not."""
    visible = Consultation.objects.visible_to(request.agent)
    deposits = Deposit.objects.filter(consultation__in=visible).select_related("company")
    deposit = get_object_or_404(deposits.defer("manifest"), pk=deposit_id)
    consultation, _now = closed(request, deposit.consultation_id)
    found = Paginator(deposit.attempts.order_by("number"), ATTEMPTS_PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "consultation": consultation,
        "zone": consultation.service.organisation.time_zone,
        "deposit": deposit,
        "page": found,
        "lines": attempts.lines(found),
    }
    return render(request, "envelopes/register_attempts.html", context)


@agent_required(Right.MANAGE_CONSULTATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    """The form, then what will be entered; only what was confirmed is."""
    consultation, now = closed(request, consultation_id)
    form = PaperDepositForm(request.POST or None, consultation=consultation)
    context = {
        "consultation": consultation,
        "zone": consultation.service.organisation.time_zone,
        "form": form,
    }
    if not form.is_valid() or "back" in request.POST:
        return render(request, "envelopes/register_enter.html", context)
    line = form.said()
    if "confirmed" not in request.POST:
        context |= {"line": line, "is_late": consultation.is_closed(line.received_at)}
        return render(request, "envelopes/register_confirm.html", context)
    try:
        paper_deposits.enter(consultation.pk, line, agent=request.agent, now=now)
    except Refusal as refusal:
        http.refuse(request, refusal, consultation)
    else:
        messages.success(request, _("The line is in the register."))
    return redirect("envelopes:register", consultation.pk)


@agent_required(Right.MANAGE_CONSULTATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: AgentRequest, paper_deposit_id: UUID) -> HttpResponse:
    """GET shows the line and asks why, POST strikes it through."""
    visible = Consultation.objects.visible_to(request.agent)
    papers = PaperDeposit.objects.filter(consultation__in=visible)
    paper = get_object_or_404(papers, pk=paper_deposit_id)
    consultation, now = closed(request, paper.consultation_id)
    form = CancelForm(request.POST or None)
    if not form.is_valid():
        zone = consultation.service.organisation.time_zone
        context = {"consultation": consultation, "zone": zone, "line": paper, "form": form}
        return render(request, "envelopes/register_cancel.html", context)
    reason = form.cleaned_data["reason"]
    try:
        paper_deposits.cancel(paper.pk, reason=reason, agent=request.agent, now=now)
    except Refusal as refusal:
        http.refuse(request, refusal, paper)
    else:
        messages.success(request, _("The line is cancelled. It stays in the register."))
    return redirect("envelopes:register", consultation.pk)


def closed(request: AgentRequest, consultation_id: UUID) -> tuple[Consultation, datetime]:
    """A consultation that has a register, and now; without one, the journal keeps who asked.

    Raises:
        Http404: the agent does not see it, or its deadline has not passed.
    """
    consultation, now = asked.consultation(request, consultation_id), clock.now()
    try:
        register.check_deadline(consultation, now=now)
    except DeadlineNotReached as refusal:
        journal.record_refusal(
            refusal,
            consultation,
            actor=request.user,
            now=now,
            organisation_id=request.agent.service.organisation_id,
        )
        raise Http404 from refusal
    return consultation, now
