# SPDX-License-Identifier: EUPL-1.2
"""How fast the line of a bidder is: bytes that are read and thrown away."""

from contextlib import suppress

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from envelopes.errors.uploads import MeasureTooLarge
from envelopes.limits import LARGEST_MEASURE, LARGEST_READ
from envelopes.views.signed_in import signed_in
from marketplace import http
from marketplace.permissions import BidderRequest, bidder_required


@signed_in
@bidder_required
@require_POST
def measure(request: BidderRequest) -> HttpResponse:
    """Keeps nothing; the browser looks at its clock."""
    received = 0
    with suppress(OSError):  # the browser has seen enough, and cuts the line
        while received <= LARGEST_MEASURE and (piece := request.read(LARGEST_READ)):
            received += len(piece)
    if received > LARGEST_MEASURE:
        return http.refuse_json(request, MeasureTooLarge(), request.bidder, status=413)
    return HttpResponse(status=204)
