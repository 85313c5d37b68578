# SPDX-License-Identifier: EUPL-1.2
"""What a bidder does after a first deposit; before the deadline the buyer reads nothing of it."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from envelopes.errors.submission import RelationMissing
from envelopes.errors.withdrawal import WithdrawalTooLate
from envelopes.models import Deposit
from marketplace.models import Agent, Consultation, JournalEntry, Right
from tests.envelopes.deposits import make_second, make_submitted
from tests.factories import (
    DAY,
    DEADLINE,
    NOW,
    make_administrator,
    make_agent,
    make_bidder,
    make_deposit,
)

pytestmark = pytest.mark.django_db
RIGHTS = (Right.OPEN_BIDS, Right.MANAGE_CONSULTATIONS, Right.MANAGE_KEYS, Right.REVIEW_REPORTS)


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(NOW)


@pytest.fixture
def first(client) -> Deposit:
    """Submitted, by the bidder who is signed in."""
    deposit = make_submitted()
    client.force_login(deposit.bidder.user)
    return deposit


def url(name: str, *args: object) -> str:
    return reverse(f"envelopes:{name}", args=args)


def draft_after(first: Deposit) -> Deposit:
    return make_deposit(consultation=first.consultation, bidder=first.bidder)


def start(client, deposit: Deposit, **fields: str):
    return client.post(url("start_deposit", deposit.consultation_id), fields)


def refusals() -> int:
    return JournalEntry.objects.filter(action__startswith="refused.").count()


def test_public_page_asks_what_the_new_bid_is_to_the_earlier_ones(client, first):
    second = make_second(first, "completes")

    page = client.get(url("public_detail", first.consultation_id))

    assertContains(page, "data-relation-choice", count=1)
    assert page.context["earlier"] == [first, second]
    assertNotContains(page, " checked")


def test_public_page_asks_nothing_of_a_first_bid_nor_of_one_that_is_begun(client, first):
    draft_after(first)
    begun = client.get(url("public_detail", first.consultation_id))
    client.force_login(make_bidder().user)
    other = client.get(url("public_detail", first.consultation_id))

    assertNotContains(begun, "data-relation-choice")
    assertNotContains(other, "data-relation-choice")


@pytest.mark.parametrize("fields", [{}, {"relation": ""}, {"relation": "swallows"}])
def test_start_without_a_choice_is_told_what_to_do_and_recorded_nowhere(client, first, fields):
    before = JournalEntry.objects.count()

    response = start(client, first, **fields)

    assertContains(response, RelationMissing.remedy, status_code=422)
    assertContains(response, "data-relation-error", status_code=422)
    assert Deposit.objects.get() == first
    assert JournalEntry.objects.count() == before


@pytest.mark.parametrize("relation", Deposit.Relation)
def test_start_keeps_the_choice_and_shows_it(client, first, relation):
    response = start(client, first, relation=relation)

    draft = Deposit.objects.get(state=Deposit.State.DRAFT)
    assertRedirects(response, url("deposit", draft.pk))
    assert (draft.follows, draft.relation) == (first, relation)
    page = client.get(url("deposit", draft.pk))
    assertContains(page, f'data-relation="{relation}"')
    assertContains(page, f'data-confirm-relation="{relation}"')
    assert page.context["page_data"]["follows"] == {
        "deposit": str(first.pk),
        "relation": relation,
    }


def test_deposit_page_of_a_first_bid_has_nothing_of_an_earlier_one(client, first):
    other = make_deposit(bidder=first.bidder)

    page = client.get(url("deposit", other.pk))

    assertNotContains(page, "data-relation=")
    assert page.context["page_data"]["follows"] is None


def test_choice_is_changed_from_the_deposit_page(client, first):
    draft = draft_after(first)

    response = client.post(url("choose_relation", draft.pk), {"relation": "completes"})

    assertRedirects(response, url("deposit", draft.pk))
    draft.refresh_from_db()
    assert draft.relation == "completes"


def test_choice_left_empty_changes_nothing_and_is_told(client, first):
    draft = draft_after(first)

    response = client.post(url("choose_relation", draft.pk), follow=True)

    assertContains(response, RelationMissing.remedy)
    draft.refresh_from_db()
    assert draft.relation == "replaces"
    assert refusals() == 0
    assert not draft.attempts.exists()


def test_choice_of_a_submitted_bid_is_refused(client, first):
    second = make_second(first, "replaces")

    client.post(url("choose_relation", second.pk), {"relation": "completes"})

    second.refresh_from_db()
    assert second.relation == "replaces"
    assert JournalEntry.objects.get(action="refused.relation_frozen").organisation is None
    attempt = second.attempts.latest("number")
    assert (attempt.step, attempt.outcome) == ("relation", "refused")
    assert attempt.cause == "relation_frozen"


def test_withdrawal_page_says_to_whom_what_and_until_when(client, first):
    page = client.get(url("withdraw", first.pk))

    for said in (first.consultation.reference, first.consultation.title):
        assertContains(page, f'<dd class="confirm-largest">{said}</dd>')
    assertContains(page, "data-withdrawal")
    assert page.context["left"] == []
    first.refresh_from_db()
    assert first.withdrawn_at is None


def test_withdrawal_page_says_what_does_not_come_back_and_what_still_stands(client, first):
    second = make_second(first, "replaces")
    third = make_second(first, "completes")

    page = client.get(url("withdraw", second.pk))

    assert (page.context["lost"], page.context["left"]) == ([first], [third])


def test_withdraw_leads_to_the_receipt_that_says_so(client, first, set_clock):
    set_clock(NOW + DAY)
    client.force_login(first.bidder.user)

    response = client.post(url("withdraw", first.pk))
    again = client.post(url("withdraw", first.pk))

    for answer in (response, again):
        assertRedirects(answer, url("deposit", first.pk), target_status_code=302)
    first.refresh_from_db()
    assert first.withdrawn_at == NOW + DAY
    page = client.get(url("receipt", first.pk))
    assertContains(page, "data-withdrawn")
    assertNotContains(page, url("withdraw", first.pk))
    assertRedirects(
        client.get(url("withdraw", first.pk)), url("deposit", first.pk), target_status_code=302
    )


def test_withdraw_after_the_deadline_is_refused_with_a_remedy(client, first, set_clock):
    set_clock(DEADLINE)
    client.force_login(first.bidder.user)

    page = client.get(url("withdraw", first.pk))
    response = client.post(url("withdraw", first.pk), follow=True)

    assertContains(page, "data-withdrawal-refused")
    assertNotContains(page, "data-withdrawal>")
    assertContains(response, WithdrawalTooLate.remedy)
    first.refresh_from_db()
    assert first.withdrawn_at is None
    assert JournalEntry.objects.get(action="refused.withdrawal_too_late").organisation is None
    assertNotContains(client.get(url("receipt", first.pk)), url("withdraw", first.pk))


@pytest.mark.parametrize("name", ["withdraw", "choose_relation"])
def test_bid_of_another_company_does_not_exist(client, first, name):
    client.force_login(make_bidder().user)

    assert client.post(url(name, first.pk), {"relation": "replaces"}).status_code == 404
    first.refresh_from_db()
    assert first.withdrawn_at is None


def test_receipt_of_a_replaced_bid_leads_to_the_one_that_replaced_it(client, first):
    second = make_second(first, "replaces")

    page = client.get(url("receipt", first.pk))

    assertContains(page, "data-replaced")
    assertContains(page, url("receipt", second.pk))
    assertNotContains(client.get(url("receipt", second.pk)), "data-replaced")


def test_lists_show_what_became_of_each_bid(client, first):
    second = make_second(first, "replaces")
    client.post(url("withdraw", second.pk))
    draft_after(first)

    public = client.get(url("public_detail", first.consultation_id))
    mine = client.get(url("deposits"))

    expected = {first.pk: "replaced", second.pk: "withdrawn"}
    for rows in (public.context["deposits"], mine.context["rows"]):
        assert {deposit.pk: link.state for deposit, link in rows if link} == expected
        assert [deposit.state for deposit, link in rows if link is None] == ["draft"]


@pytest.mark.parametrize("count", [1, 3])
def test_mine_asks_as_much_for_one_consultation_as_for_three(
    client, django_assert_num_queries, count
):
    bidder = make_bidder()
    for _ in range(count):
        make_second(make_submitted(bidder=bidder), "replaces")
    client.force_login(bidder.user)

    with django_assert_num_queries(5):
        client.get(url("deposits"))


TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def read_by(agents: list[Agent], consultation: Consultation) -> list[tuple[int, str]]:
    """All that these people of the buyer are shown of a consultation, but for the tokens of forms."""
    read = []
    for agent in agents:
        client = Client()
        client.force_login(agent.user)
        for address in (
            url("consultation", consultation.pk),
            url("coverage", consultation.pk),
            url("public_detail", consultation.pk),
            reverse("consultations"),
            reverse("journal"),
        ):
            response = client.get(address)
            read.append((response.status_code, TOKEN.sub("", response.content.decode())))
    return read


def test_buyer_reads_the_same_before_the_deadline_whatever_bidders_do(client, first):
    consultation = first.consultation
    agents = [
        make_agent(*RIGHTS, service=consultation.service),
        make_administrator(service=consultation.service),
    ]
    before = read_by(agents, consultation)
    client.force_login(first.bidder.user)

    second = make_second(first, "replaces")
    client.post(url("withdraw", second.pk))
    draft = draft_after(first)
    client.post(url("choose_relation", draft.pk), {"relation": "completes"})
    client.post(url("withdraw", draft.pk))  # refused

    assert read_by(agents, consultation) == before
