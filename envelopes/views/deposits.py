# SPDX-License-Identifier: EUPL-1.2
"""What a bidder sees: consultations on line, a deposit, its receipt."""

import json
from collections.abc import Iterable
from uuid import UUID

from csp.decorators import csp_replace
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from envelopes import (
    attempts,
    chains,
    closing,
    limits,
    public_search,
    receipt_mails,
    rehearsals,
    submission,
)
from envelopes.chains import Link
from envelopes.errors.submission import (
    BadAnnouncement,
    RelationMissing,
    SubmissionCut,
    SubmissionRefused,
    TooManyRehearsals,
)
from envelopes.forms import PublicSearchForm, read_announcement
from envelopes.models import Attempt, Deposit, Envelope
from envelopes.views.signed_in import signed_in
from marketplace import clock, http
from marketplace.models import Bidder, Consultation
from marketplace.permissions import BidderRequest, bidder_required

PAGE_SIZE = 20  # rows
TESTS_SHOWN = 5  # test consultations, above the others
STATUSES: dict[type[SubmissionRefused], int] = {BadAnnouncement: 400, SubmissionCut: 408}
LIMITS = {
    "largest_file_in_gigabytes": limits.LARGEST_FILE // 1000**3,
    "largest_deposit_in_gigabytes": limits.LARGEST_DEPOSIT // 1000**3,
    "largest_rehearsal_in_megabytes": limits.LARGEST_REHEARSAL // 1000**2,
    "most_rehearsals": limits.MOST_REHEARSALS,
    "rehearsal_kept_days": limits.REHEARSAL_KEPT_FOR.days,
    "most_files": limits.MOST_FILES,
    "kept_days": settings.ABANDONED_AFTER.days,
}


@require_safe
def public_list(request: HttpRequest) -> HttpResponse:
    form = PublicSearchForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    now = timezone.now()
    found = public_search.search(
        text=asked.get("q", ""), with_closed=asked.get("closed", False), now=now
    )
    context = {
        "form": form,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_search": any(asked.values()),
        "rehearsals": Consultation.objects.rehearsals()[:TESTS_SHOWN],
        "now": now,
    }
    return render(request, "envelopes/public_list.html", context)


@require_safe
def public_detail(request: HttpRequest, consultation_id: UUID) -> HttpResponse:
    consultation = _published(consultation_id)
    bidder: Bidder | None = getattr(request.user, "bidder", None)
    return render(request, "envelopes/public_detail.html", _public_context(consultation, bidder))


@bidder_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: BidderRequest, consultation_id: UUID) -> HttpResponse:
    consultation = _published(consultation_id)
    if request.method != "POST":  # where signing in leads back to
        return redirect("envelopes:public_detail", consultation.pk)
    relation = request.POST.get("relation", "")
    try:
        deposit = submission.start(consultation, request.bidder, now=clock.now(), relation=relation)
    except RelationMissing as refusal:  # a field left empty: nothing that the journal keeps
        context = _public_context(consultation, request.bidder) | {"refusal": refusal}
        return render(request, "envelopes/public_detail.html", context, status=422)
    except TooManyRehearsals as refusal:
        http.refuse(request, refusal, consultation)
        return redirect("envelopes:public_detail", consultation.pk)
    return redirect("envelopes:deposit", deposit.pk)


@bidder_required
@require_safe
def mine(request: BidderRequest) -> HttpResponse:
    deposits = Deposit.objects.visible_to(request.bidder)
    found = deposits.select_related("consultation__service__organisation", "follows")
    page = Paginator(found.order_by("-created_at"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _linked(page.object_list),
        "rehearsal": Consultation.objects.rehearsals().first,  # asked for where there is no deposit
        "now": timezone.now(),
    }
    return render(request, "envelopes/deposits.html", context)


# The policy is that of `static/ts/worker.ts`.
@csp_replace({"trusted-types": ["sigille"]})  # type: ignore[arg-type]  # it types views without ids
@bidder_required
@require_safe
def detail(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    deposit = _deposit(request, deposit_id)
    if deposit.state == Deposit.State.SUBMITTED:
        return redirect("envelopes:receipt", deposit.pk)
    envelopes = deposit.envelopes.select_related("lot").order_by("kind", "lot__number")
    context = LIMITS | {
        "deposit": deposit,
        "consultation": deposit.consultation,
        "lots": deposit.consultation.lots.order_by("number"),
        "envelopes": envelopes,
        "earlier": _choosable(deposit.consultation, deposit.company_id),
        "relation": deposit.relation,
        "refusal": None,
        "now": timezone.now(),
        "page_data": _page_data(deposit, list(envelopes)),
    }
    return render(request, "envelopes/deposit.html", context)


@signed_in
@bidder_required
@require_POST
def submit(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    deposit = _deposit(request, deposit_id)
    try:
        with attempts.remembered(deposit.pk, Attempt.Step.SUBMISSION, clock.now):
            body, now = _whole_body(request), clock.now()  # only then is the time looked at
            announcement = read_announcement(body)
        submission.submit(deposit.pk, announcement, actor=request.user, now=now)
    except SubmissionRefused as refusal:
        status = STATUSES.get(type(refusal), 409)
        return http.refuse_json(request, refusal, deposit, status=status)
    return JsonResponse({"receipt": reverse("envelopes:receipt", args=[deposit.pk])})


def _whole_body(request: HttpRequest) -> bytes:
    """The body, as long as it was announced; a line that is cut may give its beginning without an error.

    Raises:
        SubmissionCut: it ended before.
        BadAnnouncement: it is of another type, or longer than any list of ours.
    """
    if request.content_type != "application/json":
        raise BadAnnouncement
    try:
        body = request.body
    except UnreadablePostError as error:
        raise SubmissionCut from error
    except RequestDataTooBig as error:
        raise BadAnnouncement from error
    if len(body) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise SubmissionCut
    return body


@bidder_required
@require_safe
def receipt(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    deposit = _submitted(request, deposit_id)
    said = json.loads(bytes(deposit.receipt.content))
    context = {
        "deposit": deposit,
        "link": chains.link_of(deposit),
        "consultation": deposit.consultation,
        "now": timezone.now(),
        "receipt": said,
        "kept_until": rehearsals.kept_until(said),
        "timestamp": deposit.receipt.timestamp,
        "mail": receipt_mails.said_of_mail(deposit.receipt, now=timezone.now()),
        "closing_leaf": closing.leaf(deposit, now=timezone.now()),
    }
    return render(request, "envelopes/receipt.html", context)


@csp_replace({"trusted-types": ["sigille"]})  # type: ignore[arg-type]  # as above
@bidder_required
@require_safe
def verify(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """Where the browser compares files with a submitted bid; nothing of them comes here."""
    deposit = _submitted(request, deposit_id)
    context = {
        "deposit": deposit,
        "consultation": deposit.consultation,
        "receipt": json.loads(bytes(deposit.receipt.content)),
    }
    return render(request, "envelopes/verify.html", context)


@bidder_required
@require_safe
def receipt_file(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """The receipt itself: the same bytes for ever."""
    deposit = _submitted(request, deposit_id)
    content = bytes(deposit.receipt.content)
    return http.attachment(f"receipt-{deposit.pk}.json", content, "application/json")


@bidder_required
@require_safe
def receipt_token(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """The time stamp of the manifest, once the authority has given it."""
    deposit = _submitted(request, deposit_id)
    timestamp = deposit.receipt.timestamp
    if timestamp is None or timestamp.token is None:
        raise Http404
    return http.attachment(f"receipt-{deposit.pk}.tst", bytes(timestamp.token), http.STAMP_TYPE)


def _published(consultation_id: UUID) -> Consultation:
    published = Consultation.objects.published().select_related("service__organisation")
    return get_object_or_404(published, pk=consultation_id)


def _public_context(consultation: Consultation, bidder: Bidder | None) -> dict[str, object]:
    deposits = Deposit.objects.visible_to(bidder) if bidder else Deposit.objects.none()
    mine = deposits.filter(consultation=consultation).select_related("follows")
    rows = _linked(mine.order_by("created_at"))
    now = timezone.now()
    return LIMITS | {
        "consultation": consultation,
        "lots": consultation.lots.order_by("number"),
        "now": now,
        "closing": closing.latest(consultation, now=now),
        "is_bidder": bidder is not None,
        "largest_measure": limits.LARGEST_MEASURE,
        "largest_measure_in_megabytes": limits.LARGEST_MEASURE // 1000**2,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "deposits": rows,
        "has_draft": any(deposit.state == Deposit.State.DRAFT for deposit, _link in rows),
        "earlier": _choosable(consultation, bidder.company_id) if bidder else [],
        "relation": "",
        "refusal": None,
    }


def _linked(deposits: Iterable[Deposit]) -> list[tuple[Deposit, Link | None]]:
    """Each with how it stands, where it is submitted."""
    rows = list(deposits)
    found = chains.links_of(rows)
    return [(deposit, found.get(deposit.pk)) for deposit in rows]


def _choosable(consultation: Consultation, company_id: UUID) -> list[Deposit]:
    """What a deposit in preparation may replace or complete."""
    return chains.left(chains.of_company(consultation.pk, company_id))


def _deposit(request: BidderRequest, deposit_id: UUID) -> Deposit:
    visible = Deposit.objects.visible_to(request.bidder)
    found = visible.select_related("consultation__service__organisation", "company", "follows")
    return get_object_or_404(found, pk=deposit_id)


def _submitted(request: BidderRequest, deposit_id: UUID) -> Deposit:
    submitted = Deposit.objects.visible_to(request.bidder).filter(state=Deposit.State.SUBMITTED)
    found = submitted.select_related(
        "consultation__service__organisation",
        "company",
        "bidder__user",
        "receipt__timestamp",
        "follows",
    )
    return get_object_or_404(found, pk=deposit_id)


def _page_data(deposit: Deposit, envelopes: list[Envelope]) -> dict[str, object]:
    """What `static/ts/pages/deposit.ts` reads."""
    return {
        "deposit": str(deposit.pk),
        "uploadsUrl": reverse("envelopes:uploads", args=[deposit.pk]),
        "submitUrl": reverse("envelopes:submit", args=[deposit.pk]),
        "workerUrl": static("dist/workers/digest.js"),
        "checksUrl": static("dist/workers/checks.js"),
        "consultation": {
            "id": str(deposit.consultation_id),
            "reference": deposit.consultation.reference,
        },
        "follows": {"deposit": str(deposit.follows_id), "relation": deposit.relation}
        if deposit.follows_id
        else None,
        "csrfCookie": settings.CSRF_COOKIE_NAME,
        "largestFile": limits.LARGEST_FILE,
        "largestDeposit": (
            limits.LARGEST_REHEARSAL if deposit.consultation.is_test else limits.LARGEST_DEPOSIT
        ),
        "mostFiles": limits.MOST_FILES,
        "requestSize": limits.LARGEST_REQUEST,
        "envelopes": [
            {"id": str(e.pk), "kind": e.kind, "lot": e.lot.number if e.lot else None}
            for e in envelopes
        ],
        "uploads": [
            {
                "id": str(file.pk),
                "url": reverse("envelopes:upload", args=[file.pk]),
                "envelope": str(file.envelope_id),
                "size": file.size,
                "received": file.received_size,
                "isComplete": file.completed_at is not None,
            }
            for file in deposit.uploads().order_by("created_at")
        ],
    }
