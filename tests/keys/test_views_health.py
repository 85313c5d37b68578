# SPDX-License-Identifier: EUPL-1.2
"""« Santé des clés »: every service of the organisation, filters, order, pages, census, CSV file."""

import csv
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keys.models import KeyPair
from marketplace.models import Agent, Right
from tests.factories import (
    DAY,
    make_administrator,
    make_agent,
    make_key_pair,
    make_many_key_pairs,
    make_organisation,
    make_service,
    make_user,
)
from tests.keys.test_views import signed_in
from tests.keys.test_views_lists import SORTED, queries

pytestmark = pytest.mark.django_db
PAGE, FILE = "/settings/encryption-keys/health/", "/settings/encryption-keys/health.csv"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def administrator():
    organisation = make_organisation(time_zone="Indian/Reunion")
    return make_administrator(service=make_service(organisation=organisation, name="Finances"))


@pytest.fixture
def colleague(administrator):
    """Of another service."""
    service = make_service(organisation=administrator.service.organisation, name="Voirie")
    return make_agent(service=service, user=make_user(name="Zoé", email="zoe@example.org"))


def make_one(holder: Agent, name: str, **fields: object) -> KeyPair:
    now = timezone.now()
    return make_many_key_pairs(
        1,
        holder=holder,
        **{"name": name, "not_after": now + 400 * DAY, "proven_at": now - DAY, "is_backup": False}
        | fields,
    )[0]


def make_one_of_each(administrator, colleague) -> None:
    """One key pair for each figure of the census, and one out of service."""
    now, unproven = timezone.now(), {"state": "unproven", "proven_at": None}
    make_one(administrator, "Good")
    make_one(administrator, "Expired", not_after=now - DAY)
    make_one(colleague, "Expiring", not_after=now + 20 * DAY)
    make_one(colleague, "Unproven", **unproven)
    make_one(colleague, "Stale", proven_at=now - 31 * DAY, is_backup=True)
    retired = {"state": "retired", "retired_at": now, "retirement_reason": "lost"}
    make_one(administrator, "Lost", **retired)


def names(response) -> list[str]:
    return [row.key_pair.name for row in response.context["rows"]]


def read(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline=""), delimiter=";", strict=True))


def test_page_shows_all_services_with_the_gravest_first(administrator, colleague):
    make_one_of_each(administrator, colleague)

    response = signed_in(administrator).get(PAGE)

    assert names(response) == ["Expired", "Unproven", "Expiring", "Good", "Stale", "Lost"]
    assert {row.key_pair.service.name for row in response.context["rows"]} == {
        "Finances",
        "Voirie",
    }


def test_rows_lead_to_the_page_of_the_key_pair(administrator, colleague):
    key_pair = make_key_pair(holder=colleague)
    client = signed_in(administrator)

    address = f"/settings/encryption-keys/{key_pair.pk}/"

    assert f'href="{address}"' in client.get(PAGE).content.decode()
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_another_organisation_is_not_shown(administrator, address):
    make_one(make_administrator(), "Elsewhere")

    response = signed_in(administrator).get(address)

    content = response.getvalue() if response.streaming else response.content
    assert b"Elsewhere" not in content


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_agent_who_is_no_administrator_finds_nothing(colleague, address):
    manager = make_agent(*Right, service=colleague.service)

    assert signed_in(manager).get(address).status_code == 404


def test_service_of_another_organisation_is_no_filter(administrator):
    make_one(administrator, "Ours")
    elsewhere = make_one(make_agent(), "Elsewhere")

    response = signed_in(administrator).get(PAGE, {"service": str(elsewhere.service_id)})

    assert names(response) == ["Ours"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "goo"}, ["Good"]),
        ({"state": "expired"}, ["Expired"]),
        ({"state": "unproven"}, ["Unproven"]),
        ({"state": "in_service"}, ["Expiring", "Good", "Stale"]),
        ({"state": "out"}, ["Lost"]),
        ({"use": "backup"}, ["Stale"]),
        ({"use": "personal", "state": "good"}, ["Good"]),
        ({"proof": "30", "state": "kept"}, ["Unproven", "Stale"]),
        ({"proof": "90", "state": "kept"}, ["Unproven"]),
        ({"proof": "0"}, ["Unproven"]),
        ({"holder": "zoé"}, ["Unproven", "Expiring", "Stale"]),
        ({"holder": "ZOE@example"}, ["Unproven", "Expiring", "Stale"]),
        ({"q": "nothing of that kind"}, []),
    ],
)
def test_page_and_file_are_filtered_alike(administrator, colleague, query, found):
    make_one_of_each(administrator, colleague)
    client = signed_in(administrator)

    page, file = client.get(PAGE, query), client.get(FILE, query)

    assert names(page) == found
    assert [row[1] for row in read(file)[1:]] == found


def test_page_filters_one_service(administrator, colleague):
    make_one_of_each(administrator, colleague)

    response = signed_in(administrator).get(PAGE, {"service": colleague.service.pk})

    assert names(response) == ["Unproven", "Expiring", "Stale"]
    assert f'<option value="{colleague.service.pk}" selected>' in response.content.decode()


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2031-01-02", "2031-01-02", ["Begins", "Ends"]),
        ("2031-01-03", "", ["After"]),
        ("", "2031-01-01", ["Before"]),
        ("2031-02-30", "", ["After", "Before", "Begins", "Ends"]),
    ],
)
def test_expiry_is_sought_by_days_of_the_organisation(administrator, first, last, found):
    """Réunion is four hours ahead of UTC; a day that does not exist asks for nothing."""
    midnight = datetime(2031, 1, 1, 20, tzinfo=UTC)
    instants = {
        "Before": midnight - DAY / 86400,
        "Begins": midnight,
        "Ends": midnight + DAY - DAY / 86400,
        "After": midnight + DAY,
    }
    for name, not_after in instants.items():
        make_one(administrator, name, not_after=not_after)

    response = signed_in(administrator).get(PAGE, {"expires_from": first, "expires_to": last})

    assert names(response) == found


def test_census_counts_what_its_links_show(administrator, colleague):
    make_one_of_each(administrator, colleague)
    make_one(make_agent(), "Elsewhere", state="unproven", proven_at=None)
    client = signed_in(administrator)

    census = client.get(PAGE, {"q": "nothing of that kind"}).context["census"]

    shown = {count.name: names(client.get(PAGE + count.url)) for count in census}
    assert {count.name: count.number for count in census} == {
        "expired": 1,
        "unproven": 1,
        "expiring": 1,
        "stale": 1,
        "in_service": 3,
    }
    assert shown == {
        "expired": ["Expired"],
        "unproven": ["Unproven"],
        "expiring": ["Expiring"],
        "stale": ["Stale"],
        "in_service": ["Expiring", "Good", "Stale"],
    }


def test_census_marks_the_figure_that_is_shown(administrator):
    make_one(administrator, "Good")
    client = signed_in(administrator)

    pages = [client.get(PAGE, query).content.decode() for query in ({}, {"state": "expired"})]

    marked = [re.findall(r'data-count="(\w+)" aria-current="true"', page) for page in pages]
    assert marked == [[], ["expired"]]


def test_stale_proof_is_marked_in_its_row(administrator, colleague):
    make_one_of_each(administrator, colleague)

    response = signed_in(administrator).get(PAGE)

    assert [row.key_pair.name for row in response.context["rows"] if row.is_stale] == ["Stale"]


@pytest.mark.parametrize(
    ("sort", "found", "order", "label"),
    [
        ("", ["B", "A", "C"], "ascending", "State"),
        ("-state", ["C", "A", "B"], "descending", "State"),
        ("name", ["A", "B", "C"], "ascending", "Key pair name"),
        ("-service", ["C", "A", "B"], "descending", "Service"),
        ("holder", ["A", "B", "C"], "ascending", "Holder"),
        ("not_after", ["B", "A", "C"], "ascending", "Expiry date"),
        ("proven_at", ["C", "B", "A"], "ascending", "Last proof"),
        ("-proven_at", ["A", "B", "C"], "descending", "Last proof"),
        ("certificate", ["B", "A", "C"], "ascending", "State"),
    ],
)
def test_page_and_file_are_sorted_alike(administrator, colleague, sort, found, order, label):
    now = timezone.now()
    make_one(administrator, "A", not_after=now + 300 * DAY)
    make_one(administrator, "B", not_after=now - DAY, proven_at=now - 2 * DAY)
    retired = {"state": "retired", "retired_at": now, "retirement_reason": "lost"}
    make_one(colleague, "C", proven_at=None, **retired)
    client = signed_in(administrator)
    query: dict[str, str] = {"q": "", "page": "1", "sort": sort}

    page, file = client.get(PAGE, query, headers=ENGLISH), client.get(FILE, query)

    assert names(page) == found
    assert [row[1] for row in read(file)[1:]] == found
    [(shown_order, url, shown_label)] = SORTED.findall(page.content.decode())
    assert (shown_order, shown_label) == (order, label)
    assert url.startswith("?q=&amp;sort=")  # the search stays, the pages begin again


def test_pages_keep_the_search_and_the_order(administrator):
    make_many_key_pairs(30, holder=administrator, name="Greffe")

    response = signed_in(administrator).get(PAGE, {"q": "greffe", "sort": "-name", "page": "2"})

    page = response.content.decode()
    assert len(names(response)) == 5
    assert 'rel="prev" href="?q=greffe&amp;sort=-name&amp;page=1"' in page
    assert f'href="{FILE}?q=greffe&amp;sort=-name"' in page
    assert '<input type="hidden" name="sort" value="-name">' in page


def test_nothing_that_matches_leads_back(administrator):
    make_one(administrator, "Good")

    page = signed_in(administrator).get(PAGE, {"q": "nothing"}, headers=ENGLISH).content.decode()

    assert "No key pair matches this search." in page
    assert 'href="?"' in page
    assert "data-file" not in page


def test_organisation_without_a_key_pair_is_led_to_the_lists(administrator):
    page = signed_in(administrator).get(PAGE, headers=ENGLISH).content.decode()

    assert "No service of the organisation has a key pair yet." in page
    assert ('role="search"' in page, "data-count" in page) == (False, False)


@pytest.mark.parametrize("query", ["", "?sort=-service", "?q=Bi&state=kept&proof=30", "?page=2"])
def test_page_asks_as_many_queries_for_ten_thousand_rows_as_for_ten(administrator, query):
    client, now = signed_in(administrator), timezone.now()
    make_many_key_pairs(10, holder=administrator, not_after=now + 400 * DAY)
    for_ten = queries(client, PAGE + query)

    make_many_key_pairs(9_990, holder=administrator, not_after=now + 400 * DAY)

    assert queries(client, PAGE + query) == for_ten <= 12


def test_navigation_shows_the_page_to_administrators_alone(administrator, colleague):
    shown = [
        f'href="{PAGE}"' in signed_in(agent).get("/settings/encryption-keys/").content.decode()
        for agent in (administrator, colleague)
    ]

    assert shown == [True, False]


# The CSV file


def test_file_has_every_column_in_the_language_and_the_zone(administrator, monkeypatch):
    now = datetime(2031, 1, 1, 20, 30, tzinfo=UTC)  # the next day already, in Réunion
    monkeypatch.setattr(timezone, "now", lambda: now)
    administrator.user.name, administrator.user.email = "Ève", "eve@example.org"
    administrator.user.save()
    key_pair = make_one(
        administrator,
        'Greffe; dit "l\'ancien"\nbis',
        common_name="=1+1",
        not_after=datetime(2032, 6, 30, 22, tzinfo=UTC),
        proven_at=datetime(2030, 12, 31, 21, 0, 59, 999, tzinfo=UTC),
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
        retires_at=datetime(2031, 6, 30, 20, tzinfo=UTC),
        is_backup=True,
    )

    response = signed_in(administrator).get(FILE, headers=ENGLISH)

    assert response.headers["Content-Disposition"] == (
        'attachment; filename="health-of-the-keys-2031-01-02.csv"'
    )
    assert read(response) == [
        [
            "Service",
            "Key pair name",
            "Use",
            "Holder",
            "E-mail address of the holder",
            "CN field",
            "Algorithm",
            "State",
            "Expiry date",
            "Last proof",
            "Added on",
            "Out of service from",
            "SHA-256 fingerprint",
        ],
        [
            "Finances",
            'Greffe; dit "l\'ancien"\nbis',
            "Backup",
            "Ève",
            "eve@example.org",
            "'=1+1",
            "RSA-3072",
            "Proven",
            "2032-07-01T02:00:00+04:00",
            "2031-01-01T01:00:59+04:00",
            "2030-01-01T04:00:00+04:00",
            "2031-07-01T00:00:00+04:00",
            key_pair.fingerprint,
        ],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_file_has_no_formula(administrator, start):
    make_one(administrator, f'{start}HYPERLINK("http://x")')

    [_, row] = read(signed_in(administrator).get(FILE))

    assert row[1] == f'\'{start}HYPERLINK("http://x")'


def test_file_is_in_french_too(administrator):
    make_one(administrator, "Greffe", not_after=timezone.now() - DAY)

    response = signed_in(administrator).get(FILE, headers={"Accept-Language": "fr"})

    assert 'filename="sante-des-cles-' in response.headers["Content-Disposition"]
    headings, row = read(response)
    assert (headings[1], headings[7], row[7]) == ("Nom du bi-clé", "État", "Échu")


def test_file_has_all_the_pages_and_asks_as_many_queries(administrator):
    client = signed_in(administrator)

    def save() -> tuple[int, int]:
        """The rows, and the queries until the last one is read."""
        with CaptureQueriesContext(connection) as asked:
            rows = read(client.get(FILE, {"page": 2}))
        return len(rows), len(asked)

    make_many_key_pairs(10, holder=administrator)
    _, for_ten = save()
    make_many_key_pairs(9_990, holder=administrator)

    assert save() == (10_001, for_ten)


def test_every_health_has_its_word_in_the_file(administrator, colleague):
    make_one_of_each(administrator, colleague)

    rows = read(signed_in(administrator).get(FILE, headers=ENGLISH))[1:]

    assert {row[7] for row in rows} == {
        "Expired",
        "Not proven",
        "Expires soon",
        "Proven",
        "Lost",
    }
