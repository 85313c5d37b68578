# SPDX-License-Identifier: EUPL-1.2
"""Time stamps, asked of an authority. A silent authority stops nothing: what waits is asked for again.

The authority is the one of the settings, over HTTP, or without any the development one, in process.
"""

import logging
import secrets
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from cryptography import x509
from django.conf import settings
from django.db.models import F

from marketplace import development_authority, tokens
from marketplace.models import Timestamp
from marketplace.tokens import BadToken, Query, Trust

Clock = Callable[[], datetime]

PATIENCE: Final = 10  # seconds that an authority may take to answer
RETRY: Final = timedelta(seconds=30)  # before a digest is asked for again
TOLERANCE: Final = timedelta(seconds=60)  # between the authority's clock and ours
MOST_AT_ONCE: Final = 100
REQUEST_TYPE: Final = "application/timestamp-query"
ANSWER_TYPE: Final = "application/timestamp-reply"

_logger = logging.getLogger(__name__)


class AuthoritySilent(Exception):
    """The authority does not answer, or not with what it should."""

    code = "authority_silent"


class Authority(Protocol):
    @property
    def roots(self) -> list[x509.Certificate]: ...

    def ask(self, request: bytes, *, now: datetime) -> bytes:
        """The answer to a request, both DER.

        Raises:
            AuthoritySilent: there is none.
        """


class HttpAuthority:
    """An authority by its URL. Source: RFC 3161, § 3.4."""

    @property
    def roots(self) -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates(Path(settings.TSA_ROOTS).read_bytes())

    def ask(self, request: bytes, *, now: datetime) -> bytes:
        headers = {"Content-Type": REQUEST_TYPE, "Accept": ANSWER_TYPE}
        if settings.TSA_USER:
            credentials = f"{settings.TSA_USER}:{settings.TSA_PASSWORD}".encode()
            headers["Authorization"] = f"Basic {b64encode(credentials).decode()}"
        asked = urllib.request.Request(settings.TSA_URL, request, headers)  # noqa: S310 - a setting
        try:
            with _opener.open(asked, timeout=PATIENCE) as answer:
                if answer.headers.get_content_type() != ANSWER_TYPE:
                    raise AuthoritySilent(answer.headers.get_content_type())
                return _read(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise AuthoritySilent(str(error)) from error


class EmbeddedAuthority:
    """The development authority, of which nobody else knows anything."""

    @property
    def roots(self) -> list[x509.Certificate]:
        return [development_authority.load(settings.AUTHORITY_FILE).certificate]

    def ask(self, request: bytes, *, now: datetime) -> bytes:
        return development_authority.load(settings.AUTHORITY_FILE).answer(request, now=now)


def authority() -> Authority:
    return HttpAuthority() if settings.TSA_URL else EmbeddedAuthority()


def request(digest: bytes, *, now: datetime) -> Timestamp:
    """Have a SHA-256 or SHA-512 digest stamped, soon; in the transaction of what it is the digest of."""
    algorithm = next(name for name, size in tokens.DIGESTS.items() if size == len(digest))
    return Timestamp.objects.create(algorithm=algorithm, digest=digest, asked_at=now)


def obtain_waiting(*, clock: Clock) -> int:
    """Ask for the tokens that are waited for, the oldest first; how many came. Safe to run at once twice.

    An authority that is silent once is left in peace until the next sweep.
    """
    waiting = Timestamp.objects.waiting(tried_before=clock() - RETRY).order_by("asked_at")
    count = 0
    for timestamp_id in waiting.values_list("pk", flat=True)[:MOST_AT_ONCE]:
        try:
            count += obtain(timestamp_id, clock=clock)
        except AuthoritySilent as silence:
            _logger.warning("The time-stamp authority is silent: %s", silence)
            break
    return count


def obtain(timestamp_id: UUID, *, clock: Clock) -> bool:
    """Ask for one token; whether it came. Nothing is locked while the authority thinks.

    Raises:
        AuthoritySilent: it waits for another time.
    """
    asked_at = clock()
    taken = Timestamp.objects.waiting(tried_before=asked_at - RETRY).filter(pk=timestamp_id)
    if not taken.update(tried_at=asked_at, attempts=F("attempts") + 1):
        return False  # it has its token, or somebody else asks
    timestamp = Timestamp.objects.get(pk=timestamp_id)
    try:
        return _obtain(timestamp, asked_at, clock)
    except (AuthoritySilent, BadToken) as failure:
        Timestamp.objects.filter(pk=timestamp_id, token=None).update(failure=failure.code)
        if isinstance(failure, AuthoritySilent):
            raise
        _logger.warning("The time-stamp authority answered badly: %s", failure.code)
        return False


def verify(timestamp: Timestamp) -> tokens.Stamp:
    """Check again a token that was kept.

    Raises:
        BadToken: it is not what was verified, or its authority is no longer trusted.
    """
    query = Query(timestamp.algorithm, bytes(timestamp.digest))
    return tokens.verify(bytes(timestamp.token or b""), query, Trust(authority().roots))


def _obtain(timestamp: Timestamp, asked_at: datetime, clock: Clock) -> bool:
    chosen = authority()
    query = Query(
        algorithm=timestamp.algorithm,
        digest=bytes(timestamp.digest),
        nonce=secrets.randbits(63) + 1,
        policy=settings.TSA_POLICY or None,
    )
    token = tokens.token_of(chosen.ask(query.to_der(), now=asked_at))
    between = (asked_at - TOLERANCE, clock() + TOLERANCE)
    stamp = tokens.verify(token, query, Trust(chosen.roots, between))
    kept = Timestamp.objects.filter(pk=timestamp.pk, token=None).update(
        token=token, generated_at=stamp.generated_at, authority=stamp.authority[:300], failure=""
    )
    return bool(kept)


def _read(answer: HTTPResponse) -> bytes:
    """All of an answer, but no more than is too long, and not for ever."""
    deadline, data = time.monotonic() + PATIENCE, b""
    while len(data) <= tokens.LARGEST:
        if not (piece := answer.read1(4096)):
            if answer.length:
                raise AuthoritySilent("the answer is cut")
            break
        data += piece
        if time.monotonic() > deadline:
            raise AuthoritySilent("the answer does not end")
    return data


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """An answer from another place is no answer: it could be any address of the network."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirection)
