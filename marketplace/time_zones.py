# SPDX-License-Identifier: EUPL-1.2
"""The zone in which instants are shown and typed: that of the signed-in agent's organisation."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from marketplace.models import Organisation, User


class TimeZoneMiddleware:
    """Everybody else reads the default zone, Europe/Paris. Always named beside the time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_zone_of(request)):
            return self.get_response(request)


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    """None restores the default zone."""
    if not isinstance(request.user, User):
        return None
    organisations = Organisation.objects.filter(services__agents__user=request.user.pk)
    name = organisations.values_list("time_zone", flat=True).first()
    return ZoneInfo(name) if name else None
