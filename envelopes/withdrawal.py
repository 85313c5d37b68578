# SPDX-License-Identifier: EUPL-1.2
"""Withdrawing a submitted deposit, by its bidder, before the deadline: it stays sealed for ever."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from envelopes import attempts, chains, sessions
from envelopes.errors.withdrawal import NotSubmitted, WithdrawalTooLate
from envelopes.models import Attempt, Deposit
from marketplace import journal
from marketplace.models import User


def withdraw(deposit_id: UUID, *, actor: User, now: datetime) -> Deposit:
    """Withdraw a deposit for ever; repeated, it changes nothing, and says the same.

    `now` is when the request had arrived: at the deadline itself, it is too late. What this deposit had
    replaced does not come back (`envelopes.standing`); the company's deposit in preparation, where it was to
    follow this one, follows what is left, or nothing.

    Raises:
        WithdrawalRefused: the deposit stays as it was.
    """
    if not _is_begun(deposit_id, now=now):
        return Deposit.objects.get(pk=deposit_id)
    with attempts.remembered(deposit_id, Attempt.Step.WITHDRAWAL, lambda: now):
        return _withdraw(deposit_id, actor=actor, now=now)


def check(deposit: Deposit, *, now: datetime) -> None:
    """Whether a deposit may be withdrawn at `now`.

    Raises:
        NotSubmitted: it is in preparation.
        WithdrawalTooLate: the deadline has passed.
    """
    if deposit.state != Deposit.State.SUBMITTED:
        raise NotSubmitted
    if deposit.is_late or deposit.consultation.is_closed(now):
        raise WithdrawalTooLate


@transaction.atomic
def _is_begun(deposit_id: UUID, *, now: datetime) -> bool:
    """Keep the start of a withdrawal; false where the deposit is withdrawn already."""
    deposit = _locked(deposit_id)
    if deposit.withdrawn_at is not None:
        return False
    attempts.record(deposit, Attempt.Step.WITHDRAWAL, Attempt.Outcome.STARTED, now=now)
    return True


@transaction.atomic
def _withdraw(deposit_id: UUID, *, actor: User, now: datetime) -> Deposit:
    deposit = _locked(deposit_id)
    if deposit.withdrawn_at is not None:
        return deposit
    check(deposit, now=now)
    if sessions.is_open(deposit):  # this request was long on its way
        raise WithdrawalTooLate
    deposit.withdrawn_at = now
    deposit.save(update_fields=["withdrawn_at"])
    _leave_followers(deposit)
    attempts.record(deposit, Attempt.Step.WITHDRAWAL, Attempt.Outcome.COMPLETED, now=now)
    # No organisation: before the deadline the buyer learns neither of a bid, nor that it is withdrawn.
    journal.record("deposit.withdrawn", deposit, actor=actor, now=now)
    return deposit


def _leave_followers(deposit: Deposit) -> None:
    """What is in preparation follows what is left; its page, if it is open, has to be loaded again."""
    rows = Deposit.objects.filter(follows=deposit, state=Deposit.State.DRAFT)
    for draft in rows.select_for_update(no_key=True, of=("self",)):
        draft.follows = chains.followed(
            chains.of_company(deposit.consultation_id, deposit.company_id)
        )
        draft.relation = draft.relation if draft.follows else ""
        draft.save(update_fields=["follows", "relation"])


def _locked(deposit_id: UUID) -> Deposit:
    deposits = Deposit.objects.select_related("consultation")
    return deposits.select_for_update(no_key=True, of=("self",)).get(pk=deposit_id)
