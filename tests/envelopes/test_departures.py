# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, date, datetime

import pytest
from django.core import mail
from django.urls import reverse

from envelopes import departures
from envelopes.models import ChosenKey, Departure
from keys.models import Health, KeyPair
from marketplace.errors import DepartureOver
from marketplace.models import JournalEntry
from tests.factories import (
    DAY,
    NOW,
    make_administrator,
    make_agent,
    make_consultation,
    make_key_pair,
    make_online_consultation,
    make_user,
)

pytestmark = pytest.mark.django_db
TODAY, LAST_DAY = NOW.date(), date(2026, 11, 20)


def announce(agent, leaves_on: date | None = LAST_DAY, now=NOW):
    by = make_administrator(service=agent.service)
    return departures.announce(agent.pk, leaves_on=leaves_on, by=by, now=now)


def test_announce_keeps_the_last_day():
    agent = make_agent()

    announce(agent)

    agent.refresh_from_db()
    assert agent.leaves_on == LAST_DAY
    assert JournalEntry.objects.get().action == "agent.departure_announced"
    assert JournalEntry.objects.get().facts == {"leaves_on": "2026-11-20"}


def test_announce_the_same_again_changes_nothing():
    agent = make_agent()

    announce(agent)
    announce(agent)

    assert Departure.objects.count() == 1
    assert JournalEntry.objects.count() == 1


def test_announce_refuses_a_day_that_is_over_where_the_organisation_is():
    """At half past eleven p.m. UTC it is tomorrow in Paris."""
    agent = make_agent()
    late = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)

    with pytest.raises(DepartureOver):
        announce(agent, date(2026, 11, 19), now=late)

    agent.refresh_from_db()
    assert agent.leaves_on is None
    assert not Departure.objects.exists()
    assert announce(agent, date(2026, 11, 20), now=late).leaves_on == date(2026, 11, 20)


def test_departure_called_off_is_not_told():
    agent = make_agent()
    announce(agent)
    announce(agent, None)

    assert departures.tell(now=NOW) == 0
    agent.refresh_from_db()
    assert agent.leaves_on is None
    assert JournalEntry.objects.latest("index").action == "agent.departure_called_off"


def test_departure_called_off_and_announced_again_is_told_once():
    agent = make_agent()
    announce(agent)
    announce(agent, None)
    announce(agent)

    assert departures.tell(now=NOW) == 1


def test_tell_sends_the_checklist_once_to_the_person_and_the_administrators():
    consultation = make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    make_administrator(service=consultation.service, user=make_user(email="admin@example.org"))
    announce(key_pair.holder)

    sent = [departures.tell(now=NOW), departures.tell(now=NOW + DAY)]

    [message] = mail.outbox
    assert sent == [1, 0]
    assert message.to[:2] == [key_pair.holder.user.email, "admin@example.org"]
    assert key_pair.name in message.body
    assert consultation.reference in message.body
    assert reverse("envelopes:departure", args=[key_pair.holder.pk]) in message.body


def test_tell_speaks_of_the_last_day_announced_alone():
    agent = make_agent()
    announce(agent)
    announce(agent, date(2026, 11, 27))

    assert departures.tell(now=NOW) == 1
    assert "27 novembre 2026" in mail.outbox[0].body


def test_checklist_lists_what_hangs_on_a_person():
    consultation = make_online_consultation()
    holder = consultation.created_by
    personal = KeyPair.objects.personal().get()
    unused = make_key_pair(holder=holder, name="Zoé")
    make_key_pair(holder=holder, state="retired", retired_at=NOW)  # opens nothing: not needed
    draft = make_consultation(service=consultation.service, created_by=holder)
    ChosenKey.objects.create(consultation=draft, key_pair=unused)

    found = departures.checklist(holder, now=NOW)

    assert found.key_pairs == [personal, unused]
    assert [one.consultation for one in found.affected] == [consultation]
    assert [verdict.weakness for verdict in found.affected[0].after.verdicts] == ["one_key"]
    assert found.affected[0].now.verdicts == ()
    assert found.drafts == [draft]
    assert found.is_red


def test_checklist_tells_the_health_of_each_key_pair():
    holder = make_agent()
    make_key_pair(holder=holder, name="A", not_after=NOW)
    make_key_pair(holder=holder, name="B")

    found = departures.checklist(holder, now=NOW)

    assert [health for _, health in found.held] == [Health.EXPIRED, Health.GOOD]


def test_checklist_of_a_person_without_keys_is_empty():
    make_online_consultation()

    found = departures.checklist(make_agent(), now=NOW)

    assert (found.is_empty, found.affected, found.is_red) == (True, [], False)
