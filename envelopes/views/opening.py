# SPDX-License-Identifier: EUPL-1.2
"""The opening of bids: the agents' page, what their browser asks for, and the files once released."""

import json
from base64 import b64encode
from uuid import UUID

from csp.decorators import csp_replace
from django.core.exceptions import BadRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from envelopes import opening, released
from envelopes.chains import Link
from envelopes.errors.opening import OpeningRefused
from envelopes.models import Envelope, Release, ReleasedFile
from envelopes.opening import ReleasedKeys
from envelopes.release_keys import split
from envelopes.standing import State
from marketplace import clock
from marketplace.http import leaving, refuse, refuse_json
from marketplace.models import Consultation, Right
from marketplace.permissions import AgentRequest, agent_required
from marketplace.templatetags.sigille import instant, size


# The policy is that of `static/ts/worker.ts`.
@csp_replace({"trusted-types": ["sigille"]})  # type: ignore[arg-type]  # it types views without ids
@require_safe
@agent_required(Right.OPEN_BIDS)
def page(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    visible = Consultation.objects.visible_to(request.agent)
    consultations = visible.select_related("service__organisation")
    consultation = get_object_or_404(consultations, pk=consultation_id)
    try:
        links = opening.deposits(consultation, now=clock.now())
    except OpeningRefused as refusal:
        refuse(request, refusal, consultation)
        return redirect("envelopes:consultation", consultation.pk)
    recipients = consultation.recipient_set.key_pairs.select_related("holder__user")
    context = {
        "consultation": consultation,
        "zone": consultation.service.organisation.time_zone,
        "links": links,
        "counts": _counts(links),
        "recipients": recipients.order_by("is_backup", "name"),
        "fingerprints": consultation.recipient_set.fingerprints,
    }
    return render(request, "envelopes/opening.html", context)


@require_safe
@agent_required(Right.OPEN_BIDS)
def manifest(request: AgentRequest, envelope_id: UUID) -> HttpResponse:
    """The manifest of the deposit, in base64, which the browser reads by itself."""
    envelope = get_object_or_404(Envelope.objects.visible_to(request.agent), pk=envelope_id)
    try:
        content = opening.manifest(envelope.pk, now=clock.now())
    except OpeningRefused as refusal:
        return refuse_json(request, refusal, envelope)
    return JsonResponse({"manifest": b64encode(content).decode()})


@require_safe
@agent_required(Right.OPEN_BIDS)
def headers(request: AgentRequest, envelope_id: UUID) -> HttpResponse:
    """Headers of the envelope's blocks, in base64, from the rank `start`; `following` is the next one."""
    envelope = get_object_or_404(Envelope.objects.visible_to(request.agent), pk=envelope_id)
    try:
        part = opening.headers(envelope.pk, start=_start(request), now=clock.now())
    except OpeningRefused as refusal:
        return refuse_json(request, refusal, envelope)
    encoded = [b64encode(header).decode() for header in part.headers]
    return JsonResponse({"headers": encoded, "following": part.following})


@require_POST
@agent_required(Right.OPEN_BIDS)
def release(request: AgentRequest, envelope_id: UUID) -> HttpResponse:
    envelope = get_object_or_404(Envelope.objects.visible_to(request.agent), pk=envelope_id)
    keys, accepts = _body(request)
    try:
        kept = opening.release(
            envelope.pk,
            agent=request.agent,
            keys=keys,
            now=clock.now(),
            accepts=accepts,
        )
    except OpeningRefused as refusal:
        return refuse_json(request, refusal, envelope)
    return JsonResponse(_opened(kept))


@require_safe
@agent_required(Right.OPEN_BIDS)
def content(request: AgentRequest, file_id: UUID) -> HttpResponseBase:
    """A released file, decrypted as it leaves: a damaged block cuts the answer, never passes."""
    files = ReleasedFile.objects.select_related("file__envelope__deposit", "release")
    visible = files.filter(release__envelope__in=Envelope.objects.visible_to(request.agent))
    file = get_object_or_404(visible, pk=file_id)
    try:
        stream = released.open_file(file)
        stream.block(0)  # so that most refusals come before any header
    except OpeningRefused as refusal:
        refuse(request, refusal, file)
        return redirect("envelopes:opening", file.file.envelope.deposit.consultation_id)
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    return StreamingHttpResponse(
        leaving(request, stream.blocks(), file),
        content_type="application/octet-stream",
        headers={"Content-Disposition": disposition, "Content-Length": str(stream.size)},
    )


def _start(request: HttpRequest) -> int:
    start = request.GET.get("start", "0")
    if not (start.isascii() and start.isdigit() and len(start) < 10):
        raise BadRequest("start is a rank")
    return int(start)


def _body(request: HttpRequest) -> tuple[ReleasedKeys, str]:
    """`{"fingerprint", "accepts", "files": [{"id", "keys"}]}`, bytes in hexadecimal.

    `accepts` is "late" or "replaced" where the agent confirmed that it is opened all the same.
    """
    try:
        body = json.loads(request.body)
        content_keys = {
            bytes.fromhex(file["id"]): split(bytes.fromhex(file["keys"])) for file in body["files"]
        }
        fingerprint = bytes.fromhex(body["fingerprint"]).hex()
        return ReleasedKeys(fingerprint, content_keys), str(body["accepts"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadRequest("not a release") from error


def _counts(links: list[Link]) -> dict[str, int]:
    """Of the deposits; of their envelopes, by whether they are opened; and how many may still be."""
    opened = sealed = openable = 0
    for link in links:
        for envelope in link.deposit.envelopes.all():
            is_opened = hasattr(envelope, "release")
            opened += is_opened
            sealed += not is_opened
            openable += not is_opened and link.state != State.WITHDRAWN
    return {"deposits": len(links), "opened": opened, "sealed": sealed, "openable": openable}


def _opened(kept: Release) -> dict[str, object]:
    """What the page shows of an envelope that it just opened, as its template does."""
    zone = kept.envelope.deposit.consultation.service.organisation.time_zone
    files = kept.files.select_related("file").order_by("name", "pk")
    return {
        "opened_at": instant(kept.released_at, zone),
        "opened_by": str(kept.released_by),
        "key_pair": str(kept.key_pair),
        "files": [
            {
                "name": file.name,
                "size": size(file.file.size),
                "matches": file.matches_index,
                "url": reverse("envelopes:content", args=[file.pk]),
                "report_url": reverse("signatures:detail", args=[file.pk]),
            }
            for file in files
        ],
    }
