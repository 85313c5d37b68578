# SPDX-License-Identifier: EUPL-1.2
"""Second deposits and withdrawals at the same moment: one comes first, and the other sees it."""

import json

import pytest

from envelopes import relations, submission, withdrawal
from envelopes.errors.submission import RelationChanged
from envelopes.errors.withdrawal import WithdrawalTooLate
from envelopes.models import Deposit, Receipt
from marketplace.models import JournalEntry
from tests.envelopes.deposits import make_second, make_submitted, ready_to_submit
from tests.factories import DEADLINE, NOW, SECOND, make_bidder, make_deposit
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


def index_of(action: str, deposit: Deposit) -> int:
    return JournalEntry.objects.get(action=action, subject=f"Deposit {deposit.pk}").index


def withdraw(deposit: Deposit) -> Deposit:
    return withdrawal.withdraw(deposit.pk, actor=deposit.bidder.user, now=NOW)


def draft_after(first: Deposit, relation: str) -> Deposit:
    return make_deposit(consultation=first.consultation, bidder=first.bidder, relation=relation)


def test_two_starts_at_once_are_one_deposit_and_one_choice():
    first = make_submitted()
    colleague = make_bidder(company=first.company)

    started = race(
        lambda: submission.start(first.consultation, first.bidder, now=NOW, relation="replaces"),
        lambda: submission.start(first.consultation, colleague, now=NOW, relation="completes"),
    )

    draft = Deposit.objects.get(state=Deposit.State.DRAFT)
    assert started == [draft, draft]
    assert draft.follows == first
    entry = JournalEntry.objects.get(action="deposit.started", subject=f"Deposit {draft.pk}")
    assert entry.facts["relation"] == draft.relation


def test_a_withdrawal_against_the_submission_of_a_follower():
    """What a receipt says of an earlier deposit was so when it was written."""
    for _ in range(ROUNDS):
        first = make_submitted()
        draft = draft_after(first, "completes")
        announcement = ready_to_submit(draft)

        submitted, withdrawn = race(
            lambda: submission.submit(
                draft.pk,  # noqa: B023 - idem
                announcement,  # noqa: B023 - idem
                actor=draft.bidder.user,  # noqa: B023 - idem
                now=NOW,
            ),
            lambda: withdraw(first),  # noqa: B023 - idem
        )

        draft.refresh_from_db()
        assert withdrawn == first
        if isinstance(submitted, RelationChanged):
            assert (draft.state, draft.follows) == (Deposit.State.DRAFT, None)
        else:
            assert isinstance(submitted, Receipt)
            assert json.loads(bytes(submitted.content))["follows"]["deposit"] == str(first.pk)
            said, withdrew = (
                index_of("deposit.submitted", draft),
                index_of("deposit.withdrawn", first),
            )
            assert said < withdrew


def test_a_withdrawal_against_a_start_leaves_nobody_behind_what_is_withdrawn():
    for _ in range(ROUNDS):
        first = make_submitted()

        started, withdrawn = race(
            lambda: draft_after(first, "completes"),  # noqa: B023 - done within the round
            lambda: withdraw(first),  # noqa: B023 - idem
        )

        assert withdrawn == first
        started.refresh_from_db()
        assert (started.follows, started.relation) == (None, "")


def test_a_withdrawal_against_another_choice_leaves_nobody_behind_what_is_withdrawn():
    for _ in range(ROUNDS):
        first = make_submitted()
        second = make_second(first, "completes")
        draft = draft_after(first, "completes")

        race(
            lambda: withdraw(second),  # noqa: B023 - done within the round
            lambda: relations.choose(draft.pk, "replaces", actor=first.bidder.user, now=NOW),  # noqa: B023 - idem
        )

        draft.refresh_from_db()
        assert (draft.follows, draft.relation) == (first, "replaces")


def test_a_withdrawal_asked_for_many_times_at_once_is_one():
    first = make_submitted()

    answers = race(*[lambda: withdraw(first)] * 6)

    assert answers == [first] * 6
    assert JournalEntry.objects.filter(action="deposit.withdrawn").count() == 1
    assert first.attempts.filter(step="withdrawal", outcome="completed").count() == 1


def test_a_withdrawal_in_time_and_one_too_late_are_each_judged_by_when_they_arrived():
    """Whichever is written first."""
    for _ in range(ROUNDS):
        first = make_submitted()
        arrived = [DEADLINE - SECOND, DEADLINE]

        in_time, too_late = race(
            *(
                lambda now=now, first=first: withdrawal.withdraw(
                    first.pk, actor=first.bidder.user, now=now
                )
                for now in arrived
            )
        )

        first.refresh_from_db()
        assert in_time == first
        assert isinstance(too_late, WithdrawalTooLate) or too_late == first
        assert first.withdrawn_at == DEADLINE - SECOND
