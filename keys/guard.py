# SPDX-License-Identifier: EUPL-1.2
"""No private key enters by the pages of key pairs: one that was sent by mistake goes no further than here."""

import hashlib
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from keys import private_keys
from keys.errors import KeyRefused, PrivateKeySent, RequestTooLong
from keys.models import KeyPair
from keys.private_keys import SentKey
from marketplace.http import refuse, refuse_json
from marketplace.journal import Subject
from marketplace.permissions import of_agent

LARGEST_BODY: Final = 1024 * 1024  # bytes; a certificate and a name take some kilobytes


class PrivateKeyGuard:
    """Looks at each body that is sent to this app before anything else reads it.

    It stands before the check of CSRF tokens, which parses forms. An agent is told that the key is burnt,
    the journal keeps that it was sent; the key itself is in no answer, no journal, no log and no file.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.app_name != "keys" or not _length(request):
            return None
        for_agent = of_agent(request)
        if for_agent is None:  # the view sends this person away, its body unread
            return None
        if _length(request) > LARGEST_BODY:
            return _refuse(request, RequestTooLong(), for_agent.agent, status=413)
        sent = private_keys.find(request.body)
        if sent is None:
            return None
        key_pair = _registered(sent)
        visible = KeyPair.objects.visible_to(for_agent.agent)
        refusal = PrivateKeySent(key_pair if key_pair and visible.contains(key_pair) else None)
        return _refuse(request, refusal, key_pair or for_agent.agent)


def _refuse(
    request: HttpRequest, refusal: KeyRefused, subject: Subject, *, status: int = 409
) -> HttpResponse:
    """A script of ours gets its JSON; a form, the list with the reason above it."""
    if request.content_type == "application/json" or not request.accepts("text/html"):
        return refuse_json(request, refusal, subject, status=status)
    refuse(request, refusal, subject)
    return redirect("keys:list")


def _registered(sent: SentKey) -> KeyPair | None:
    """The key pair, of any organisation, whose private key this is: its page says that it is burnt, and
    only who may see it is told its name."""
    digests = [hashlib.sha256(public_key).hexdigest() for public_key in sent.public_keys]
    return KeyPair.objects.filter(public_key_digest__in=digests).first()


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH", "")
    return int(length) if length.isdecimal() else 0
