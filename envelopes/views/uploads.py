# SPDX-License-Identifier: EUPL-1.2
"""tus 1.0, as the pages of this site speak it: extensions `creation` and `termination`.

The name of a file is never sent here: it is as secret as the contents, and is sealed at submission.
Source: tus resumable upload protocol 1.0.0; the measured traps are in the tests.
"""

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from envelopes import attempts, uploads
from envelopes.errors.uploads import (
    AlreadySubmitted,
    BadContentType,
    BadUpload,
    BeyondLength,
    DepositTooLarge,
    FileTooLarge,
    NoRoom,
    PieceTooSmall,
    StoreFailed,
    TooManyFiles,
    TransferCut,
    UnknownEnvelope,
    UploadRefused,
    UploadRemoved,
    WriterDisplaced,
)
from envelopes.limits import LARGEST_FILE, LARGEST_READ, LARGEST_REQUEST
from envelopes.models import Attempt, Deposit, SealedFile
from envelopes.views.signed_in import signed_in
from marketplace import clock, http, journal
from marketplace.permissions import BidderRequest, bidder_required

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
LARGEST_INTEGER = 2**63 - 1
STATUSES: dict[type[UploadRefused], int] = {  # 409 for the others: the client asks where it is
    AlreadySubmitted: 410,
    BadContentType: 415,
    BadUpload: 400,
    BeyondLength: 413,
    DepositTooLarge: 413,
    FileTooLarge: 413,
    NoRoom: 507,
    PieceTooSmall: 400,
    StoreFailed: 503,
    TooManyFiles: 413,
    TransferCut: 408,
    UnknownEnvelope: 404,
    UploadRemoved: 410,
    WriterDisplaced: 423,
}

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def _tus(view: View[P]) -> View[P]:
    """What every answer of the protocol has; another version of it is refused (§ Headers)."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        asked = request.headers.get("Tus-Resumable")
        if request.method != "OPTIONS" and asked != VERSION:
            response: HttpResponseBase = HttpResponse(status=412, headers={"Tus-Version": VERSION})
        else:
            response = view(request, *args, **kwargs)
        response.headers["Tus-Resumable"] = VERSION
        return response

    return wrapped


@_tus
@signed_in
@bidder_required
@require_http_methods(["OPTIONS", "POST"])
def collection(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """What the server offers, or the creation of an upload."""
    deposits = Deposit.objects.visible_to(request.bidder)
    deposit = get_object_or_404(deposits, pk=deposit_id)
    if request.method == "OPTIONS":
        return _offer()
    try:
        with attempts.remembered(deposit.pk, Attempt.Step.UPLOAD, clock.now):
            metadata, size = _metadata(request), _size(request)
        file = uploads.create(
            deposit.pk,
            envelope_id=metadata["envelope"],
            upload_id=metadata.get("id"),
            size=size,
            actor=request.user,
            clock=clock.now,
        )
    except UploadRefused as refusal:
        return _refused(request, refusal, deposit)
    location = reverse("envelopes:upload", args=[file.pk])
    return HttpResponse(status=201, headers={"Location": location})


@_tus
@signed_in
@bidder_required
@require_http_methods(["HEAD", "PATCH", "DELETE"])
def resource(request: BidderRequest, upload_id: UUID) -> HttpResponse:
    """Where an upload stands, its next bytes, or its end."""
    writable = SealedFile.objects.writable_by(request.bidder).select_related("envelope")
    file = get_object_or_404(writable, pk=upload_id)
    try:
        if request.method == "HEAD":
            return _standing(file)
        if request.method == "DELETE":
            uploads.remove(file.pk, actor=request.user, now=clock.now())
            return HttpResponse(status=204)
        return _receive(request, file)
    except UploadRefused as refusal:
        _drain(request)
        return _refused(request, refusal, file)
    except Deposit.DoesNotExist:  # another tab removed it meanwhile
        raise Http404 from None


def _offer() -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,termination",
        "Tus-Max-Size": str(LARGEST_FILE),
    }
    return HttpResponse(status=204, headers=headers)


def _standing(file: SealedFile) -> HttpResponse:
    headers = {
        "Upload-Offset": str(file.received_size),
        "Upload-Length": str(file.size),
        "Cache-Control": "no-store",
    }
    return HttpResponse(headers=headers)


def _receive(request: BidderRequest, file: SealedFile) -> HttpResponse:
    deposit_id = file.envelope.deposit_id
    with attempts.remembered(deposit_id, Attempt.Step.UPLOAD, clock.now, file.pk):
        if request.headers.get("Content-Type") != CONTENT_TYPE:
            raise BadContentType
        offset = _integer(request, "Upload-Offset")
        length = _integer(request, "Content-Length")
    durable = uploads.receive(file.pk, request, offset=offset, length=length, clock=clock.now)
    _drain(request)
    return HttpResponse(status=204, headers={"Upload-Offset": str(durable)})


def _drain(request: HttpRequest) -> None:
    """Read what is still being sent, up to a request of ours: or the line is reset before the answer."""
    left = LARGEST_REQUEST
    with suppress(OSError):
        while left > 0 and (piece := request.read(min(LARGEST_READ, left))):
            left -= len(piece)


def _refused(
    request: BidderRequest, refusal: UploadRefused, subject: journal.Subject
) -> HttpResponse:
    return http.refuse_json(request, refusal, subject, status=STATUSES.get(type(refusal), 409))


def _size(request: HttpRequest) -> int:
    for extension in ("Upload-Concat", "Upload-Defer-Length"):
        if extension in request.headers:
            raise BadUpload(extension)
    return _integer(request, "Upload-Length")


def _integer(request: HttpRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise BadUpload(header)
    return int(value)


def _metadata(request: HttpRequest) -> dict[str, UUID]:
    """The only metadata there may be: `envelope` and, drawn by the client, `id`; in base64."""
    header = "Upload-Metadata"
    pairs = [pair.strip().partition(" ") for pair in request.headers.get(header, "").split(",")]
    keys = [key for key, _space, _value in pairs]
    if sorted(keys) not in (["envelope"], ["envelope", "id"]):
        raise BadUpload(header)
    try:
        return {
            key: UUID(base64.b64decode(value, validate=True).decode("ascii"))
            for key, _space, value in pairs
        }
    except (binascii.Error, ValueError) as error:
        raise BadUpload(header) from error
