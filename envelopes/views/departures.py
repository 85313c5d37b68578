# SPDX-License-Identifier: EUPL-1.2
"""« Préparer un départ »: the checklist, the announcement, and the end of an account."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from envelopes import departures
from envelopes.forms import DepartureForm
from marketplace import agents, http
from marketplace.errors import AccountRefused
from marketplace.models import Agent
from marketplace.permissions import AgentRequest, administrator_required, agent_required


def _colleagues(request: AgentRequest) -> QuerySet[Agent]:
    everybody = Agent.objects.select_related("user", "service__organisation")
    return everybody.filter(service__organisation=request.agent.service.organisation_id)


@agent_required()
@require_safe
def checklist(request: AgentRequest, agent_id: UUID) -> HttpResponse:
    """For the administrators, and for the person who leaves."""
    agent = get_object_or_404(_colleagues(request), pk=agent_id)
    if not (request.agent.is_administrator or agent.pk == request.agent.pk):
        raise Http404
    now = timezone.now()
    context = {
        "agent": agent,
        "checklist": departures.checklist(agent, now=now),
        "form": DepartureForm(initial={"leaves_on": agent.leaves_on}),
        "is_administrator": request.agent.is_administrator,
        "is_self": agent.pk == request.agent.pk,
        "now": now,
    }
    return render(request, "envelopes/departure.html", context)


@administrator_required
@require_POST
def announce(request: AgentRequest, agent_id: UUID) -> HttpResponse:
    agent = get_object_or_404(_colleagues(request), pk=agent_id)
    form = DepartureForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the last day as a date, or leave it empty."))
        return redirect("envelopes:departure", agent.pk)
    leaves_on = form.cleaned_data["leaves_on"]
    try:
        departures.announce(agent.pk, leaves_on=leaves_on, by=request.agent, now=timezone.now())
    except AccountRefused as refusal:
        http.refuse(request, refusal, agent)
    else:
        told = _("The departure is announced. %(name)s and the administrators get the checklist.")
        kept = told if leaves_on else _("No departure of %(name)s is announced any more.")
        messages.success(request, kept % {"name": agent.user.name})
    return redirect("envelopes:departure", agent.pk)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def disable(request: AgentRequest, agent_id: UUID) -> HttpResponse:
    """GET says what hangs on the person, POST closes the account."""
    agent = get_object_or_404(_colleagues(request), pk=agent_id)
    now = timezone.now()
    if request.method != "POST":
        context = {
            "agent": agent,
            "checklist": departures.checklist(agent, now=now),
            "now": now,
        }
        return render(request, "envelopes/disable_agent.html", context)
    try:
        agents.disable(agent.pk, by=request.agent, now=now)
    except AccountRefused as refusal:
        http.refuse(request, refusal, agent)
    else:
        messages.success(
            request, _("The account of %(name)s is disabled.") % {"name": agent.user.name}
        )
    return redirect("agents")
