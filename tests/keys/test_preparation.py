# SPDX-License-Identifier: EUPL-1.2
import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from keys import preparation
from keys.models import KeyPair
from keys.preparation import Check, Preparation, ToDo, Verdict
from marketplace.models import Agent, JournalEntry, Right
from tests.factories import DAY, NOW, SECOND, make_agent, make_bidder, make_key_pair
from tests.keys.test_views import signed_in

pytestmark = pytest.mark.django_db
RETIRED = KeyPair.State.RETIRED
FOUND: dict[str, object] = {"browser": "Firefox 133", "rate": 400_000_000} | dict.fromkeys(
    Check.values, "ok"
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ToDo.NOTHING),
        ({"proven_at": NOW - 30 * DAY}, ToDo.NOTHING),
        ({"proven_at": NOW - 30 * DAY - SECOND}, ToDo.DRILL),
        ({"state": KeyPair.State.UNPROVEN, "proven_at": None}, ToDo.PROVE),
        ({"not_after": NOW + 90 * DAY + SECOND}, ToDo.NOTHING),
        ({"not_after": NOW + 90 * DAY}, ToDo.RENEW),
        ({"not_after": NOW + 90 * DAY, "retires_at": NOW + DAY}, ToDo.NOTHING),
        ({"not_after": NOW + DAY, "proven_at": NOW - 31 * DAY}, ToDo.DRILL),
        ({"not_after": NOW}, ToDo.RENEW),
        ({"retires_at": NOW}, ToDo.KEEP),
        ({"state": RETIRED, "retired_at": NOW}, ToDo.KEEP),
        ({"state": RETIRED, "retired_at": NOW, "not_after": NOW}, ToDo.KEEP),
        ({"state": RETIRED, "retired_at": NOW, "retirement_reason": "compromised"}, ToDo.KEEP),
        ({"state": RETIRED, "retired_at": NOW, "retirement_reason": "lost"}, ToDo.FIND),
    ],
)
def test_most_urgent_thing_is_told(fields, expected):
    assert preparation.todo(make_key_pair(**fields), NOW) is expected


def test_agents_see_the_key_pairs_that_they_hold_those_in_service_first():
    agent = make_agent()
    make_key_pair(holder=agent, name="A", state=RETIRED, retired_at=NOW)
    make_key_pair(holder=agent, name="C")
    make_key_pair(holder=agent, name="B")
    make_key_pair(holder=make_agent(service=agent.service))

    held = preparation.held_by(agent, now=NOW)

    assert [row.key_pair.name for row in held] == ["B", "C", "A"]


def test_what_was_found_is_kept_in_the_journal_and_found_again():
    agent = make_agent()
    verdicts = dict.fromkeys(Check, Verdict.OK) | {
        Check.SPACE: Verdict.WARNING,
        Check.KEY: Verdict.FAILED,
    }

    preparation.record(Preparation("Firefox 133", verdicts, 400), agent=agent, now=NOW - DAY)
    preparation.record(Preparation("Edge 131", verdicts, 500), agent=agent, now=NOW)
    preparation.record(Preparation("Opera 1", verdicts, 1), agent=make_agent(), now=NOW)

    last = preparation.last_of(agent)
    assert last is not None
    assert last.recorded_at == NOW
    assert last.facts == {
        "browser": "Edge 131",
        "rate": 500,
        "ok": ["cryptography", "files", "persistence", "speed"],
        "warning": ["space"],
        "failed": ["key"],
    }


def test_who_never_prepared_has_no_last_time():
    assert preparation.last_of(make_agent()) is None


def send(client: Client, found: dict[str, object]):
    address = reverse("keys:prepared")
    return client.post(address, json.dumps(found), content_type="application/json")


def test_page_shows_the_key_pairs_of_the_agent_and_what_is_still_to_do():
    agent = make_agent()
    make_key_pair(holder=agent, proven_at=timezone.now() - 31 * DAY)

    page = signed_in(agent).get(reverse("keys:prepare")).content.decode()

    assert 'data-todo="drill"' in page
    assert "data-last" not in page


def test_page_without_a_key_pair_says_how_to_get_one():
    page = signed_in(make_agent()).get(reverse("keys:prepare")).content.decode()

    assert ("data-key-file" in page, 'class="empty"' in page) == (False, True)


def test_result_is_kept_and_shown_next_time():
    client = signed_in(make_agent())

    response = send(client, FOUND)

    assert (response.status_code, list(response.json())) == (200, ["prepared_at"])
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.facts["rate"]) == ("agent.prepared", 400_000_000)
    assert "Firefox 133" in client.get(reverse("keys:prepare")).content.decode()


@pytest.mark.parametrize(
    "change",
    [{"browser": ""}, {"browser": "n" * 61}, {"rate": -1}, {"speed": "quick"}, {"key": "perfect"}],
)
def test_result_that_the_page_never_sends_is_refused(change):
    response = send(signed_in(make_agent()), FOUND | change)

    assert (response.status_code, response.json()["code"]) == (400, "request_unreadable")
    assert not JournalEntry.objects.filter(action="agent.prepared").exists()


def test_page_does_not_exist_for_bidders():
    client = Client()
    client.force_login(make_bidder().user)

    answers = [client.get(reverse("keys:prepare")), send(client, FOUND)]

    assert [response.status_code for response in answers] == [404, 404]


def entries(agent: Agent, address: str) -> dict[str, bool]:
    """The addresses of the left column, and whether each is that of the page."""
    navigation = signed_in(agent).get(address).context["navigation"]
    return {entry.url: entry.is_current for s in navigation.sections for entry in s.entries}


@pytest.mark.parametrize(
    ("rights", "holds", "is_offered"),
    [([], False, False), ([], True, True), ([Right.OPEN_BIDS], False, True)],
)
def test_left_column_offers_the_page_to_those_who_open_bids_or_hold_a_key(
    rights, holds, is_offered
):
    agent = make_agent(*rights)
    if holds:
        make_key_pair(holder=agent)

    assert (reverse("keys:prepare") in entries(agent, reverse("keys:list"))) is is_offered


def test_left_column_marks_the_page_alone():
    agent = make_agent(Right.OPEN_BIDS)

    marked = entries(agent, reverse("keys:prepare"))

    assert [url for url, is_current in marked.items() if is_current] == [reverse("keys:prepare")]
