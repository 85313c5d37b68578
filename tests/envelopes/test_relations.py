# SPDX-License-Identifier: EUPL-1.2
import pytest

from envelopes import relations, submission, withdrawal
from envelopes.errors.submission import RelationFrozen, RelationMissing
from envelopes.models import Deposit
from marketplace.models import JournalEntry
from tests.envelopes.deposits import make_second, make_submitted, ready_to_submit
from tests.factories import NOW, make_deposit

pytestmark = pytest.mark.django_db
CHOSEN = "deposit.relation_chosen"


def choose(deposit: Deposit, relation: str) -> Deposit:
    relations.choose(deposit.pk, relation, actor=deposit.bidder.user, now=NOW)
    deposit.refresh_from_db()
    return deposit


def draft_after(first: Deposit, relation: str = "replaces") -> Deposit:
    return make_deposit(consultation=first.consultation, bidder=first.bidder, relation=relation)


def test_choose_changes_the_relation_and_tells_the_journal_once():
    first = make_submitted()
    draft = draft_after(first)

    for _ in range(2):
        choose(draft, "completes")

    assert (draft.follows, draft.relation) == (first, "completes")
    entry = JournalEntry.objects.get(action=CHOSEN)
    assert entry.facts == {"follows": str(first.pk), "relation": "completes"}
    assert entry.organisation is None


@pytest.mark.parametrize("relation", ["", "swallows"])
def test_choose_refuses_what_is_neither(relation):
    draft = draft_after(make_submitted())

    with pytest.raises(RelationMissing):
        choose(draft, relation)

    draft.refresh_from_db()
    assert draft.relation == "replaces"
    assert not JournalEntry.objects.filter(action=CHOSEN).exists()


def test_choose_refuses_once_submitted():
    second = make_second(make_submitted(), "replaces")

    with pytest.raises(RelationFrozen):
        choose(second, "completes")

    second.refresh_from_db()
    assert second.relation == "replaces"


def test_choose_follows_what_is_left():
    first = make_submitted()
    second = make_second(first, "completes")
    draft = draft_after(first)
    assert draft.follows == second
    Deposit.objects.filter(pk=second.pk).update(withdrawn_at=NOW)

    assert choose(draft, "completes").follows == first

    Deposit.objects.filter(pk=first.pk).update(withdrawn_at=NOW)
    assert (choose(draft, "replaces").follows, draft.relation) == (None, "")


def test_choose_has_nothing_to_say_of_a_first_deposit():
    draft = choose(make_deposit(), "replaces")

    assert (draft.follows, draft.relation) == (None, "")
    assert not JournalEntry.objects.filter(action=CHOSEN).exists()


def test_withdrawal_of_what_replaced_leaves_nothing_to_follow():
    first = make_submitted()
    second = make_second(first, "replaces")
    draft = draft_after(first, "completes")

    withdrawal.withdraw(second.pk, actor=second.bidder.user, now=NOW)

    draft.refresh_from_db()
    assert (draft.follows, draft.relation) == (None, "")


def test_draft_of_before_the_question_is_not_submitted_without_an_answer():
    first = make_submitted()
    draft = draft_after(first)
    Deposit.objects.filter(pk=draft.pk).update(follows=None, relation="")
    announcement = ready_to_submit(draft)

    with pytest.raises(RelationMissing):
        submission.submit(draft.pk, announcement, actor=first.bidder.user, now=NOW)

    draft.refresh_from_db()
    assert draft.state == Deposit.State.DRAFT
    assert choose(draft, "completes").follows == first
