# SPDX-License-Identifier: EUPL-1.2
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace import permissions
from marketplace.http import refuse
from marketplace.models import Agent, Consultation, Right
from marketplace.permissions import AgentRequest, agent_required
from signatures import decisions, summaries
from signatures.decisions import Answer
from signatures.errors import DecisionRefused
from signatures.forms import UNSIGNED, DecisionForm, SearchForm, SignedDecisionForm
from signatures.models import Report

PAGE_SIZE = 50  # reports


@require_safe
@agent_required(Right.REVIEW_REPORTS)
def report_list(request: AgentRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    sought = form.cleaned_data if form.is_valid() else {}
    reports = _narrowed(_readable(request.agent), sought).order_by("-requested_at", "pk")
    context = {
        "form": form,
        "is_search": any(sought.values()),
        "page": Paginator(reports.defer("facts"), PAGE_SIZE).get_page(request.GET.get("page")),
        "zone": request.agent.service.organisation.time_zone,
    }
    return render(request, "signatures/list.html", context)


@require_safe
@agent_required()
def detail(request: AgentRequest, file_id: UUID) -> HttpResponse:
    report = get_object_or_404(_readable(request.agent), file=file_id)
    return _page(request, report, _form_class(report)())


@require_POST
@agent_required()
def decide(request: AgentRequest, file_id: UUID) -> HttpResponse:
    report = get_object_or_404(_readable(request.agent), file=file_id)
    form = _form_class(report)(request.POST)
    if not form.is_valid():
        return _page(request, report, form, status=422)
    answer = Answer(**({"identity_checked": False} | form.cleaned_data))
    try:
        decisions.decide(report.pk, answer, agent=request.agent, now=timezone.now())
    except DecisionRefused as refusal:
        refuse(request, refusal, report)
        return _page(request, report, form, status=409)
    messages.success(request, _("The decision is recorded."))
    return redirect("signatures:detail", file_id)


def _readable(agent: Agent) -> QuerySet[Report]:
    """Reports that the agent may read: those who open the bids, or review reports, may.

    Raises:
        RightMissing: the agent does neither.
    """
    if not agent.may(Right.REVIEW_REPORTS):
        permissions.require(agent, Right.OPEN_BIDS)
    return Report.objects.visible_to(agent).select_related(
        "file__release",
        "file__file__envelope__lot",
        "file__file__envelope__deposit__company",
        "file__file__envelope__deposit__consultation__service__organisation",
    )


def _narrowed(reports: QuerySet[Report], sought: dict[str, str]) -> QuerySet[Report]:
    if sought.get("state"):
        reports = reports.filter(state=sought["state"])
    result = sought.get("result")
    if result == UNSIGNED:
        return reports.filter(signature_count=0)
    return reports.filter(indication=result).exclude(signature_count=0) if result else reports


def _form_class(report: Report) -> type[DecisionForm]:
    return DecisionForm if report.signature_count == 0 else SignedDecisionForm


def _page(
    request: AgentRequest, report: Report, form: DecisionForm, *, status: int = 200
) -> HttpResponse:
    deposit = report.file.file.envelope.deposit
    visible = Consultation.objects.visible_to(request.agent)
    context = {
        "report": report,
        "deposit": deposit,
        "summary": summaries.summarise(report) if report.state == Report.State.DONE else None,
        "decisions": report.decisions.select_related("decided_by__user").order_by("-decided_at"),
        "form": form,
        "zone": deposit.consultation.service.organisation.time_zone,
        "may_open": request.agent.may(Right.OPEN_BIDS)
        and visible.filter(pk=deposit.consultation_id).exists(),
        "may_review": request.agent.may(Right.REVIEW_REPORTS),
    }
    return render(request, "signatures/detail.html", context, status=status)
