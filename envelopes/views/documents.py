# SPDX-License-Identifier: EUPL-1.2
"""What a bidder keeps on paper: the receipt, the statement of attempts."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from envelopes import attempts, receipt_documents, statements
from envelopes.models import Deposit, Receipt
from envelopes.statements import Statement
from marketplace import csv_files, pdf
from marketplace.http import attachment
from marketplace.permissions import BidderRequest, bidder_required

PAGE_SIZE = 50  # rows


@bidder_required
@require_safe
def receipt(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """The receipt as a PDF; a 503 page where documents cannot be made."""
    mine = Receipt.objects.filter(deposit__in=Deposit.objects.visible_to(request.bidder))
    found = mine.select_related("timestamp", "deposit__consultation__service__organisation")
    kept = get_object_or_404(found, pk=deposit_id)
    return attachment(f"receipt-{kept.pk}.pdf", receipt_documents.made_of(kept), pdf.CONTENT_TYPE)


@bidder_required
@require_safe
def attempts_page(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """All that the company tried on one of its deposits, submitted or not."""
    statement = _statement(request, deposit_id)
    found = statement.deposit.attempts.order_by("number")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "deposit": statement.deposit,
        "zone": statement.zone,
        "page": page,
        "lines": attempts.lines(page),
    }
    return render(request, "envelopes/attempts.html", context)


@bidder_required
@require_safe
def attempts_pdf(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """The statement as a PDF; a 503 page where documents cannot be made."""
    statement = _statement(request, deposit_id)
    return attachment(_name(statement, "pdf"), statements.document(statement), pdf.CONTENT_TYPE)


@bidder_required
@require_safe
def attempts_csv(request: BidderRequest, deposit_id: UUID) -> HttpResponseBase:
    statement = _statement(request, deposit_id)
    lines = csv_files.lines(
        statements.headings(), statements.rows(statement), ZoneInfo(statement.zone)
    )
    return csv_files.answer(_name(statement, "csv"), lines)


@bidder_required
@require_safe
def attempts_json(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    statement = _statement(request, deposit_id)
    return attachment(_name(statement, "json"), statements.data(statement), "application/json")


def _statement(request: BidderRequest, deposit_id: UUID) -> Statement:
    visible = Deposit.objects.visible_to(request.bidder).defer("manifest")
    found = visible.select_related("consultation__service__organisation", "company")
    return Statement(get_object_or_404(found, pk=deposit_id), timezone.now())


def _name(statement: Statement, extension: str) -> str:
    """A table has no room for a notice: the name of the file says that it is of a rehearsal."""
    kind = "rehearsal-" if statement.deposit.consultation.is_test else ""
    return f"{kind}attempts-{statement.deposit.pk}.{extension}"
