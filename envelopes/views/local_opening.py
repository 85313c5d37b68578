# SPDX-License-Identifier: EUPL-1.2
"""Opening away from the site: what an agent's browser takes from it, sealed."""

import json
import re
from typing import Final
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from envelopes import local_opening
from envelopes.errors.opening import OpeningRefused
from envelopes.models import Deposit, Envelope, SealedBlock
from marketplace import clock
from marketplace.http import leaving, refuse, refuse_json
from marketplace.models import Consultation, Right
from marketplace.permissions import AgentRequest, agent_required
from marketplace.templatetags.sigille import instant

FILE_ID: Final = re.compile(r"[0-9a-f]{16}")
LARGEST_NUMBER: Final = 2**31 - 1  # docs/envelope-format.md § 2


@require_POST
@agent_required(Right.OPEN_BIDS)
def take_away(request: AgentRequest, deposit_id: UUID) -> HttpResponseBase:
    """A deposit as an archive, block by block: at a damaged one the answer ends, shorter than announced."""
    deposits = Deposit.objects.filter(
        consultation__in=Consultation.objects.visible_to(request.agent),
        state=Deposit.State.SUBMITTED,
    )
    deposit = get_object_or_404(deposits.select_related("consultation"), pk=deposit_id)
    try:
        taken = local_opening.take_away(
            deposit.pk,
            agent=request.agent,
            now=clock.now(),
            accepts=request.POST.get("accepts", ""),
        )
    except OpeningRefused as refusal:
        refuse(request, refusal, deposit)
        return redirect("envelopes:opening", deposit.consultation_id)
    disposition = content_disposition_header(as_attachment=True, filename=_file_name(deposit))
    return StreamingHttpResponse(
        leaving(request, taken.pieces(), deposit),
        content_type="application/zip",
        headers={"Content-Disposition": disposition, "Content-Length": str(taken.size)},
    )


@require_POST
@agent_required(Right.OPEN_BIDS)
def declare(request: AgentRequest, envelope_id: UUID) -> HttpResponse:
    """An agent's browser is about to open an envelope: that is all that the site learns of it."""
    envelope = get_object_or_404(Envelope.objects.visible_to(request.agent), pk=envelope_id)
    accepts = _accepts(request)
    try:
        kept = local_opening.declare(
            envelope.pk, agent=request.agent, now=clock.now(), accepts=accepts
        )
    except OpeningRefused as refusal:
        return refuse_json(request, refusal, envelope)
    zone = kept.deposit.consultation.service.organisation.time_zone
    return JsonResponse({"opened_at": instant(kept.started_at, zone), "opened_by": str(kept.agent)})


@require_safe
@agent_required(Right.OPEN_BIDS)
def block(request: AgentRequest, envelope_id: UUID, sealed_file: str, number: int) -> HttpResponse:
    """A sealed block, that the agent's browser opens."""
    envelope = get_object_or_404(Envelope.objects.visible_to(request.agent), pk=envelope_id)
    if not FILE_ID.fullmatch(sealed_file) or number > LARGEST_NUMBER:
        raise Http404
    try:
        content = local_opening.block(
            envelope.pk,
            file_id=bytes.fromhex(sealed_file),
            number=number,
            agent=request.agent,
            now=clock.now(),
        )
    except SealedBlock.DoesNotExist as error:
        raise Http404 from error
    except OpeningRefused as refusal:
        return refuse_json(request, refusal, envelope)
    return HttpResponse(content, content_type="application/octet-stream")


def _accepts(request: HttpRequest) -> str:
    """`{"accepts"}`: "late" or "replaced" where the agent confirmed that it is opened all the same."""
    try:
        return str(json.loads(request.body)["accepts"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadRequest("not a declaration") from error


def _file_name(deposit: Deposit) -> str:
    """The reference is what an agent typed: a slash would be of a path."""
    # Translators: the beginning of a file’s name, without accents
    start = _("sealed-bid")
    return f"{start}-{slugify(deposit.consultation.reference)}-{deposit.number}.zip"
