# SPDX-License-Identifier: EUPL-1.2
import hashlib
import io
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from envelopes import attempts, limits
from envelopes.errors.submission import SubmissionCut
from envelopes.models import Deposit, Receipt
from marketplace import timestamps
from marketplace.development_authority import NAME
from marketplace.models import Consultation, JournalEntry, Timestamp
from tests.envelopes.deposits import SALT, envelope_of, send
from tests.factories import (
    DAY,
    DEADLINE,
    NOW,
    make_agent,
    make_bidder,
    make_consultation,
    make_deposit,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(NOW)


def url(name: str, *args: object) -> str:
    return reverse(f"envelopes:{name}", args=args)


def submit(client, deposit: Deposit, body: object):
    return client.post(url("submit", deposit.pk), body, content_type="application/json")


def body_of(deposit: Deposit, *, content: bytes = b"42") -> dict[str, object]:
    """One file, received, and what the page says to submit."""
    envelope = envelope_of(deposit)
    file = send(envelope, content)
    announced = {
        "id": str(file.pk),
        "name": "offre.pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    parts = [{"id": str(envelope.pk), "files": [announced]}]
    follows = {"deposit": str(deposit.follows_id), "relation": deposit.relation}
    said = follows if deposit.follows_id else None
    return {"envelopes": parts, "annex_salt": SALT, "follows": said}


@pytest.fixture
def deposit(client) -> Deposit:
    """In preparation, by the bidder who is signed in."""
    deposit = make_deposit()
    client.force_login(deposit.bidder.user)
    return deposit


def test_public_list_shows_what_is_on_line_and_open(client):
    shown = make_online_consultation()
    closed = make_online_consultation(closes_at=NOW + DAY / 2, opens_at=NOW + DAY)
    Consultation.objects.filter(pk=closed.pk).update(closes_at=NOW)
    hidden = make_consultation()

    response = client.get(url("public_list"))

    assertContains(response, shown.reference)
    assertNotContains(response, closed.reference)
    assertNotContains(response, hidden.reference)
    assertContains(client.get(url("public_list"), {"closed": "on"}), closed.reference)


@pytest.mark.parametrize("field", ["reference", "title", "buyer"])
def test_public_list_searches_reference_title_and_buyer(client, field):
    sought = make_online_consultation(title="Voirie")
    other = make_online_consultation(title="Piscine")
    buyer = sought.service.organisation.name
    text = {"reference": sought.reference, "title": "voirie", "buyer": buyer}[field]

    response = client.get(url("public_list"), {"q": text})

    assertContains(response, sought.reference)
    assertNotContains(response, other.reference)


@pytest.mark.parametrize("count", [1, 3])
def test_public_list_asks_as_much_for_one_row_as_for_three(
    client, django_assert_num_queries, count
):
    for _ in range(count):
        make_online_consultation()

    with django_assert_num_queries(3):  # the tests; count, page
        client.get(url("public_list"))


def test_public_detail_announces_the_limits(client):
    consultation = make_online_consultation()

    response = client.get(url("public_detail", consultation.pk))

    assertContains(response, str(limits.LARGEST_FILE // 1000**3))
    assertContains(response, consultation.title)


def test_public_detail_of_a_draft_does_not_exist(client):
    assert client.get(url("public_detail", make_consultation().pk)).status_code == 404


def test_public_detail_shows_a_bidder_no_deposit_of_another(client, deposit):
    rival = make_bidder()
    client.force_login(rival.user)

    response = client.get(url("public_detail", deposit.consultation_id))

    assertNotContains(response, str(deposit.pk))
    assert list(response.context["deposits"]) == []


def test_start_leads_to_the_deposit(client):
    consultation = make_online_consultation()
    bidder = make_bidder()
    client.force_login(bidder.user)

    response = client.post(url("start_deposit", consultation.pk))

    assertRedirects(response, url("deposit", Deposit.objects.get(company=bidder.company).pk))


def test_start_of_a_draft_does_not_exist(client):
    client.force_login(make_bidder().user)

    assert client.post(url("start_deposit", make_consultation().pk)).status_code == 404
    assert not Deposit.objects.exists()


def test_start_by_get_changes_nothing(client):
    consultation = make_online_consultation()
    client.force_login(make_bidder().user)

    response = client.get(url("start_deposit", consultation.pk))

    assertRedirects(response, url("public_detail", consultation.pk))
    assert not Deposit.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_mine_asks_as_much_for_one_deposit_as_for_three(client, django_assert_num_queries, count):
    bidder = make_bidder()
    client.force_login(bidder.user)
    for _ in range(count):
        make_deposit(bidder=bidder)

    with django_assert_num_queries(5):
        response = client.get(url("deposits"))

    assert len(response.context["page"].object_list) == count


def test_mine_says_of_each_link_which_consultation_it_is_about(client, deposit):
    submit(client, deposit, body_of(deposit))
    for _ in range(2):
        make_deposit(bidder=deposit.bidder)
    second = make_deposit(bidder=deposit.bidder)
    submit(client, second, body_of(second))

    page = client.get(url("deposits")).content.decode()

    links = re.findall(r"<a\b[^>]*>(.*?)</a>", page[page.index("<tbody>") : page.index("</tbody>")])
    said = [strip_tags(link) for link in links]
    assert len(said) == len(set(said)) == 3 * 2 + 2 * 2


def test_deposit_page_knows_the_files_but_not_their_names(client, deposit):
    file = send(envelope_of(deposit), b"content")

    response = client.get(url("deposit", deposit.pk))

    [upload] = response.context["page_data"]["uploads"]
    assert upload == {
        "id": str(file.pk),
        "url": url("upload", file.pk),
        "envelope": str(file.envelope_id),
        "size": 7,
        "received": 7,
        "isComplete": True,
    }
    assert "trusted-types sigille" in response.headers["Content-Security-Policy"]


PAGES = ["deposit", "receipt", "receipt_file"]


@pytest.mark.parametrize("name", PAGES)
def test_deposit_of_another_company_does_not_exist(client, deposit, name):
    submit(client, deposit, body_of(deposit))
    client.force_login(make_bidder().user)

    assert client.get(url(name, deposit.pk)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_deposit_does_not_exist_for_an_agent(client, deposit, name):
    submit(client, deposit, body_of(deposit))
    agent = make_agent(service=deposit.consultation.service, is_administrator=True)
    client.force_login(agent.user)

    assert client.get(url(name, deposit.pk)).status_code == 404


def test_submit_leads_to_the_receipt(client, deposit):
    response = submit(client, deposit, body_of(deposit))

    assert response.json() == {"receipt": url("receipt", deposit.pk)}
    assertContains(client.get(url("receipt", deposit.pk)), deposit.company.name)
    assertRedirects(client.get(url("deposit", deposit.pk)), url("receipt", deposit.pk))


def test_receipt_file_is_the_same_bytes_for_ever(client, deposit):
    body = body_of(deposit)
    submit(client, deposit, body)
    first = client.get(url("receipt_file", deposit.pk))

    assert submit(client, deposit, body).status_code == 200
    again = client.get(url("receipt_file", deposit.pk))

    assert first.content == again.content == bytes(Receipt.objects.get().content)
    assert first.headers["Content-Disposition"] == (
        f'attachment; filename="receipt-{deposit.pk}.json"'
    )


def test_receipt_says_that_its_time_stamp_is_pending_and_then_gives_it(client, deposit):
    submit(client, deposit, body_of(deposit))
    before = client.get(url("receipt_file", deposit.pk)).content

    assertContains(client.get(url("receipt", deposit.pk)), "hourglass")
    assert client.get(url("receipt_token", deposit.pk)).status_code == 404

    timestamps.obtain_waiting(clock=lambda: NOW)
    page = client.get(url("receipt", deposit.pk))
    token = client.get(url("receipt_token", deposit.pk))

    assertNotContains(page, "hourglass")
    assertContains(page, NAME)
    assertContains(page, url("receipt_token", deposit.pk))
    assert token.content == bytes(Timestamp.objects.get().token or b"")
    assert (token.headers["Content-Type"], token.headers["Content-Disposition"]) == (
        "application/vnd.etsi.timestamp-token",
        f'attachment; filename="receipt-{deposit.pk}.tst"',
    )
    assert client.get(url("receipt_file", deposit.pk)).content == before


def test_verification_is_offered_from_the_receipt_and_from_the_deposits(client, deposit):
    submit(client, deposit, body_of(deposit))
    address = url("verify", deposit.pk)

    page = client.get(address)

    receipt = json.loads(bytes(Receipt.objects.get().content))
    assertContains(page, f'data-sha256="{receipt["annex_sha256"]}"')
    assertContains(client.get(url("receipt", deposit.pk)), address)
    assertContains(client.get(url("deposits")), address)


def test_verification_of_a_deposit_in_preparation_does_not_exist(client, deposit):
    assert client.get(url("verify", deposit.pk)).status_code == 404


def test_receipt_of_before_the_heads_is_still_shown(client, deposit):
    submit(client, deposit, body_of(deposit))
    receipt = Receipt.objects.get()
    content = json.loads(bytes(receipt.content))
    content |= {"version": 1, "journal": {"index": 0, "leaf_hash": "00" * 32}}
    Receipt.objects.update(content=json.dumps(content).encode(), timestamp=None)

    assertContains(client.get(url("receipt", deposit.pk)), deposit.company.name)
    assert client.get(url("receipt_token", deposit.pk)).status_code == 404


@pytest.mark.parametrize("relation", Deposit.Relation)
def test_receipt_of_a_second_bid_says_what_it_is_to_the_first(client, deposit, relation):
    submit(client, deposit, body_of(deposit))
    assertNotContains(client.get(url("receipt", deposit.pk)), "data-follows")
    second = make_deposit(
        consultation=deposit.consultation, bidder=deposit.bidder, relation=relation
    )

    submit(client, second, body_of(second))

    page = client.get(url("receipt", second.pk))
    assertContains(page, f'data-follows="{relation}"')
    assertContains(page, f'<span class="exact">{deposit.pk}</span>')


def test_receipt_of_a_late_bid_says_so(client, deposit, set_clock):
    body = body_of(deposit)
    set_clock(DEADLINE)
    client.force_login(deposit.bidder.user)

    submit(client, deposit, body)

    assertContains(client.get(url("receipt", deposit.pk)), "data-late")


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0,000\u00a0s"),
        (412, "0,412\u00a0s"),
        (59_999, "59,999\u00a0s"),
        (62_345, "1\u00a0min 02,345\u00a0s"),
        (7_384_005, "2\u00a0h 03\u00a0min 04,005\u00a0s"),
        (183_600_000, "51\u00a0h 00\u00a0min 00,000\u00a0s"),
    ],
)
def test_receipt_of_a_late_bid_says_by_how_much(client, deposit, set_clock, milliseconds, said):
    body = body_of(deposit)
    set_clock(DEADLINE + timedelta(milliseconds=milliseconds, microseconds=999))
    client.force_login(deposit.bidder.user)

    submit(client, deposit, body)

    with translation.override("fr"):
        assertContains(client.get(url("receipt", deposit.pk)), said)


def test_receipt_of_a_deposit_in_preparation_does_not_exist(client, deposit):
    assert client.get(url("receipt", deposit.pk)).status_code == 404


def test_submit_refuses_with_a_reason_and_a_remedy(client, deposit):
    response = submit(client, deposit, {"envelopes": [], "annex_salt": SALT})

    assert response.status_code == 409
    assert response.json().keys() == {"code", "message", "remedy"}
    assert response.json()["code"] == "nothing_to_submit"
    assert JournalEntry.objects.get(action="refused.nothing_to_submit").organisation is None


FILE = {"id": "9d4f7c8a-0000-4000-8000-000000000000", "name": "a", "size": 1, "sha256": "0" * 64}
ENVELOPE = {"id": FILE["id"], "files": [FILE]}
MALFORMED = {
    "not JSON": "{",
    "a list": [],
    "no salt": {"envelopes": []},
    "short salt": {"envelopes": [], "annex_salt": "00"},
    "number for salt": {"envelopes": [], "annex_salt": 1},
    "envelope twice": {"envelopes": [ENVELOPE, ENVELOPE], "annex_salt": SALT},
    "no files": {"envelopes": [{"id": FILE["id"]}], "annex_salt": SALT},
    "bad id": {"envelopes": [{"id": "x", "files": []}], "annex_salt": SALT},
    "bool for size": {
        "envelopes": [{"id": FILE["id"], "files": [FILE | {"size": True}]}],
        "annex_salt": SALT,
    },
    "earlier deposit without a relation": {
        "envelopes": [],
        "annex_salt": SALT,
        "follows": {"deposit": FILE["id"]},
    },
    "bad earlier deposit": {
        "envelopes": [],
        "annex_salt": SALT,
        "follows": {"deposit": "x", "relation": "replaces"},
    },
    "bad digest": {
        "envelopes": [{"id": FILE["id"], "files": [FILE | {"sha256": "G" * 64}]}],
        "annex_salt": SALT,
    },
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_submit_refuses_another_form_than_the_page_sends(client, deposit, body):
    response = submit(client, deposit, body if isinstance(body, str) else json.dumps(body))

    assert (response.status_code, response.json()["code"]) == (400, "bad_announcement")


class CutInput(io.BytesIO):
    """What a WSGI server gives of a body whose client is gone: its beginning, or an error."""

    def __init__(self, error: OSError | None) -> None:
        super().__init__(b'{"envelopes": [')
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.error:
            raise self.error
        return super().read(size)


@pytest.mark.parametrize("error", [ConnectionResetError("reset"), None])
def test_submit_that_is_cut_accuses_neither_the_site_nor_the_page(client, deposit, error):
    body = json.dumps(body_of(deposit))
    told = deposit.attempts.count()
    cut = {"wsgi.input": CutInput(error), "CONTENT_LENGTH": str(len(body))}

    response = client.post(url("submit", deposit.pk), content_type="application/json", **cut)

    assert (response.status_code, response.json()["code"]) == (408, "submission_cut")
    line = attempts.history(deposit)[-1]
    assert (line.attempt.step, line.attempt.outcome) == ("submission", "interrupted")
    assert (line.message, line.remedy) == (SubmissionCut.user_message, SubmissionCut.remedy)
    assert deposit.attempts.count() == told + 1
    assert submit(client, deposit, body).status_code == 200


def test_submit_refuses_a_form_where_it_expects_a_list(client, deposit):
    response = client.post(url("submit", deposit.pk), {"envelopes": "[]"})

    assert (response.status_code, response.json()["code"]) == (400, "bad_announcement")
    assert deposit.attempts.get().cause == "bad_announcement"


def test_submit_refuses_a_list_longer_than_any_of_ours(client, deposit, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    response = submit(client, deposit, {"envelopes": [], "annex_salt": SALT})

    assert (response.status_code, response.json()["code"]) == (400, "bad_announcement")
    assert deposit.attempts.get().cause == "bad_announcement"


def test_submit_tells_a_script_that_the_session_has_ended(client, deposit):
    body = body_of(deposit)
    client.logout()

    response = submit(client, deposit, body)

    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_submit_by_a_rival_does_not_exist(client, deposit):
    body = body_of(deposit)
    client.force_login(make_bidder().user)

    assert submit(client, deposit, body).status_code == 404
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.DRAFT
