# SPDX-License-Identifier: EUPL-1.2
"""« Se préparer à dépouiller »: this person, on this computer, with this key."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from keys import preparation
from keys.errors import RequestUnreadable
from keys.forms import PreparationForm
from keys.preparation import Check
from keys.views import asked
from marketplace.http import refuse_json
from marketplace.permissions import AgentRequest, agent_required
from marketplace.templatetags.sigille import instant


@agent_required()
@require_safe
def prepare(request: AgentRequest) -> HttpResponse:
    context = {
        "held": preparation.held_by(request.agent, now=timezone.now()),
        "last": preparation.last_of(request.agent),
        "checks": Check,
    }
    return render(request, "keys/prepare.html", context)


@agent_required()
@require_POST
def result(request: AgentRequest) -> HttpResponse:
    """What the page found; the proof of a key has an address of its own."""
    form = PreparationForm(asked.body(request))
    if not form.is_valid():
        return refuse_json(request, RequestUnreadable(), request.agent, status=400)
    now = timezone.now()
    preparation.record(form.preparation(), agent=request.agent, now=now)
    return JsonResponse({"prepared_at": instant(now)})
