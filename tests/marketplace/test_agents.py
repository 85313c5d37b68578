# SPDX-License-Identifier: EUPL-1.2
import re

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from marketplace import agents
from marketplace.errors import AddressTaken, OwnAccount
from marketplace.models import Agent, JournalEntry, Right
from tests.factories import (
    NOW,
    PASSWORD,
    make_administrator,
    make_agent,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db


def place_of(agent: Agent, *rights: Right, is_administrator: bool = False) -> agents.Place:
    return agents.Place(agent.service, is_administrator, frozenset(rights))


def test_invite_makes_an_agent_who_has_no_password_yet():
    administrator = make_administrator()
    place = place_of(administrator, Right.OPEN_BIDS)

    agent = agents.invite("new@example.org", "New", place, by=administrator, now=NOW)

    agent.refresh_from_db()
    assert not agent.user.has_usable_password()
    assert [right for right in Right if agent.may(right)] == [Right.OPEN_BIDS]
    assert JournalEntry.objects.get().facts == {
        "email": "new@example.org",
        "service": administrator.service.name,
        "is_administrator": False,
        "rights": ["open_bids"],
        "is_active": True,
    }


def test_invite_mails_a_link_that_sets_the_password(
    client, mailoutbox, django_capture_on_commit_callbacks
):
    administrator = make_administrator()
    with django_capture_on_commit_callbacks(execute=True):
        agent = agents.invite(
            "new@example.org", "New", place_of(administrator), by=administrator, now=NOW
        )

    [link] = re.findall(r"http://127\.0\.0\.1:8000(\S+)", mailoutbox[0].body)
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})

    agent.user.refresh_from_db()
    assert mailoutbox[0].to == ["new@example.org"]
    assert agent.user.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=agent.user).verified


def test_invite_refuses_an_address_that_has_an_account_in_whatever_case():
    make_user(email="known@example.org")
    administrator = make_administrator()

    with pytest.raises(AddressTaken):
        agents.invite(
            "Known@Example.org", "New", place_of(administrator), by=administrator, now=NOW
        )

    assert Agent.objects.count() == 1
    assert JournalEntry.objects.count() == 0


def test_invite_with_the_keys_of_other_services_grants_those_of_the_own_one():
    administrator = make_administrator()
    place = place_of(administrator, Right.MANAGE_OTHER_KEYS)

    agent = agents.invite("new@example.org", "New", place, by=administrator, now=NOW)

    assert agent.may(Right.MANAGE_KEYS)


def test_edit_changes_service_and_rights():
    administrator = make_administrator()
    agent = make_agent(Right.MANAGE_KEYS, service=administrator.service)
    elsewhere = make_service(organisation=administrator.service.organisation)
    place = agents.Place(elsewhere, False, frozenset({Right.REVIEW_REPORTS}))

    agents.edit(agent.pk, place, is_active=True, by=administrator, now=NOW)

    agent.refresh_from_db()
    assert agent.service == elsewhere
    assert [right for right in Right if agent.may(right)] == [Right.REVIEW_REPORTS]
    assert JournalEntry.objects.get().action == "agent.edited"


def test_disabled_agent_is_signed_out_at_the_next_request(client):
    administrator = make_administrator()
    agent = make_agent(service=administrator.service)
    client.force_login(agent.user)
    assert client.get(reverse("consultations")).status_code == 200

    agents.edit(agent.pk, place_of(agent), is_active=False, by=administrator, now=NOW)

    response = client.get(reverse("consultations"))
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("is_administrator", "is_active"), [(False, True), (True, False), (False, False)]
)
def test_administrator_does_not_shut_the_own_account(is_administrator, is_active):
    administrator = make_administrator()
    place = place_of(administrator, is_administrator=is_administrator)

    with pytest.raises(OwnAccount):
        agents.edit(administrator.pk, place, is_active=is_active, by=administrator, now=NOW)

    administrator.refresh_from_db()
    assert administrator.is_administrator
    assert administrator.user.is_active


def test_administrator_may_end_the_administration_of_another():
    administrator = make_administrator()
    other = make_administrator(service=administrator.service)

    agents.edit(other.pk, place_of(other), is_active=True, by=administrator, now=NOW)

    other.refresh_from_db()
    assert not other.is_administrator


def test_invite_page_offers_the_services_of_the_organisation_alone(client):
    administrator = make_administrator()
    foreign = make_service()
    client.force_login(administrator.user)

    response = client.post(
        reverse("invite_agent"),
        {"name": "New", "email": "new@example.org", "service": str(foreign.pk)},
    )

    assert list(response.context["form"].errors) == ["service"]
    assert Agent.objects.count() == 1


def test_edit_page_shows_the_refusal_and_keeps_the_attempt(client):
    administrator = make_administrator()
    client.force_login(administrator.user)

    response = client.post(
        reverse("edit_agent", args=[administrator.pk]), {"service": administrator.service_id}
    )

    assert response.status_code == 409
    assert JournalEntry.objects.get().action == "refused.own_account"


@pytest.mark.parametrize("count", [1, 3])
def test_agent_list_asks_the_same_number_of_questions(client, django_assert_num_queries, count):
    administrator = make_administrator()
    for _ in range(count - 1):
        make_agent(service=make_service(organisation=administrator.service.organisation))
    client.force_login(administrator.user)

    # session, agent; count, page; the menu asks nothing more of an administrator
    with django_assert_num_queries(4):
        response = client.get(reverse("agents"))

    assert len(response.context["page"].object_list) == count
