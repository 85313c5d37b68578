# SPDX-License-Identifier: EUPL-1.2
import pytest

from envelopes import attempts, chains, opening, withdrawal
from envelopes.errors.withdrawal import NotSubmitted, WithdrawalTooLate
from envelopes.models import Attempt, Deposit
from envelopes.standing import State
from marketplace.models import JournalEntry
from tests.envelopes.deposits import make_second, make_submitted
from tests.envelopes.sealed import OPENED, make_scene, unwrap
from tests.factories import DAY, DEADLINE, NOW, SECOND, make_deposit

pytestmark = pytest.mark.django_db
Outcome = Attempt.Outcome


def withdraw(deposit: Deposit, *, now=NOW + DAY) -> Deposit:
    withdrawn = withdrawal.withdraw(deposit.pk, actor=deposit.bidder.user, now=now)
    deposit.refresh_from_db()
    return withdrawn


def outcomes(deposit: Deposit) -> list[tuple[str, str]]:
    steps = deposit.attempts.filter(step=Attempt.Step.WITHDRAWAL).order_by("number")
    return [(attempt.outcome, attempt.cause) for attempt in steps]


def states(deposit: Deposit) -> list[State]:
    chain = chains.of_company(deposit.consultation_id, deposit.company_id)
    return [link.state for link in chain]


def test_withdraw_keeps_when_and_leaves_what_is_sealed(store):
    deposit = make_submitted()
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    receipt = bytes(deposit.receipt.content)

    withdraw(deposit)

    assert deposit.withdrawn_at == NOW + DAY
    assert deposit.state == Deposit.State.SUBMITTED
    assert bytes(deposit.receipt.content) == receipt
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before
    entry = JournalEntry.objects.get(action="deposit.withdrawn")
    assert (entry.subject, entry.facts) == (f"Deposit {deposit.pk}", {})
    assert entry.organisation is None
    assert outcomes(deposit) == [(Outcome.STARTED, ""), (Outcome.COMPLETED, "")]


def test_withdraw_again_changes_nothing_and_says_the_same():
    deposit = make_submitted()
    first = withdraw(deposit)

    again = withdraw(deposit, now=DEADLINE + DAY)

    assert (again, again.withdrawn_at) == (first, NOW + DAY)
    assert JournalEntry.objects.filter(action="deposit.withdrawn").count() == 1
    assert len(outcomes(deposit)) == 2


def test_withdraw_meets_another_request_that_was_first(monkeypatch):
    deposit = make_submitted()
    begin = withdrawal._is_begun

    def begin_and_come_second(deposit_id, *, now):
        is_begun = begin(deposit_id, now=now)
        monkeypatch.setattr(withdrawal, "_is_begun", begin)
        withdraw(deposit)
        return is_begun

    monkeypatch.setattr(withdrawal, "_is_begun", begin_and_come_second)

    assert withdraw(deposit, now=NOW + DAY + SECOND).withdrawn_at == NOW + DAY
    assert JournalEntry.objects.filter(action="deposit.withdrawn").count() == 1
    assert outcomes(deposit).count((Outcome.COMPLETED, "")) == 1


@pytest.mark.parametrize("now", [DEADLINE, DEADLINE + SECOND])
def test_withdraw_refuses_at_the_deadline_and_later(now):
    deposit = make_submitted()

    with pytest.raises(WithdrawalTooLate):
        withdraw(deposit, now=now)

    deposit.refresh_from_db()
    assert deposit.withdrawn_at is None
    assert outcomes(deposit) == [(Outcome.STARTED, ""), (Outcome.REFUSED, "withdrawal_too_late")]
    assert attempts.history(deposit)[-1].remedy == WithdrawalTooLate.remedy
    assert not JournalEntry.objects.filter(action="deposit.withdrawn").exists()


def test_withdraw_is_accepted_until_the_deadline():
    deposit = make_submitted()

    withdraw(deposit, now=DEADLINE - SECOND)

    assert deposit.withdrawn_at == DEADLINE - SECOND


def test_withdraw_refuses_a_late_deposit():
    deposit = make_submitted(at=DEADLINE)

    with pytest.raises(WithdrawalTooLate):
        withdraw(deposit, now=DEADLINE - SECOND)  # by whatever clock

    deposit.refresh_from_db()
    assert deposit.withdrawn_at is None


def test_withdraw_refuses_what_is_opened():
    """The request had arrived in time, and was so long on its way that the opening came first."""
    scene = make_scene()
    keys = unwrap(scene.application, scene.holder)
    opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    with pytest.raises(WithdrawalTooLate):
        withdraw(scene.deposit, now=DEADLINE - SECOND)

    scene.deposit.refresh_from_db()
    assert scene.deposit.withdrawn_at is None


def test_withdraw_refuses_what_is_in_preparation():
    deposit = make_deposit()

    with pytest.raises(NotSubmitted):
        withdraw(deposit)

    assert outcomes(deposit) == [(Outcome.STARTED, ""), (Outcome.REFUSED, "not_submitted")]


def test_withdraw_brings_nothing_back_that_was_replaced():
    first = make_submitted()
    second = make_second(first, "replaces")

    withdraw(second)

    assert states(first) == [State.REPLACED, State.WITHDRAWN]


def test_withdraw_leaves_a_complement_alone():
    first = make_submitted()
    make_second(first, "completes")

    withdraw(first)

    assert states(first) == [State.WITHDRAWN, State.STANDS]


def test_withdraw_has_what_is_in_preparation_follow_what_is_left():
    first = make_submitted()
    second = make_second(first, "completes")
    draft = make_deposit(consultation=first.consultation, bidder=first.bidder)

    withdraw(second)

    draft.refresh_from_db()
    assert (draft.follows, draft.relation) == (first, "replaces")
    withdraw(first)
    draft.refresh_from_db()
    assert (draft.follows, draft.relation) == (None, "")


def test_withdraw_touches_no_other_company():
    deposit = make_submitted()
    other = make_submitted(consultation=deposit.consultation)

    withdraw(deposit)

    other.refresh_from_db()
    assert other.withdrawn_at is None
    assert states(other) == [State.STANDS]
