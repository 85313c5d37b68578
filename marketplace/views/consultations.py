# SPDX-License-Identifier: EUPL-1.2
"""The agents' consultations: the list, and the writing of a draft."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from marketplace import consultation_search, consultation_writing, http
from marketplace.errors import AlreadyOnline, ConsultationRefused
from marketplace.forms import ConsultationForm, ConsultationSearchForm, LotFormSet
from marketplace.models import Consultation, Right
from marketplace.permissions import AgentRequest, agent_required

PAGE_SIZE = 20  # rows


@agent_required()
@require_safe
def consultation_list(request: AgentRequest) -> HttpResponse:
    now = timezone.now()
    form = ConsultationSearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = consultation_search.search(
        request.agent, text=asked.get("q", ""), phase=asked.get("phase"), now=now
    )
    context = {
        "form": form,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_search": bool(asked.get("q") or asked.get("phase")),
        "may_write": request.agent.may(Right.MANAGE_CONSULTATIONS),
        "agent": request.agent,
        "now": now,
    }
    return render(request, "marketplace/consultations.html", context)


@agent_required(Right.MANAGE_CONSULTATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def create_consultation(request: AgentRequest) -> HttpResponse:
    form = ConsultationForm(request.POST or None, may_be_test=request.agent.is_administrator)
    lots = LotFormSet(request.POST or None, prefix="lots")
    if not (form.is_valid() and lots.is_valid()):
        return _page(request, form, lots)
    try:
        consultation = consultation_writing.create(
            form.details(lots), agent=request.agent, now=timezone.now()
        )
    except ConsultationRefused as refusal:
        http.refuse(request, refusal, request.agent.service)
        return _page(request, form, lots, status=409)
    messages.success(request, _("The draft is saved. Choose the keys, then put it on line."))
    return redirect("envelopes:consultation", consultation.pk)


@agent_required(Right.MANAGE_CONSULTATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_consultation(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    visible = Consultation.objects.visible_to(request.agent)
    consultation = get_object_or_404(visible, pk=consultation_id)
    titles = [{"title": lot.title} for lot in consultation.lots.order_by("number")]
    form = ConsultationForm(
        request.POST or None,
        initial=ConsultationForm.initial_of(consultation),
        may_be_test=request.agent.is_administrator,
    )
    lots = LotFormSet(request.POST or None, prefix="lots", initial=titles)
    if request.method != "POST" and consultation.state != Consultation.State.DRAFT:
        messages.error(request, f"{AlreadyOnline.user_message} {AlreadyOnline.remedy}")
        return redirect("envelopes:consultation", consultation.pk)
    if not (form.is_valid() and lots.is_valid()):
        return _page(request, form, lots, consultation)
    try:
        consultation_writing.edit(
            consultation.pk, form.details(lots), agent=request.agent, now=timezone.now()
        )
    except ConsultationRefused as refusal:
        http.refuse(request, refusal, consultation)
        return _page(request, form, lots, consultation, status=409)
    messages.success(request, _("The changes are saved."))
    return redirect("envelopes:consultation", consultation.pk)


def _page(
    request: AgentRequest,
    form: ConsultationForm,
    lots: object,
    consultation: Consultation | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "lots": lots, "consultation": consultation}
    return render(request, "marketplace/consultation_form.html", context, status=status)
