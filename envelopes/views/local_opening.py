# SPDX-License-Identifier: EUPL-1.2
"""Opening away from the site: what an agent's browser takes from it, sealed."""

from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from envelopes import local_opening
from envelopes.errors.opening import OpeningRefused
from envelopes.models import Deposit
from marketplace import clock
from marketplace.http import refuse
from marketplace.models import Consultation, Right
from marketplace.permissions import AgentRequest, agent_required


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
        taken.pieces(),
        content_type="application/zip",
        headers={"Content-Disposition": disposition, "Content-Length": str(taken.size)},
    )


def _file_name(deposit: Deposit) -> str:
    """The reference is what an agent typed: a slash would be of a path."""
    # Translators: the beginning of a file’s name, without accents
    start = _("sealed-bid")
    return f"{start}-{slugify(deposit.consultation.reference)}-{deposit.number}.zip"
