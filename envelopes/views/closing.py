# SPDX-License-Identifier: EUPL-1.2
"""The closing fingerprint, once the deadline has passed: for everybody, and for each bidder its proof."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from envelopes import closing
from envelopes.errors.closing import ClosingBroken
from envelopes.models import ClosingFingerprint, Deposit
from marketplace import clock
from marketplace.http import STAMP_TYPE, attachment, refuse
from marketplace.models import Consultation
from marketplace.permissions import BidderRequest, bidder_required


@require_safe
def fingerprint(request: HttpRequest, consultation_id: UUID) -> HttpResponse:
    made = _made(consultation_id)
    return attachment(
        f"closing-{consultation_id}.json", closing.published(made), "application/json"
    )


@require_safe
def token(request: HttpRequest, consultation_id: UUID) -> HttpResponse:
    """The time stamp of the last root, once the authority has given it."""
    timestamp = _made(consultation_id)[-1].timestamp
    if timestamp is None or timestamp.token is None:
        raise Http404
    return attachment(f"closing-{consultation_id}.tst", bytes(timestamp.token), STAMP_TYPE)


@bidder_required
@require_safe
def proof(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """What shows that the deposit is one of those that the fingerprint counts."""
    visible = Deposit.objects.visible_to(request.bidder).filter(state=Deposit.State.SUBMITTED)
    deposit = get_object_or_404(visible.select_related("consultation"), pk=deposit_id)
    try:
        content = closing.proof(deposit, now=clock.now())
    except ClosingBroken as refusal:
        refuse(request, refusal, deposit)
        return redirect("envelopes:receipt", deposit.pk)
    if content is None:
        raise Http404
    return attachment(f"closing-{deposit.pk}.json", content, "application/json")


def _made(consultation_id: UUID) -> list[ClosingFingerprint]:
    """The fingerprints of a consultation, as if there were no consultation where there are none."""
    consultation = get_object_or_404(Consultation.objects.published(), pk=consultation_id)
    made = closing.fingerprints(consultation, now=clock.now())
    if not made:
        raise Http404
    return made
