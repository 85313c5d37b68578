# SPDX-License-Identifier: EUPL-1.2
"""« Calendrier des expirations »: the page of the private link, and the calendar that it leads to."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from keys import calendar_links, expiries, icalendar
from keys.errors import KeyRefused
from keys.forms import ShownLinkForm
from keys.models import CalendarLink
from marketplace.http import refuse
from marketplace.permissions import AgentRequest, agent_required


@agent_required()
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: AgentRequest) -> HttpResponse:
    """What it is, and how the link stands; POST makes the link."""
    if request.method != "POST":
        return _page(request)
    try:
        token = calendar_links.make(request.agent, now=timezone.now())
    except KeyRefused as refusal:
        return _refused(request, refusal)
    return _page(request, token)


@agent_required()
@require_http_methods(["GET", "HEAD", "POST"])
def replace(request: AgentRequest) -> HttpResponse:
    """GET says what will happen, POST does it and shows the new link."""
    if request.method != "POST":
        return _confirmation(request, is_replacement=True)
    shown = ShownLinkForm(request.POST).chosen()
    try:
        token = calendar_links.replace(request.agent, shown, now=timezone.now())
    except KeyRefused as refusal:
        return _refused(request, refusal)
    return _page(request, token)


@agent_required()
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: AgentRequest) -> HttpResponse:
    """GET says what will happen, POST does it."""
    if request.method != "POST":
        return _confirmation(request, is_replacement=False)
    shown = ShownLinkForm(request.POST).chosen()
    try:
        calendar_links.revoke(request.agent, shown, now=timezone.now())
    except KeyRefused as refusal:
        return _refused(request, refusal)
    messages.success(request, _("The link is revoked: it leads nowhere any more."))
    return redirect("keys:calendar")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The calendar itself, for software that has the link and no session.

    The token is in the query, since the path of each answer of 400 and above is logged.
    """
    agent = calendar_links.agent_of(request.GET.get("token", ""))
    if agent is None:
        raise Http404
    response = HttpResponse(
        expiries.calendar_of(agent, now=timezone.now()), content_type=icalendar.MEDIA_TYPE
    )
    response["Content-Disposition"] = 'inline; filename="key-pair-expiries.ics"'
    return response


def _page(request: AgentRequest, token: str = "") -> HttpResponse:
    """With the link itself where it has just been made: nobody can show it later."""
    address = f"{settings.BASE_URL}{reverse('keys:expiries')}?token={token}" if token else ""
    context = {"link": _link_of(request), "address": address, "list_url": reverse("keys:list")}
    return render(request, "keys/calendar.html", context)


def _confirmation(request: AgentRequest, *, is_replacement: bool) -> HttpResponse:
    link = _link_of(request)
    if link is None:
        return redirect("keys:calendar")
    context = {"link": link, "is_replacement": is_replacement, "list_url": reverse("keys:list")}
    return render(request, "keys/calendar_change.html", context)


def _refused(request: AgentRequest, refusal: KeyRefused) -> HttpResponse:
    refuse(request, refusal, request.agent)
    return redirect("keys:calendar")


def _link_of(request: AgentRequest) -> CalendarLink | None:
    return CalendarLink.objects.filter(agent=request.agent).first()
