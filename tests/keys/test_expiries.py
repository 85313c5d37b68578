# SPDX-License-Identifier: EUPL-1.2
"""What the calendar of expiries tells to whom, read by an independent parser."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from keys import calendar_links, expiries
from keys.models import KeyPair
from marketplace.models import Agent, Right
from tests.factories import (
    DAY,
    NOW,
    make_administrator,
    make_agent,
    make_key_pair,
    make_many_key_pairs,
    make_organisation,
    make_service,
)
from tests.keys.calendars import events_in

pytestmark = pytest.mark.django_db
EXPIRY = NOW + 400 * DAY


@pytest.fixture
def agent() -> Agent:
    return make_agent()


def events_of(agent: Agent, now: datetime = NOW) -> list[Any]:
    return events_in(expiries.calendar_of(agent, now=now))


def told(agent: Agent) -> list[str]:
    """The identifiers of the key pairs that the calendar tells of, in its order."""
    return [event["UID"].split("@")[0] for event in events_of(agent)]


def test_calendar_tells_what_expires_when_and_what_to_do(agent, settings):
    settings.BASE_URL, settings.LANGUAGE_CODE = "https://marches.example.org", "fr"
    key_pair = make_key_pair(holder=agent, name="Greffe; Mairie, 1", is_backup=True)
    page = f"https://marches.example.org/settings/encryption-keys/{key_pair.pk}/"

    with translation.override("en"):  # whoever asks: the site's language
        (event,) = events_of(agent)

    assert event["UID"] == f"{key_pair.pk}@marches.example.org"
    assert event["SUMMARY"] == (
        f"Expiration du bi-clé «\xa0Greffe; Mairie, 1\xa0» ({agent.service.name})"
    )
    assert event["URL"] == page
    description = event["DESCRIPTION"]
    assert f"Bi-clé de secours, titulaire\xa0: {agent}." in description
    assert "Expire le 1 novembre 2028 à 10:00 (Europe/Paris)." in description
    assert f"https://marches.example.org/settings/encryption-keys/new/?replaces={key_pair.pk}" in (
        description
    )


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Paris", date(2028, 3, 2)), ("America/Cayenne", date(2028, 3, 1))]
)
def test_day_is_that_of_the_organisation(zone, day):
    service = make_service(organisation=make_organisation(time_zone=zone))
    agent = make_agent(service=service)
    make_key_pair(holder=agent, not_after=datetime(2028, 3, 1, 23, 30, tzinfo=UTC))

    (event,) = events_of(agent)

    assert event["DTSTART"].dt == day
    assert f"({zone})" in event["DESCRIPTION"]


def test_event_of_a_key_pair_stays_the_same_one(agent):
    key_pair = make_key_pair(holder=agent)
    (before,) = events_of(agent)
    KeyPair.objects.update(name="Another name", holder=make_agent(service=agent.service))

    (after,) = events_of(agent, NOW + DAY)

    assert before["UID"] == after["UID"]
    assert str(key_pair.pk) in after["UID"]
    assert after["DTSTAMP"].dt == NOW + DAY


def test_agents_read_of_the_services_whose_keys_they_may_look_at(agent):
    organisation = agent.service.organisation
    neighbour = make_service(organisation=organisation)
    own, other = make_key_pair(holder=agent), make_key_pair(service=neighbour)
    foreign = make_key_pair()
    keeper = make_agent(Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS, service=agent.service)
    administrator = make_administrator(service=neighbour)

    everything = {str(own.pk), str(other.pk)}
    assert told(agent) == [str(own.pk)]
    assert set(told(keeper)) == set(told(administrator)) == everything
    assert told(foreign.holder) == [str(foreign.pk)]


def test_what_asks_for_nothing_more_is_left_out(agent):
    unproven: dict[str, Any] = {"state": KeyPair.State.UNPROVEN, "proven_at": None}
    soon = make_key_pair(holder=agent, not_after=NOW + 20 * DAY)
    later = make_key_pair(holder=agent, not_after=NOW + 30 * DAY)
    lapsed = make_key_pair(holder=agent, not_after=NOW + 25 * DAY, **unproven)
    expired = make_key_pair(holder=agent, not_after=NOW - DAY)
    renewed = make_key_pair(holder=agent, not_after=NOW + 15 * DAY)
    make_key_pair(holder=agent, state=KeyPair.State.RETIRED, retired_at=NOW)
    successor = make_key_pair(holder=agent, replaces=renewed, not_after=EXPIRY)
    begun = make_key_pair(holder=agent, replaces=later, not_after=EXPIRY + DAY, **unproven)

    wanted = [expired, soon, lapsed, later, successor, begun]
    assert told(agent) == [str(key_pair.pk) for key_pair in wanted]


def test_calendar_asks_the_database_once_whatever_its_length(agent):
    token = calendar_links.make(agent, now=NOW)
    counts = []
    for more in (1, 50):
        make_many_key_pairs(more, holder=agent)
        with CaptureQueriesContext(connection) as queries:
            reader = calendar_links.agent_of(token)
            assert reader is not None
            assert len(events_of(reader)) >= more
        counts.append(len(queries))

    assert counts == [2, 2]  # the link, the key pairs
