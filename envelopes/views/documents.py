# SPDX-License-Identifier: EUPL-1.2
"""What a bidder keeps on paper: the receipt."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from envelopes import receipt_documents
from envelopes.models import Deposit, Receipt
from marketplace import pdf
from marketplace.permissions import BidderRequest, bidder_required


@bidder_required
@require_safe
def receipt(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """The receipt as a PDF; a 503 page where documents cannot be made."""
    mine = Receipt.objects.filter(deposit__in=Deposit.objects.visible_to(request.bidder))
    found = mine.select_related("timestamp", "deposit__consultation__service__organisation")
    kept = get_object_or_404(found, pk=deposit_id)
    return pdf.answer(f"receipt-{kept.pk}.pdf", receipt_documents.made_of(kept))
