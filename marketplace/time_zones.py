# SPDX-License-Identifier: EUPL-1.2
"""The zone in which instants are shown and typed: that of the signed-in agent's organisation."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from marketplace.models import Agent


class TimeZoneMiddleware:
    """Everybody else reads the default zone, Europe/Paris. Always named beside the time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_zone_of(request)):
            return self.get_response(request)


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    """None restores the default zone."""
    agent: Agent | None = getattr(request.user, "agent", None)
    return ZoneInfo(agent.service.organisation.time_zone) if agent else None
