# SPDX-License-Identifier: EUPL-1.2
import base64
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from envelopes.models import ChosenKey
from keys import certificates, challenges, cms
from keys.certificates import SMALL_MODULUS_ENDS
from keys.models import Challenge, KeyPair, Split
from marketplace.models import Agent, JournalEntry, Right
from tests.factories import (
    DAY,
    SECOND,
    make_agent,
    make_bidder,
    make_certificate,
    make_consultation,
    make_key_pair,
    make_private_key,
    make_service,
)
from tests.keys.test_shared_primes import of_primes

pytestmark = pytest.mark.django_db
ORIGIN = "http://testserver"


def signed_in(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent.user)
    return client


def post_json(client: Client, url: str, body: object):
    return client.post(url, json.dumps(body), content_type="application/json")


def offer(agent: Agent, certificate: bytes) -> dict[str, object]:
    return {
        "name": "Claire Martin",
        "is_backup": True,
        "service": str(agent.service.pk),
        "certificate": base64.b64encode(certificate).decode(),
    }


def fresh_certificate(private_key) -> bytes:
    now = timezone.now().replace(microsecond=0)
    return make_certificate(private_key, not_before=now - DAY, not_after=now + 730 * DAY)


@pytest.fixture(autouse=True)
def _hosts(settings):
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def agent() -> Agent:
    return make_agent(Right.MANAGE_KEYS)


# The lists


def shown(response) -> dict[str, list[str]]:
    tables = {name: response.context[name].rows for name in ("personal", "backup")}
    return {name: [row["name"] for row in rows] for name, rows in tables.items()}


def test_list_shows_both_tables_of_the_agents_service_by_name(agent):
    for name, is_backup in [("B", False), ("A", False), ("S", True)]:
        make_key_pair(holder=agent, name=name, is_backup=is_backup)
    make_key_pair(name="Elsewhere")

    response = signed_in(agent).get(reverse("keys:list"))

    assert shown(response) == {"personal": ["A", "B"], "backup": ["S"]}
    for row in response.context["personal"].rows:  # which writes it for itself, twenty times
        assert row["url"] == reverse("keys:detail", args=[row["id"]])


def test_list_of_another_service_needs_the_right_and_the_organisation(agent):
    manager = make_agent(Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS, service=agent.service)
    sibling = make_service(organisation=agent.service.organisation)
    make_key_pair(holder=make_agent(service=sibling), name="Sibling’s")
    address = f"{reverse('keys:list')}?service="

    allowed = signed_in(manager).get(f"{address}{sibling.pk}")
    refused = [
        signed_in(agent).get(f"{address}{sibling.pk}"),
        signed_in(manager).get(f"{address}{make_service().pk}"),
        signed_in(manager).get(f"{address}not-a-service"),
    ]

    assert shown(allowed)["personal"] == ["Sibling’s"]
    assert [response.status_code for response in refused] == [404, 404, 404]


def test_list_asks_as_many_queries_for_three_rows_as_for_one(agent):
    client, address = signed_in(agent), reverse("keys:list")
    make_key_pair(holder=agent)
    make_key_pair(holder=agent, is_backup=True)
    with CaptureQueriesContext(connection) as for_one:
        client.get(address)
    for is_backup in (True, True, False, False):
        make_key_pair(holder=make_agent(service=agent.service), is_backup=is_backup)

    with CaptureQueriesContext(connection) as for_three:
        client.get(address)

    assert len(for_three) == len(for_one)


def test_list_is_cut_in_pages_that_keep_the_rest_of_the_address(agent):
    for number in range(11):
        make_key_pair(holder=agent, name=f"{number:02d}", certificate=b"-")
    query = {"q": "0", "sort": "-name", "service": agent.service.pk}

    first = signed_in(agent).get(reverse("keys:list"), query)
    second = signed_in(agent).get(reverse("keys:list"), query | {"personal": "2"})

    assert shown(first)["personal"] == ["10", *(f"{number:02d}" for number in range(9, 0, -1))]
    assert shown(second)["personal"] == ["00"]
    address = f"?q=0&amp;sort=-name&amp;service={agent.service.pk}&amp;personal=2"
    assert f'rel="next" href="{address}"' in first.content.decode()


def test_list_counts_what_wants_attention(agent):
    now = timezone.now()
    make_key_pair(holder=agent, not_after=now - DAY)
    make_key_pair(holder=agent, not_after=now + 89 * DAY)
    make_key_pair(holder=agent, not_after=now + 91 * DAY)
    make_key_pair(holder=agent, state=KeyPair.State.UNPROVEN, proven_at=None)
    make_key_pair(holder=agent, not_after=now - DAY, state=KeyPair.State.RETIRED, retired_at=now)
    make_key_pair(holder=agent, not_after=now - DAY, retires_at=now - DAY)  # not swept yet

    response = signed_in(agent).get(reverse("keys:list"))

    healths = sorted(row["health"] for row in response.context["personal"].rows)
    assert healths == ["expired", "expiring", "good", "renewed", "retired", "unproven"]
    assert response.context["census"] == {
        "expired": 1,
        "expiring": 1,
        "unproven": 1,
    }
    assert response.context["split"] == Split(personal={agent.pk}, backup=set())


@pytest.mark.parametrize("reason", ["lost", "compromised", "renewed"])
def test_list_tells_why_a_key_pair_is_out_of_service(agent, reason):
    state, now = KeyPair.State.RETIRED, timezone.now()
    make_key_pair(holder=agent, state=state, retired_at=now, retirement_reason=reason)

    response = signed_in(agent).get(reverse("keys:list"))

    assert [row["health"] for row in response.context["personal"].rows] == [reason]


@pytest.mark.parametrize(("delay", "health"), [(-SECOND, "renewed"), (DAY, "good")])
def test_list_tells_that_a_successor_has_taken_over_swept_or_not(agent, delay, health):
    make_key_pair(holder=agent, retires_at=timezone.now() + delay)

    response = signed_in(agent).get(reverse("keys:list"))

    assert [row["health"] for row in response.context["personal"].rows] == [health]
    assert response.context["split"].personal == ({agent.pk} if health == "good" else set())


def test_list_offers_to_delete_what_nothing_needs_and_to_withdraw_the_rest(agent):
    now = timezone.now()
    make_key_pair(holder=agent, name="A")
    make_key_pair(holder=agent, name="B", first_used_at=now)
    chosen = make_key_pair(holder=agent, name="C")
    ChosenKey.objects.create(consultation=make_consultation(), key_pair=chosen)
    state = KeyPair.State.RETIRED
    make_key_pair(holder=agent, name="D", state=state, retired_at=now, first_used_at=now)

    page = signed_in(agent).get(reverse("keys:list"))

    removals = [row["removal"] for row in page.context["personal"].rows]
    assert removals == ["deleted", "retired", "retired", "retired"]
    assert page.content.decode().count("bi-trash") == 1
    assert page.content.decode().count("bi-archive") == 2


@pytest.mark.parametrize(("is_used", "icon"), [(False, "bi-trash"), (True, "bi-archive")])
def test_detail_offers_to_delete_or_to_withdraw(agent, is_used, icon):
    used_at = timezone.now() if is_used else None
    key_pair = make_key_pair(holder=agent, first_used_at=used_at)

    page = signed_in(agent).get(reverse("keys:detail", args=[key_pair.pk])).content.decode()

    assert [name for name in ("bi-trash", "bi-archive") if name in page] == [icon]


@pytest.mark.parametrize(("has_backup", "invites"), [(False, True), (True, False)])
def test_list_invites_to_make_the_backup_key_pair(agent, has_backup, invites):
    make_key_pair(holder=agent)
    if has_backup:
        make_key_pair(holder=agent, is_backup=True)

    response = signed_in(agent).get(reverse("keys:list"))

    assert ("data-invite-backup" in response.content.decode()) is invites


def test_list_offers_no_change_without_the_right():
    agent = make_agent()
    make_key_pair(holder=agent)

    page = signed_in(agent).get(reverse("keys:list")).content.decode()

    assert ("data-add" in page, "/edit/" in page, "/remove/" in page) == (False, False, False)


# Registration and proof


def test_register_then_answer_proves_the_key_pair(agent):
    client, private_key = signed_in(agent), make_private_key()
    issued = post_json(
        client, reverse("keys:register"), offer(agent, fresh_certificate(private_key))
    )
    key_pair = KeyPair.objects.get()
    certificate = certificates.read_certificate(bytes(key_pair.certificate))
    opened = cms.open_with(
        base64.b64decode(issued.json()["block"]),
        (certificate, private_key),
        file_id=bytes(8),
        number=0,
        is_last=True,
    )
    secrets = challenges.read(opened, fingerprint=key_pair.fingerprint, origin=ORIGIN)

    body = {"challenge": issued.json()["challenge"], "answer": challenges.answer(*secrets)}
    answered = post_json(client, issued.json()["answer_url"], body)

    key_pair.refresh_from_db()
    assert (issued.status_code, answered.status_code) == (201, 200)
    assert answered.json()["split"] == {"lacks_backup": False, "hangs_on_one_person": False}
    assert (key_pair.state, key_pair.is_backup) == (KeyPair.State.ACTIVE, True)
    assert (key_pair.holder, key_pair.service) == (agent, agent.service)


def test_private_key_posted_by_mistake_is_refused_and_kept_nowhere(agent, caplog):
    key = make_private_key()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    response = post_json(
        signed_in(agent),
        reverse("keys:register"),
        offer(agent, b"") | {"certificate": pem.decode()},
    )

    assert (response.status_code, response.json()["code"]) == (409, "private_key")
    assert KeyPair.objects.count() == 0
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.facts) == ("refused.private_key", {})
    assert "PRIVATE KEY" not in caplog.text


def test_register_says_what_is_to_be_known_of_an_accepted_certificate(agent):
    now = timezone.now().replace(microsecond=0)
    certificate = make_certificate(
        make_private_key(), not_before=now - DAY, not_after=max(now + 730 * DAY, SMALL_MODULUS_ENDS)
    )

    answer = post_json(signed_in(agent), reverse("keys:register"), offer(agent, certificate))
    page = signed_in(agent).get(answer.json()["detail_url"]).content.decode()

    [warning] = answer.json()["warnings"]
    assert (answer.status_code, warning["code"]) == (201, "small_modulus")
    assert warning["message"].endswith(" 2048 bits.")
    assert 'data-warning="small_modulus"' in page
    assert escape(warning["message"]) in page
    assert escape(warning["remedy"]) in page


def test_certificate_of_which_there_is_nothing_to_say_has_no_warning(agent):
    client = signed_in(agent)

    answer = post_json(
        client, reverse("keys:register"), offer(agent, fresh_certificate(make_private_key()))
    )
    page = client.get(answer.json()["detail_url"]).content.decode()

    assert answer.json()["warnings"] == []
    assert "data-warning" not in page


def test_key_that_shares_a_prime_is_refused_and_tells_nothing_of_the_other(agent):
    other = make_agent(Right.MANAGE_KEYS)
    first, second = of_primes("p", "q"), of_primes("p", "r")
    post_json(signed_in(other), reverse("keys:register"), offer(other, first))
    registered = KeyPair.objects.get()

    response = post_json(signed_in(agent), reverse("keys:register"), offer(agent, second))

    entry = JournalEntry.objects.latest("index")
    offered = certificates.read_certificate(second).sha256
    assert (response.status_code, response.json()["code"]) == (409, "shared_prime")
    assert KeyPair.objects.get() == registered
    assert (entry.action, entry.facts) == ("refused.shared_prime", {"fingerprint": offered})


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "n" * 101},
        {"name": "\ud800"},
        {"name": "\x00"},
        {"certificate": "%"},
        {"certificate": "-----BEGIN \ud800"},
        {"service": str(uuid4())},
    ],
)
def test_register_refuses_what_the_page_never_sends(agent, change):
    body = offer(agent, fresh_certificate(make_private_key())) | change

    response = post_json(signed_in(agent), reverse("keys:register"), body)

    assert (response.status_code, response.json()["code"]) == (400, "request_unreadable")
    assert KeyPair.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b"[" * 100_000])
def test_register_refuses_a_body_that_is_no_object(agent, body):
    response = signed_in(agent).post(
        reverse("keys:register"), body, content_type="application/json"
    )

    assert (response.status_code, response.json()["code"]) == (400, "request_unreadable")


def test_register_needs_the_right_and_keeps_the_attempt():
    agent = make_agent()

    response = post_json(signed_in(agent), reverse("keys:register"), {})

    assert response.status_code == 403
    assert JournalEntry.objects.get().action == "refused.right_missing"


def test_answer_is_taken_from_the_one_who_was_asked(agent):
    key_pair = make_key_pair(holder=agent)
    issued = post_json(signed_in(agent), reverse("keys:challenge", args=[key_pair.pk]), {})
    colleague = make_agent(service=agent.service)
    body = {"challenge": issued.json()["challenge"], "answer": "0" * 64}

    stranger = post_json(signed_in(colleague), issued.json()["answer_url"], body)
    wrong = post_json(signed_in(agent), issued.json()["answer_url"], body)

    assert stranger.status_code == 404
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_answer")
    assert Challenge.objects.get().is_correct is False
    assert JournalEntry.objects.filter(action="refused.wrong_answer").count() == 1


def test_answer_to_an_expired_challenge_is_refused(agent):
    key_pair = make_key_pair(holder=agent)
    client = signed_in(agent)
    issued = post_json(client, reverse("keys:challenge", args=[key_pair.pk]), {}).json()
    Challenge.objects.update(issued_at=timezone.now() - timedelta(minutes=11))

    response = post_json(
        client, issued["answer_url"], {"challenge": issued["challenge"], "answer": "0" * 64}
    )

    assert response.json()["code"] == "challenge_expired"


# Change and removal


def test_edit_renames(agent):
    key_pair = make_key_pair(holder=agent)

    response = signed_in(agent).post(
        reverse("keys:edit", args=[key_pair.pk]),
        {"name": "Greffe", "is_backup": "on", "holder": agent.pk, "confirmed": "1"},
    )

    key_pair.refresh_from_db()
    assert response.status_code == 302
    assert (key_pair.name, key_pair.is_backup) == ("Greffe", True)


def test_edit_refuses_an_empty_name(agent):
    key_pair = make_key_pair(holder=agent, name="Greffe")

    response = signed_in(agent).post(
        reverse("keys:edit", args=[key_pair.pk]), {"name": "", "holder": agent.pk}
    )

    key_pair.refresh_from_db()
    assert (response.status_code, key_pair.name) == (200, "Greffe")
    assert response.context["form"].errors.keys() == {"name"}


@pytest.mark.parametrize(("is_used", "removal"), [(False, "deleted"), (True, "retired")])
def test_remove_says_what_it_will_do_and_then_does_it(agent, is_used, removal):
    used_at = timezone.now() if is_used else None
    key_pair = make_key_pair(holder=agent, first_used_at=used_at)
    client, address = signed_in(agent), reverse("keys:remove", args=[key_pair.pk])

    announced = client.get(address).content.decode()
    untouched = KeyPair.objects.get().state
    response = client.post(address)

    assert f'data-removal="{removal}"' in announced
    assert untouched == KeyPair.State.ACTIVE
    assert response.headers["Location"] == f"{reverse('keys:list')}?service={agent.service.pk}"
    assert list(KeyPair.objects.values_list("state", flat=True)) == (["retired"] if is_used else [])


def test_remove_again_is_refused_with_the_reason(agent):
    now = timezone.now()
    key_pair = make_key_pair(
        holder=agent, state=KeyPair.State.RETIRED, retired_at=now, first_used_at=now
    )

    signed_in(agent).post(reverse("keys:remove", args=[key_pair.pk]))

    assert JournalEntry.objects.get().action == "refused.already_retired"


# Strangers


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("detail", "get"),
        ("edit", "get"),
        ("edit", "post"),
        ("remove", "get"),
        ("remove", "post"),
        ("challenge", "post"),
        ("answer", "post"),
    ],
)
def test_key_pair_of_another_service_does_not_exist_for_strangers(agent, name, method):
    address = reverse(f"keys:{name}", args=[make_key_pair().pk])
    bidder = Client()
    bidder.force_login(make_bidder().user)

    answers = [getattr(client, method)(address) for client in (signed_in(agent), bidder)]
    anonymous = getattr(Client(), method)(address)

    assert [response.status_code for response in answers] == [404, 404]
    assert anonymous.url.startswith(reverse("account_login"))
    assert KeyPair.objects.get().state == KeyPair.State.ACTIVE


@pytest.mark.parametrize("name", ["edit", "remove"])
def test_changes_need_the_right(name):
    agent = make_agent()
    key_pair = make_key_pair(holder=agent)

    response = signed_in(agent).post(reverse(f"keys:{name}", args=[key_pair.pk]), {"name": "x"})

    assert response.status_code == 403
    assert KeyPair.objects.get().name == key_pair.name


def test_detail_shows_the_fingerprint_in_groups(agent):
    key_pair = make_key_pair(holder=agent)
    digits = key_pair.fingerprint

    page = signed_in(agent).get(reverse("keys:detail", args=[key_pair.pk])).content.decode()

    assert " ".join(digits[start : start + 4] for start in range(0, 64, 4)) in page
