# SPDX-License-Identifier: EUPL-1.2
"""What is common to HTTP answers: security headers, refusals, error pages."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from marketplace import journal
from marketplace.errors import PDFUnavailable, Refusal, RightMissing
from marketplace.models import User

PERMISSIONS_POLICY = (
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
)

STAMP_TYPE: Final = (
    "application/vnd.etsi.timestamp-token"  # the type of an RFC 3161 token in a file
)


def attachment(name: str, content: bytes, content_type: str) -> HttpResponse:
    """`content` as a file to save under `name`."""
    disposition = content_disposition_header(as_attachment=True, filename=name)
    headers = {"Content-Disposition": disposition}
    return HttpResponse(content, content_type=content_type, headers=headers)


class SecurityHeadersMiddleware:
    """Headers that Django does not set, on every answer; a refusal of a few kinds becomes a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/" + settings.STATIC_URL.lstrip("/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RightMissing):
            return forbidden(request, exception)
        if isinstance(exception, PDFUnavailable):
            return render(request, "503.html", {"refusal": exception}, status=503)
        return None


def refuse(request: HttpRequest, refusal: Refusal, subject: journal.Subject) -> None:
    """Tell the person why not and what to do; the journal keeps the attempt."""
    _keep(request, refusal, subject)
    messages.error(request, f"{refusal.user_message} {refusal.remedy}".strip())


def refuse_json(
    request: HttpRequest, refusal: Refusal, subject: journal.Subject, *, status: int = 409
) -> JsonResponse:
    """The same for a script of ours: `{"code", "message", "remedy"}`."""
    _keep(request, refusal, subject)
    return JsonResponse(
        {
            "code": refusal.code,
            "message": str(refusal.user_message),
            "remedy": str(refusal.remedy),
        },
        status=status,
    )


def leaving(
    request: HttpRequest, pieces: Iterable[bytes], subject: journal.Subject
) -> Iterator[bytes]:
    """The body of an answer, piece by piece: a refusal cuts it, and the journal alone can tell why."""
    try:
        yield from pieces
    except Refusal as refusal:
        _keep(request, refusal, subject)
        raise


def _keep(request: HttpRequest, refusal: Refusal, subject: journal.Subject) -> None:
    user = request.user if isinstance(request.user, User) else None
    agent = getattr(request, "agent", None)
    journal.record_refusal(
        refusal,
        subject,
        actor=user,
        now=timezone.now(),
        organisation_id=agent.service.organisation_id if agent else None,
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 403 page, with the remedy of a refusal where there is one."""
    refusal = exception if isinstance(exception, Refusal) else None
    return render(request, "403.html", {"refusal": refusal}, status=403)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Says that this process answers; `manage.py up` and nginx ask it."""
    return HttpResponse("ok", content_type="text/plain")
