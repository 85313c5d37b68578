# SPDX-License-Identifier: EUPL-1.2
import re

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from envelopes import submission
from envelopes.models import ChosenKey
from marketplace.models import Consultation, JournalEntry, Right
from tests.envelopes.deposits import ready_to_submit
from tests.factories import (
    DEADLINE,
    NOW,
    SECOND,
    make_agent,
    make_consultation,
    make_deposit,
    make_key_pair,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db
ALL_RIGHTS = (Right.MANAGE_CONSULTATIONS, Right.OPEN_BIDS)


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(NOW)


@pytest.fixture
def draft() -> Consultation:
    """A draft that lacks nothing but to be put on line."""
    consultation = make_consultation()
    holder = consultation.created_by
    ChosenKey.objects.create(consultation=consultation, key_pair=make_key_pair(holder=holder))
    make_key_pair(service=consultation.service, is_backup=True)
    return consultation


def sign_in(client, consultation: Consultation, *rights: Right) -> None:
    client.force_login(make_agent(*rights, service=consultation.service).user)


def page_of(client, consultation: Consultation) -> str:
    """The page, without what differs each time: its CSRF tokens."""
    page = client.get(url("consultation", consultation)).text
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def url(name: str, consultation: Consultation) -> str:
    return reverse(f"envelopes:{name}", args=[consultation.pk])


def test_consultation_page_names_what_keeps_a_draft_off_line(client):
    consultation = make_consultation()
    sign_in(client, consultation, *ALL_RIGHTS)

    response = client.get(url("consultation", consultation))

    assertContains(response, 'data-problem="no_personal_key"')
    assertContains(response, 'data-problem="no_backup_key"')
    assertNotContains(response, "data-publish")


def test_consultation_page_offers_to_put_a_complete_draft_on_line(client, draft):
    sign_in(client, draft, *ALL_RIGHTS)

    response = client.get(url("consultation", draft))

    assertContains(response, "data-publish")
    assertNotContains(response, "data-problem")


def test_consultation_page_shows_the_frozen_fingerprints(client):
    consultation = make_online_consultation()
    sign_in(client, consultation)

    response = client.get(url("consultation", consultation))

    for fingerprint in consultation.recipient_set.fingerprints:
        grouped = " ".join(fingerprint[at : at + 4] for at in range(0, 64, 4))
        assertContains(response, grouped)


def test_consultation_page_is_the_same_with_and_without_deposits_until_the_deadline(client):
    consultation = make_online_consultation()
    sign_in(client, consultation, *ALL_RIGHTS)
    before = page_of(client, consultation)

    deposit = make_deposit(consultation=consultation)
    announcement = ready_to_submit(deposit)
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    assert page_of(client, consultation) == before


@pytest.mark.parametrize(("now", "is_shown"), [(DEADLINE - SECOND, False), (DEADLINE, True)])
def test_consultation_page_leads_to_the_opening_from_the_deadline_on(
    client, set_clock, now, is_shown
):
    consultation = make_online_consultation()
    set_clock(now)
    sign_in(client, consultation, *ALL_RIGHTS)

    response = client.get(url("consultation", consultation))

    assert (url("opening", consultation) in response.text) is is_shown


@pytest.mark.parametrize("name", ["consultation", "publish"])
def test_consultation_pages_do_not_exist_for_another_service(client, draft, name):
    stranger = make_agent(*ALL_RIGHTS)
    client.force_login(stranger.user)

    assert client.get(url(name, draft)).status_code == 404
    assert client.post(url("publish", draft)).status_code == 404
    assert client.post(url("choose_keys", draft)).status_code == 404
    draft.refresh_from_db()
    assert draft.state == Consultation.State.DRAFT


@pytest.mark.parametrize("name", ["publish", "choose_keys"])
def test_consultation_changes_need_the_right(client, draft, name):
    sign_in(client, draft)

    assert client.post(url(name, draft)).status_code == 403
    draft.refresh_from_db()
    assert draft.state == Consultation.State.DRAFT


def test_choose_keys_keeps_the_choice(client, draft):
    sign_in(client, draft, Right.MANAGE_CONSULTATIONS)
    other = make_key_pair(holder=draft.created_by)

    response = client.post(url("choose_keys", draft), {"key_pairs": [other.pk]})

    assertRedirects(response, url("consultation", draft))
    assert [chosen.key_pair for chosen in draft.chosen_keys.all()] == [other]


def test_choose_keys_refuses_a_key_pair_of_another_service(client, draft):
    sign_in(client, draft, Right.MANAGE_CONSULTATIONS)
    before = set(draft.chosen_keys.values_list("key_pair", flat=True))

    client.post(url("choose_keys", draft), {"key_pairs": [make_key_pair().pk]})

    assert set(draft.chosen_keys.values_list("key_pair", flat=True)) == before


def test_choose_keys_on_line_is_refused_and_remembered(client):
    consultation = make_online_consultation()
    sign_in(client, consultation, Right.MANAGE_CONSULTATIONS)

    client.post(url("choose_keys", consultation), {"key_pairs": []})

    assert consultation.chosen_keys.count() == 1
    assert JournalEntry.objects.filter(action="refused.already_online").count() == 1


def test_publish_page_says_what_it_freezes_and_changes_nothing(client, draft):
    sign_in(client, draft, Right.MANAGE_CONSULTATIONS)

    response = client.get(url("publish", draft))

    draft.refresh_from_db()
    assertContains(response, draft.chosen_keys.get().key_pair.name)
    assert draft.state == Consultation.State.DRAFT


def test_publish_puts_on_line(client, draft):
    sign_in(client, draft, Right.MANAGE_CONSULTATIONS)

    fingerprints = client.get(url("publish", draft)).context["readiness"].fingerprints
    response = client.post(url("publish", draft), {"fingerprint": fingerprints})

    draft.refresh_from_db()
    assertRedirects(response, url("consultation", draft))
    assert draft.state == Consultation.State.ONLINE


def test_publish_refuses_what_the_agent_did_not_confirm(client, draft):
    sign_in(client, draft, Right.MANAGE_CONSULTATIONS)

    client.post(url("publish", draft), {"fingerprint": ["0" * 64]})

    draft.refresh_from_db()
    assert draft.state == Consultation.State.DRAFT
    assert JournalEntry.objects.filter(action="refused.recipients_changed").count() == 1


def test_publish_refuses_what_the_page_says_is_missing(client):
    consultation = make_consultation()
    sign_in(client, consultation, Right.MANAGE_CONSULTATIONS)

    assertRedirects(client.get(url("publish", consultation)), url("consultation", consultation))
    client.post(url("publish", consultation))

    consultation.refresh_from_db()
    assert consultation.state == Consultation.State.DRAFT
    assert JournalEntry.objects.filter(action="refused.no_personal_key").count() == 1
