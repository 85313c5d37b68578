# SPDX-License-Identifier: EUPL-1.2
"""The private link of the calendar of expiries: one an agent, told once, known by its digest."""

import hashlib
from uuid import uuid4

import pytest

from keys import calendar_links
from keys.errors import CalendarLinkChanged
from keys.models import CalendarLink
from marketplace.models import Agent, JournalEntry
from tests.factories import DAY, NOW, make_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return make_agent()


def link_of(agent: Agent) -> CalendarLink:
    return CalendarLink.objects.get(agent=agent)


def journalled() -> list[str]:
    return list(JournalEntry.objects.order_by("index").values_list("action", flat=True))


def test_make_keeps_only_the_digest_of_a_token_of_256_bits(agent):
    token = calendar_links.make(agent, now=NOW)

    link, entry = link_of(agent), JournalEntry.objects.get()
    assert len(token) == 43  # letters of 6 bits
    assert link.token_digest == hashlib.sha256(token.encode()).hexdigest()
    assert link.created_at == NOW
    assert (entry.action, entry.subject) == ("calendar_link.made", f"CalendarLink {link.pk}")
    assert entry.organisation_id == agent.service.organisation_id
    assert token not in str(entry.facts)


def test_make_gives_each_agent_a_token_of_its_own(agent):
    colleague = make_agent(service=agent.service)

    tokens = [calendar_links.make(each, now=NOW) for each in (agent, colleague)]

    assert [calendar_links.agent_of(token) for token in tokens] == [agent, colleague]


def test_make_where_there_is_a_link_keeps_that_one(agent):
    token = calendar_links.make(agent, now=NOW)

    with pytest.raises(CalendarLinkChanged):
        calendar_links.make(agent, now=NOW)

    assert calendar_links.agent_of(token) == agent
    assert journalled() == ["calendar_link.made"]


def test_replace_makes_a_link_and_the_former_one_dies(agent):
    former = calendar_links.make(agent, now=NOW)

    token = calendar_links.replace(agent, link_of(agent).pk, now=NOW + DAY)

    assert calendar_links.agent_of(former) is None
    assert calendar_links.agent_of(token) == agent
    assert link_of(agent).created_at == NOW + DAY
    assert journalled() == ["calendar_link.made", "calendar_link.replaced"]


def test_revoke_leaves_no_link(agent):
    token = calendar_links.make(agent, now=NOW)

    calendar_links.revoke(agent, link_of(agent).pk, now=NOW)

    assert calendar_links.agent_of(token) is None
    assert not CalendarLink.objects.exists()
    assert journalled() == ["calendar_link.made", "calendar_link.revoked"]


@pytest.mark.parametrize("change", [calendar_links.replace, calendar_links.revoke])
def test_change_of_another_link_than_the_one_shown_changes_nothing(agent, change):
    token = calendar_links.make(agent, now=NOW)
    stranger = make_agent()
    calendar_links.make(stranger, now=NOW)

    for shown in (None, uuid4(), link_of(stranger).pk):
        with pytest.raises(CalendarLinkChanged):
            change(agent, shown, now=NOW)

    assert calendar_links.agent_of(token) == agent
    assert CalendarLink.objects.count() == 2


@pytest.mark.parametrize("change", [calendar_links.replace, calendar_links.revoke])
def test_change_done_twice_is_refused_the_second_time(agent, change):
    calendar_links.make(agent, now=NOW)
    shown = link_of(agent).pk
    change(agent, shown, now=NOW)

    with pytest.raises(CalendarLinkChanged):
        change(agent, shown, now=NOW)


def test_agent_of_a_disabled_account_is_nobody(agent):
    token = calendar_links.make(agent, now=NOW)
    agent.user.is_active = False
    agent.user.save(update_fields=["is_active"])

    assert calendar_links.agent_of(token) is None


def test_agent_of_what_is_no_token_is_nobody(agent):
    token = calendar_links.make(agent, now=NOW)
    digest = link_of(agent).token_digest

    guesses = ["", digest, token[:-1], token + "=", token.swapcase(), "\0", "é" * 10_000]

    assert {calendar_links.agent_of(guess) for guess in guesses} == {None}
