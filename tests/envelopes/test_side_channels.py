# SPDX-License-Identifier: EUPL-1.2
"""Before the deadline nothing that a buyer is shown hangs on whether there are bids (CCP, art. R2132-9).

Each page is asked for without any, then with bids submitted, begun and cut: the same bytes, the same headers,
and as many queries, so that not even the time of an answer tells.
"""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from envelopes import closing, submission
from envelopes.models import Deposit
from keys.models import KeyPair
from marketplace.models import Agent, Consultation
from tests.envelopes.deposits import envelope_of, ready_to_submit, send
from tests.envelopes.registered import attempt
from tests.factories import (
    DEADLINE,
    NOW,
    SECOND,
    make_administrator,
    make_bidder,
    make_deposit,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db
RANDOM = re.compile(r'((?:name="csrfmiddlewaretoken" value|data-csrf)=")\w+')
OF_CONSULTATION = (
    *(
        "consultation",
        "coverage",
        "publish",
        "opening",
        "register",
        "register_csv",
        "register_attempts_csv",
        "register_json",
    ),
    *("register_pdf", "enter_paper_deposit", "public_detail", "closing", "closing_token"),
)
OF_KEY_PAIR = ("envelopes:key_consultations", "envelopes:report_key", "keys:detail", "keys:remove")
OF_AGENT = ("envelopes:departure", "envelopes:disable_agent", "edit_agent")
OTHERS = (
    *("consultations", "journal", "agents", "home", "signatures:list", "envelopes:public_list"),
    *("keys:list", "keys:health", "keys:health_csv", "keys:fingerprints", "create_consultation"),
)
SEARCHES = (
    *("/organisation/consultations/?phase=online", "/organisation/consultations/?q=toiture"),
    *("/organisation/journal/?subject=Deposit", "/organisation/journal/?action=deposit"),
)


@pytest.fixture
def consultation() -> Consultation:
    return make_online_consultation()


@pytest.fixture
def administrator(consultation: Consultation) -> Agent:
    """Who sees the most of all agents."""
    return make_administrator(service=consultation.service)


def answered(client: Client, path: str) -> tuple[int, str, dict[str, str], int]:
    """Status, body, headers and number of queries; without what is random in every answer.

    How many nodes an entry adds to the journal's tree hangs on the number of entries of the whole site.
    """
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
        body = b"".join(response) if response.streaming else response.content
    text = RANDOM.sub(r"\1", body.decode())
    asked = [query["sql"] for query in queries if "_journal" not in query["sql"]]
    return response.status_code, text, dict(response.headers), len(asked)


def bids(consultation: Consultation) -> None:
    """Three submitted, of which one follows another, one that stopped half-way, one that was only begun."""
    bidder = make_bidder()
    for who in (bidder, bidder, make_bidder()):
        deposit = make_deposit(consultation=consultation, bidder=who)
        announcement = ready_to_submit(deposit)
        submission.submit(deposit.pk, announcement, actor=who.user, now=NOW)
    stopped = make_deposit(consultation=consultation)
    send(envelope_of(stopped), b"half")
    attempt(stopped, 100, cause="transfer_cut")
    make_deposit(consultation=consultation)
    assert Deposit.objects.filter(state=Deposit.State.SUBMITTED).count() == 3


def assert_tells_nothing(client: Client, path: str, consultation: Consultation) -> None:
    client.get(path)  # what the first request of all makes, such as a session's row
    before = answered(client, path)

    bids(consultation)

    assert answered(client, path) == before


def test_comparison_notices_bids_once_they_may_be_shown(
    client, administrator, consultation, set_clock
):
    set_clock(DEADLINE)
    client.force_login(administrator.user)
    path = reverse("envelopes:register", args=[consultation.pk])
    client.get(path)
    before = answered(client, path)

    bids(consultation)

    assert answered(client, path) != before


@pytest.fixture
def signed_in(client, set_clock, administrator) -> Client:
    """At the last second."""
    set_clock(DEADLINE - SECOND)
    client.force_login(administrator.user)
    signed_in: Client = client
    return signed_in


@pytest.mark.parametrize("name", OF_CONSULTATION)
def test_pages_of_a_consultation_tell_nothing_of_bids(signed_in, consultation, name):
    path = reverse(f"envelopes:{name}", args=[consultation.pk])

    assert_tells_nothing(signed_in, path, consultation)


@pytest.mark.parametrize("name", OF_KEY_PAIR)
def test_pages_of_a_key_pair_tell_nothing_of_bids(signed_in, consultation, name):
    key_pair = KeyPair.objects.personal().get()

    assert_tells_nothing(signed_in, reverse(name, args=[key_pair.pk]), consultation)


@pytest.mark.parametrize("name", OF_AGENT)
def test_pages_of_an_agent_tell_nothing_of_bids(signed_in, consultation, name):
    path = reverse(name, args=[consultation.created_by_id])

    assert_tells_nothing(signed_in, path, consultation)


@pytest.mark.parametrize("path", [*OTHERS, *SEARCHES])
def test_lists_and_files_tell_nothing_of_bids(signed_in, consultation, path):
    address = path if path.startswith("/") else reverse(path)

    assert_tells_nothing(signed_in, address, consultation)


def test_the_closing_of_another_consultation_tells_nothing_of_this_one(signed_in, consultation):
    other = make_online_consultation(
        service=consultation.service, created_by=consultation.created_by
    )
    Consultation.objects.filter(pk=other.pk).update(closes_at=NOW - timedelta(days=1))
    closing.close_due(now=NOW)

    assert_tells_nothing(signed_in, reverse("journal"), consultation)
