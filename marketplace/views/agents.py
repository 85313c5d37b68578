# SPDX-License-Identifier: EUPL-1.2
"""The administrators' page of agents: invite, change rights, disable."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace import agents, http
from marketplace.errors import AccountRefused
from marketplace.forms import AgentForm, InvitationForm
from marketplace.models import Agent
from marketplace.permissions import AgentRequest, administrator_required

PAGE_SIZE = 20  # rows


def _colleagues(request: AgentRequest) -> QuerySet[Agent]:
    everybody = Agent.objects.select_related("user", "service__organisation")
    return everybody.filter(service__organisation=request.agent.service.organisation_id)


@administrator_required
@require_safe
def agent_list(request: AgentRequest) -> HttpResponse:
    found = _colleagues(request).order_by("user__name", "user__email")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "marketplace/agents.html", {"page": page})


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite_agent(request: AgentRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None, administrator=request.agent)
    if not form.is_valid():
        return render(request, "marketplace/invite_agent.html", {"form": form})
    email, name = form.cleaned_data["email"], form.cleaned_data["name"]
    try:
        agents.invite(email, name, form.place(), by=request.agent, now=timezone.now())
    except AccountRefused as refusal:
        http.refuse(request, refusal, request.agent)
        return render(request, "marketplace/invite_agent.html", {"form": form}, status=409)
    messages.success(request, _("The invitation is sent to %(address)s.") % {"address": email})
    return redirect("agents")


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_agent(request: AgentRequest, agent_id: UUID) -> HttpResponse:
    agent = get_object_or_404(_colleagues(request), pk=agent_id)
    form = AgentForm(
        request.POST or None, administrator=request.agent, initial=AgentForm.initial_of(agent)
    )
    context = {"form": form, "agent": agent}
    if not form.is_valid():
        return render(request, "marketplace/edit_agent.html", context)
    # A page of its own asks before the account of somebody else is closed: keys may hang on it.
    is_active = form.cleaned_data["is_active"]
    is_asked = agent.user.is_active and not is_active and agent.pk != request.agent.pk
    try:
        agents.edit(
            agent.pk,
            form.place(),
            is_active=is_active or is_asked,
            by=request.agent,
            now=timezone.now(),
        )
    except AccountRefused as refusal:
        http.refuse(request, refusal, agent)
        return render(request, "marketplace/edit_agent.html", context, status=409)
    if is_asked:
        return redirect("envelopes:disable_agent", agent.pk)
    messages.success(request, _("The changes are saved."))
    return redirect("agents")


@administrator_required
@require_POST
def invite_agent_again(request: AgentRequest, agent_id: UUID) -> HttpResponse:
    agent = get_object_or_404(_colleagues(request), pk=agent_id)
    agents.invite_again(agent, by=request.agent, now=timezone.now())
    messages.success(
        request, _("The invitation is sent to %(address)s.") % {"address": agent.user.email}
    )
    return redirect("agents")
