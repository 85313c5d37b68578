# SPDX-License-Identifier: EUPL-1.2
"""The lists of a service: search, order, pages, ten thousand rows, the choice of the service."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from keys.models import KeyPair
from marketplace.models import Right
from tests.factories import (
    DAY,
    make_agent,
    make_key_pair,
    make_many_key_pairs,
    make_organisation,
    make_service,
)
from tests.keys.test_views import shown, signed_in

pytestmark = pytest.mark.django_db
LIST = "/settings/encryption-keys/"
SORTED = re.compile(r'<th scope="col" aria-sort="(\w+)"><a class="sort" href="([^"]*)">([^<]*)')


@pytest.fixture
def agent():
    return make_agent(Right.MANAGE_KEYS)


@pytest.fixture
def manager():
    return make_agent(Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS)


@pytest.fixture
def sibling(manager):
    return make_service(organisation=manager.service.organisation, name="Voirie")


def test_list_searches_both_tables(agent):
    for name, is_backup in [("Greffe", False), ("Greffe bis", True), ("Voirie", False)]:
        make_many_key_pairs(1, holder=agent, name=name, is_backup=is_backup)

    response = signed_in(agent).get(LIST, {"q": "greffe"})

    assert shown(response) == {"personal": ["Greffe"], "backup": ["Greffe bis"]}


def test_list_says_that_nothing_matches_and_leads_back(agent):
    make_many_key_pairs(1, holder=agent)

    page = signed_in(agent).get(LIST, {"q": "nothing of that kind"}).content.decode()

    assert page.count("data-key-pair") == 0
    assert page.count('href="?"') == 2


def test_list_without_a_key_pair_has_no_search(agent):
    assert 'role="search"' not in signed_in(agent).get(LIST).content.decode()


def test_list_filters_what_is_out_of_service(agent):
    now = timezone.now()
    make_many_key_pairs(1, holder=agent, name="Kept", is_backup=False)
    retired = {"state": "retired", "retired_at": now, "retirement_reason": "lost"}
    make_many_key_pairs(1, holder=agent, name="Lost", is_backup=False, **retired)

    found = {
        state: shown(signed_in(agent).get(LIST, {"state": state}))["personal"]
        for state in ("", "kept", "out", "lost", "compromised", "no such state")
    }

    assert found == {
        "": ["Kept", "Lost"],
        "kept": ["Kept"],
        "out": ["Lost"],
        "lost": ["Lost"],
        "compromised": [],
        "no such state": ["Kept", "Lost"],
    }


@pytest.mark.parametrize(
    ("sort", "names", "order", "turned", "label"),
    [
        ("", ["A", "B"], "ascending", "-name", "Key pair name"),
        ("name", ["A", "B"], "ascending", "-name", "Key pair name"),
        ("-name", ["B", "A"], "descending", "name", "Key pair name"),
        ("common_name", ["B", "A"], "ascending", "-common_name", "CN field"),
        ("-not_after", ["A", "B"], "descending", "not_after", "Expiry date"),
        ("state", ["B", "A"], "ascending", "-state", "State"),
        ("certificate", ["A", "B"], "ascending", "-name", "Key pair name"),
    ],
)
def test_list_is_sorted_by_each_column(agent, sort, names, order, turned, label):
    now = timezone.now()
    make_many_key_pairs(
        1, holder=agent, name="A", common_name="z", not_after=now + 400 * DAY, is_backup=False
    )
    make_many_key_pairs(
        1, holder=agent, name="B", common_name="y", not_after=now - DAY, is_backup=False
    )
    query = {"q": "", "personal": "1", "sort": sort}

    response = signed_in(agent).get(LIST, query, headers={"Accept-Language": "en"})

    assert shown(response)["personal"] == names
    headings = SORTED.findall(response.content.decode())
    assert headings == [(order, f"?q=&amp;sort={turned}", label)]


def test_list_search_keeps_the_order_and_the_service(agent):
    make_many_key_pairs(1, holder=agent)

    page = signed_in(agent).get(LIST, {"sort": "-name", "service": agent.service.pk})

    assert page.context["kept"] == {"service": str(agent.service.pk), "sort": "-name"}
    assert '<input type="hidden" name="sort" value="-name">' in page.content.decode()


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize(
    "query", ["", "?sort=-not_after", "?sort=state", "?q=Bi-cl%C3%A9&state=kept", "?personal=2"]
)
def test_list_asks_as_many_queries_for_ten_thousand_rows_as_for_ten(agent, query):
    client, now = signed_in(agent), timezone.now()
    make_many_key_pairs(10, holder=agent, not_after=now + 400 * DAY)
    for_ten = queries(client, LIST + query)

    make_many_key_pairs(9_990, holder=agent, not_after=now + 400 * DAY)

    assert queries(client, LIST + query) == for_ten == 11


# « Administrer un Service »


def choose(client, service) -> None:
    answer = client.post(f"{LIST}service/", {"scope": "other", "service": service.pk})
    assert (answer.status_code, answer.headers["Location"]) == (302, LIST)


def test_choice_of_a_service_stays_while_one_works(manager, sibling):
    make_key_pair(holder=make_agent(service=sibling), name="Theirs")
    make_key_pair(holder=manager, name="Mine")
    client = signed_in(manager)

    choose(client, sibling)

    assert shown(client.get(LIST))["personal"] == ["Theirs"]
    assert client.get(f"{LIST}new/").context["service"] == sibling
    assert client.get(f"{LIST}fingerprints/").context["service"] == sibling
    client.post(f"{LIST}service/", {"scope": "own", "service": sibling.pk})
    assert shown(client.get(LIST))["personal"] == ["Mine"]


@pytest.mark.parametrize("page", ["", "new/", "fingerprints/"])
def test_another_service_is_marked_on_every_page(manager, sibling, page):
    client = signed_in(manager)
    own = client.get(LIST + page).content.decode()

    choose(client, sibling)

    assert "data-administered" not in own
    assert f'data-administered="{sibling.pk}"' in client.get(LIST + page).content.decode()


def test_key_pair_of_another_service_is_marked_on_its_page(manager, sibling):
    key_pair = make_key_pair(holder=make_agent(service=sibling))

    page = signed_in(manager).get(reverse("keys:detail", args=[key_pair.pk])).content.decode()

    assert f'data-administered="{sibling.pk}"' in page


def test_choice_that_is_no_longer_permitted_falls_back_to_ones_own(manager, sibling):
    client = signed_in(manager)
    choose(client, sibling)

    manager.manage_other_keys = False
    manager.save()

    assert client.get(LIST).context["service"] == manager.service


def test_address_wins_over_the_choice_without_changing_it(manager, sibling):
    client = signed_in(manager)
    choose(client, sibling)

    elsewhere = client.get(LIST, {"service": manager.service.pk})

    assert elsewhere.context["service"] == manager.service
    assert client.get(LIST).context["service"] == sibling


def test_choice_of_a_service_that_one_may_not_manage_does_not_exist(agent, manager, sibling):
    foreign = make_service(organisation=make_organisation())
    colleague = make_service(organisation=agent.service.organisation)

    answers = [
        signed_in(manager).post(f"{LIST}service/", {"scope": "other", "service": foreign.pk}),
        signed_in(agent).post(f"{LIST}service/", {"scope": "other", "service": colleague.pk}),
        signed_in(manager).post(f"{LIST}service/", {"scope": "other", "service": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_list_warns_where_one_person_holds_everything(agent):
    make_key_pair(holder=agent)
    make_key_pair(holder=agent, is_backup=True)
    alone = signed_in(agent).get(LIST).content.decode()
    make_key_pair(holder=make_agent(service=agent.service), is_backup=True)

    together = signed_in(agent).get(LIST).content.decode()

    assert ("data-one-person" in alone, "data-one-person" in together) == (True, False)


# « Empreintes des bi-clés »


def fingerprints(response) -> list[str]:
    return [key_pair.name for key_pair, _health in response.context["rows"]]


def test_fingerprints_are_those_of_the_key_pairs_that_seal_today(agent, settings):
    settings.BASE_URL = "https://bids.example.org"
    make_key_pair(holder=agent, name="Personal")
    backup = make_key_pair(holder=agent, name="A backup", is_backup=True)
    make_key_pair(holder=agent, name="Expired", not_after=timezone.now() - DAY)
    make_key_pair(holder=agent, state=KeyPair.State.UNPROVEN, proven_at=None)
    make_key_pair(name="Elsewhere")

    response = signed_in(agent).get(f"{LIST}fingerprints/")

    page = response.content.decode()
    groups = " ".join(backup.fingerprint[place : place + 4] for place in range(0, 64, 4))
    assert fingerprints(response) == ["Personal", "A backup"]
    assert groups in page
    assert "https://bids.example.org" in page
    assert "(Europe/Paris)" in page


def test_fingerprint_of_one_key_pair_alone_is_printed_whatever_its_state(agent):
    key_pair = make_key_pair(holder=agent, not_after=timezone.now() - DAY)
    make_key_pair(holder=agent)

    response = signed_in(agent).get(f"{LIST}{key_pair.pk}/fingerprint/")

    assert fingerprints(response) == [key_pair.name]
    assert "badge-bad" in response.content.decode()


def test_fingerprints_of_a_stranger_do_not_exist(agent):
    key_pair = make_key_pair()

    answers = [
        signed_in(agent).get(f"{LIST}{key_pair.pk}/fingerprint/"),
        signed_in(agent).get(f"{LIST}fingerprints/?service={key_pair.service_id}"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_fingerprints_without_a_usable_key_pair_say_what_to_do(agent):
    english = {"Accept-Language": "en"}

    page = signed_in(agent).get(f"{LIST}fingerprints/", headers=english).content.decode()

    assert "add one and prove it" in page


def test_fingerprints_are_cut_in_pages_and_ask_the_same_queries(agent):
    make_many_key_pairs(10, holder=agent, not_after=timezone.now() + DAY)
    client = signed_in(agent)
    for_ten = queries(client, f"{LIST}fingerprints/")

    make_many_key_pairs(991, holder=agent, not_after=timezone.now() + DAY)

    assert queries(client, f"{LIST}fingerprints/") == for_ten
    assert len(fingerprints(client.get(f"{LIST}fingerprints/?page=11"))) == 1
