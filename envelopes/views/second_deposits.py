# SPDX-License-Identifier: EUPL-1.2
"""What a bidder does after a first deposit: say what the second is to it, or withdraw one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from envelopes import attempts, chains, relations, withdrawal
from envelopes.errors.submission import RelationFrozen, RelationMissing
from envelopes.errors.withdrawal import WithdrawalRefused
from envelopes.models import Attempt, Deposit
from envelopes.standing import State
from marketplace import clock
from marketplace.http import refuse
from marketplace.permissions import BidderRequest, bidder_required


@bidder_required
@require_POST
def choose_relation(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    deposit = get_object_or_404(Deposit.objects.visible_to(request.bidder), pk=deposit_id)
    relation, now = request.POST.get("relation", ""), clock.now()
    try:
        relations.choose(deposit.pk, relation, actor=request.user, now=now)
    except RelationMissing as refusal:  # a field left empty: nothing that the journal keeps
        messages.error(request, f"{refusal.user_message} {refusal.remedy}")
    except RelationFrozen as refusal:
        attempts.remember(deposit.pk, Attempt.Step.RELATION, refusal.code, now=now)
        refuse(request, refusal, deposit)
    return redirect("envelopes:deposit", deposit.pk)


@bidder_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: BidderRequest, deposit_id: UUID) -> HttpResponse:
    """What withdrawing does, then the withdrawal."""
    visible = Deposit.objects.visible_to(request.bidder)
    found = visible.select_related("consultation__service__organisation", "company")
    deposit = get_object_or_404(found, pk=deposit_id)
    if request.method != "POST":
        return _withdrawal_page(request, deposit)
    try:
        withdrawal.withdraw(deposit.pk, actor=request.user, now=clock.now())
    except WithdrawalRefused as refusal:
        refuse(request, refusal, deposit)
    else:
        messages.success(request, _("The bid is withdrawn."))
    return redirect("envelopes:deposit", deposit.pk)


def _withdrawal_page(request: BidderRequest, deposit: Deposit) -> HttpResponse:
    if deposit.state == Deposit.State.DRAFT or deposit.withdrawn_at is not None:
        return redirect("envelopes:deposit", deposit.pk)
    now = clock.now()
    chain = chains.of_company(deposit.consultation_id, deposit.company_id)
    others = [one for one in chain if one.deposit != deposit]
    context = {
        "deposit": deposit,
        "consultation": deposit.consultation,
        "lots": deposit.consultation.lots.order_by("number"),
        "now": now,
        "left": [one.deposit for one in others if one.state == State.STANDS],
        "lost": [one.deposit for one in others if one.replaced_by == deposit],
        "refusal": None,
    }
    try:
        withdrawal.check(deposit, now=now)
    except WithdrawalRefused as refusal:
        context["refusal"] = refusal
    return render(request, "envelopes/withdraw.html", context)
