# SPDX-License-Identifier: EUPL-1.2
"""The page of the calendar's link, and the calendar at its address."""

import logging
import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from keys import calendar_links
from keys.errors import CalendarLinkChanged
from keys.models import CalendarLink
from marketplace.models import Agent, JournalEntry
from tests.factories import NOW, make_agent, make_key_pair
from tests.keys.calendars import events_in
from tests.keys.test_views import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/settings/encryption-keys/calendar/"
FEED = "/settings/encryption-keys/expiries.ics"


@pytest.fixture
def agent() -> Agent:
    return make_agent()


@pytest.fixture
def client(agent) -> Client:
    return signed_in(agent)


def address_in(response) -> str:
    address: str
    [address] = re.findall(r"<code data-address>([^<]+)</code>", response.content.decode())
    return address


def read(address: str):
    """As software does that has the link alone."""
    parts = urlsplit(address)
    return Client().get(f"{parts.path}?{parts.query}")


def change(client: Client, what: str):
    shown = CalendarLink.objects.get().pk
    return client.post(reverse(f"keys:{what}_calendar"), {"link": shown})


def test_list_leads_to_the_page(client):
    assert f'href="{PAGE}"' in client.get(reverse("keys:list")).content.decode()


def test_link_is_shown_once_and_leads_to_the_calendar(agent, client, settings):
    settings.BASE_URL = "https://marches.example.org"
    key_pair = make_key_pair(holder=agent)

    made = client.post(PAGE)
    again = client.get(PAGE).content.decode()

    address = address_in(made)
    assert address.startswith(f"https://marches.example.org{FEED}?token=")
    assert f'data-copy="{address}"' in made.content.decode()
    assert "token=" not in again
    assert 'data-calendar="kept"' in again
    answer = read(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'inline; filename="key-pair-expiries.ics"'
    (event,) = events_in(answer.content)
    assert str(key_pair.pk) in event["UID"]


def test_link_asked_for_again_is_refused_and_the_first_lives(client):
    address = address_in(client.post(PAGE))

    response = client.post(PAGE, follow=True)

    assert str(CalendarLinkChanged.user_message) in response.content.decode()
    assert read(address).status_code == 200
    assert JournalEntry.objects.filter(action="refused.calendar_link_changed").count() == 1


def test_replacement_shows_another_link_and_the_former_one_dies(client):
    former = address_in(client.post(PAGE))
    asked = client.get(reverse("keys:replace_calendar")).content.decode()

    address = address_in(change(client, "replace"))

    assert str(CalendarLink.objects.get().pk) not in asked
    assert (read(former).status_code, read(address).status_code) == (404, 200)


def test_revoked_link_leads_nowhere(client):
    address = address_in(client.post(PAGE))
    client.get(reverse("keys:revoke_calendar"))
    before = read(address).status_code

    response = change(client, "revoke")

    assert response["Location"] == PAGE
    assert (before, read(address).status_code) == (200, 404)
    assert 'data-calendar="none"' in client.get(PAGE).content.decode()


@pytest.mark.parametrize("shown", [{}, {"link": "no identifier"}])
@pytest.mark.parametrize("what", ["replace", "revoke"])
def test_change_of_no_link_in_particular_is_refused(client, what, shown):
    address = address_in(client.post(PAGE))

    response = client.post(reverse(f"keys:{what}_calendar"), shown)

    assert response["Location"] == PAGE
    assert read(address).status_code == 200


def test_colleague_can_change_nothing_of_it(agent, client):
    address = address_in(client.post(PAGE))
    colleague = signed_in(make_agent(service=agent.service))

    for what in ("replace", "revoke"):
        change(colleague, what)

    assert read(address).status_code == 200
    assert 'data-calendar="none"' in colleague.get(PAGE).content.decode()


def test_link_dies_with_the_account(agent, client):
    address = address_in(client.post(PAGE))
    agent.user.is_active = False
    agent.user.save(update_fields=["is_active"])

    assert read(address).status_code == 404


def test_session_alone_does_not_open_the_calendar(client):
    client.post(PAGE)

    answers = [client.get(FEED, query) for query in ({}, {"token": ""}, {"token": "x"})]

    assert {answer.status_code for answer in answers} == {404}


def test_calendar_cannot_be_posted_to(agent):
    token = calendar_links.make(agent, now=NOW)

    assert Client().post(f"{FEED}?token={token}").status_code == 405
    assert Client().head(f"{FEED}?token={token}").status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_of_a_token_is_logged(agent, caplog, method):
    token = calendar_links.make(agent, now=NOW)
    calendar_links.revoke(agent, CalendarLink.objects.get().pk, now=NOW)

    with caplog.at_level(logging.DEBUG, logger="django.request"):
        getattr(Client(), method)(f"{FEED}?token={token}")

    assert FEED in caplog.text
    assert token not in caplog.text
