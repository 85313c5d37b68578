# SPDX-License-Identifier: EUPL-1.2
"""« Modifier », « Renouveler », the drills that are asked for: what people see and send."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from keys.models import DrillRequest, KeyPair
from marketplace.models import Agent, JournalEntry, Right
from tests.factories import (
    DAY,
    make_agent,
    make_certificate,
    make_key_pair,
    make_private_key,
    make_service,
)
from tests.keys.test_views import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return make_agent(Right.MANAGE_KEYS)


@pytest.fixture
def client(agent) -> Client:
    return signed_in(agent)


def page(client: Client, name: str, key_pair: KeyPair, **query: str) -> str:
    return client.get(reverse(f"keys:{name}", args=[key_pair.pk]), query).content.decode()


def post(client: Client, view: str, key_pair: KeyPair, **fields: object):
    return client.post(reverse(f"keys:{view}", args=[key_pair.pk]), fields)


def edition(key_pair: KeyPair, **changes: object) -> dict[str, object]:
    return {"name": key_pair.name, "holder": key_pair.holder_id} | changes


# « Modifier »


def test_edit_says_what_will_change_and_does_it_once_confirmed(agent, client):
    key_pair = make_key_pair(holder=agent, proven_at=timezone.now())
    colleague = make_agent(service=agent.service)
    wanted = edition(key_pair, name="Greffe", is_backup="on", holder=colleague.pk)

    announced = post(client, "edit", key_pair, **wanted).content.decode()
    untouched = KeyPair.objects.get().name
    response = post(client, "edit", key_pair, **wanted, confirmed="1")

    told = [name for name in ("renamed", "use", "holder", "proof") if f'"{name}"' in announced]
    assert told == ["renamed", "use", "holder", "proof"]
    assert untouched == key_pair.name
    assert response.headers["Location"] == reverse("keys:detail", args=[key_pair.pk])
    key_pair.refresh_from_db()
    assert (key_pair.name, key_pair.is_backup, key_pair.holder) == ("Greffe", True, colleague)


def test_edit_goes_back_to_the_form_with_what_was_typed(agent, client):
    key_pair = make_key_pair(holder=agent)

    response = post(client, "edit", key_pair, **edition(key_pair, name="Greffe"), back="1")

    assert response.context["form"]["name"].value() == "Greffe"
    assert 'type="hidden" name="name"' not in response.content.decode()


def test_edit_without_a_change_asks_no_confirmation(agent, client):
    key_pair = make_key_pair(holder=agent)

    response = post(client, "edit", key_pair, **edition(key_pair))

    assert response.status_code == 302
    assert JournalEntry.objects.count() == 0


@pytest.mark.parametrize(("has_other", "warns"), [(True, False), (False, True)])
def test_edit_warns_where_the_last_backup_key_pair_becomes_personal(
    agent, client, has_other, warns
):
    key_pair = make_key_pair(holder=agent, is_backup=True)
    if has_other:
        make_key_pair(holder=agent, is_backup=True)

    announced = post(client, "edit", key_pair, **edition(key_pair)).content.decode()

    assert ("data-last-backup" in announced) is warns


def holders(response) -> set[object]:
    return set(response.context["form"].fields["holder"].queryset)


def test_edit_offers_the_active_agents_of_the_service_as_holders(agent, client):
    key_pair = make_key_pair(holder=agent)
    colleague, gone = make_agent(service=agent.service), make_agent(service=agent.service)
    gone.user.is_active = False
    gone.user.save()
    neighbour = make_agent(service=make_service(organisation=agent.service.organisation))
    make_agent()

    address = reverse("keys:edit", args=[key_pair.pk])
    manager = make_agent(Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS, service=agent.service)

    assert holders(client.get(address)) == {agent, colleague, manager}
    assert holders(signed_in(manager).get(address)) == {agent, colleague, manager, neighbour}


def test_edit_refuses_a_holder_of_elsewhere(agent, client):
    key_pair, stranger = make_key_pair(holder=agent), make_agent()

    response = post(
        client, "edit", key_pair, **edition(key_pair, holder=stranger.pk), confirmed="1"
    )

    assert response.context["form"].errors.keys() == {"holder"}
    key_pair.refresh_from_db()
    assert key_pair.holder == agent


def test_edit_of_the_key_pair_of_a_holder_who_left_needs_another_holder_for_nothing(agent, client):
    gone = make_agent(service=agent.service)
    key_pair = make_key_pair(holder=gone)
    gone.user.is_active = False
    gone.user.save()

    post(client, "edit", key_pair, **edition(key_pair, name="Greffe"), confirmed="1")

    key_pair.refresh_from_db()
    assert (key_pair.name, key_pair.holder) == ("Greffe", gone)


# « Renouveler »


def offer(old: KeyPair, **changes: object) -> str:
    now = timezone.now().replace(microsecond=0)
    certificate = make_certificate(make_private_key(), not_before=now, not_after=now + 730 * DAY)
    body = {
        "name": old.name,
        "service": str(old.service_id),
        "certificate": base64.b64encode(certificate).decode(),
        "replaces": str(old.pk),
        "retires_on": (now + 30 * DAY).date().isoformat(),
    }
    return json.dumps(body | changes)


def register(client: Client, body: str):
    return client.post(reverse("keys:register"), body, content_type="application/json")


def test_renewal_is_registered_and_told_on_both_pages(agent, client):
    old = make_key_pair(holder=agent)

    response = register(client, offer(old))

    assert response.status_code == 201
    successor = KeyPair.objects.get(replaces=old)
    assert "data-begun" in page(client, "detail", old)
    assert reverse("keys:detail", args=[old.pk]) in page(client, "detail", successor)


def test_second_renewal_is_refused_with_the_remedy(agent, client):
    old = make_key_pair(holder=agent)
    register(client, offer(old))

    response = register(client, offer(old))

    assert (response.status_code, response.json()["code"]) == (409, "renewed_already")
    assert str(agent) in response.json()["message"]
    assert JournalEntry.objects.filter(action="refused.renewed_already").count() == 1


@pytest.mark.parametrize(
    "changes", [{"retires_on": None}, {"retires_on": "soon"}, {"replaces": None}]
)
def test_renewal_is_asked_for_whole(agent, client, changes):
    response = register(client, offer(make_key_pair(holder=agent), **changes))

    assert (response.status_code, response.json()["code"]) == (400, "request_unreadable")


def test_key_pair_of_strangers_is_not_renewed(client):
    response = register(client, offer(make_key_pair()))

    assert (response.status_code, KeyPair.objects.count()) == (400, 1)


def test_new_page_shows_what_is_renewed_and_until_when_it_serves(agent, client):
    now = timezone.now()
    old = make_key_pair(holder=agent, is_backup=True, not_after=now + 10 * DAY)

    response = client.get(reverse("keys:new"), {"replaces": old.pk})

    last_day = timezone.localdate(old.not_after)
    assert (response.context["replaces"], response.context["is_backup"]) == (old, True)
    assert response.context["retires_on"] == last_day
    assert f'max="{last_day.isoformat()}"' in response.content.decode()
    assert "data-other-holder" not in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "is_offered"),
    [
        ({}, True),
        ({"state": KeyPair.State.UNPROVEN}, False),
        ({"state": KeyPair.State.RETIRED, "retired_at": timezone.now()}, False),
    ],
)
def test_renewal_is_offered_for_what_is_in_service(agent, client, fields, is_offered):
    key_pair = make_key_pair(holder=agent, **fields)

    assert ("data-renew" in page(client, "detail", key_pair)) is is_offered
    make_key_pair(holder=agent, replaces=key_pair)
    assert "data-renew" not in page(client, "detail", key_pair)


def test_new_page_tells_who_will_hold_what_a_colleague_held(agent, client):
    old = make_key_pair(holder=make_agent(service=agent.service))

    response = client.get(reverse("keys:new"), {"replaces": old.pk})

    assert "data-other-holder" in response.content.decode()


def test_new_page_sends_back_what_cannot_be_renewed(agent, client):
    old = make_key_pair(holder=agent)
    make_key_pair(holder=agent, replaces=old)

    response = client.get(reverse("keys:new"), {"replaces": old.pk})

    assert response.headers["Location"] == reverse("keys:detail", args=[old.pk])


def test_new_page_knows_no_key_pair_of_strangers(client):
    addresses = [{"replaces": make_key_pair().pk}, {"replaces": "nothing"}]

    answers = [client.get(reverse("keys:new"), query).status_code for query in addresses]

    assert answers == [404, 404]


def test_planned_withdrawal_is_shown_and_called_off(agent, client):
    old = make_key_pair(holder=agent, retires_at=timezone.now() + DAY)
    make_key_pair(holder=agent, replaces=old, takes_over_at=old.retires_at)
    shown = page(client, "detail", old)

    response = post(client, "keep", old)

    old.refresh_from_db()
    assert ("data-planned" in shown, "data-call-off" in shown) == (True, True)
    assert (response.status_code, old.retires_at) == (302, None)
    assert "data-planned" not in page(client, "detail", old)


def test_withdrawal_that_took_place_is_not_called_off(agent, client):
    old = make_key_pair(holder=agent, retires_at=timezone.now() - DAY)
    make_key_pair(holder=agent, replaces=old, takes_over_at=old.retires_at)

    post(client, "keep", old)

    assert "data-call-off" not in page(client, "detail", old)
    assert JournalEntry.objects.get().action == "refused.nothing_planned"


# « Exercice de déchiffrement »


def test_drill_is_asked_for_and_its_state_shown():
    agent = make_agent()
    client = signed_in(agent)
    key_pair = make_key_pair(holder=make_agent(service=agent.service))
    before = page(client, "detail", key_pair)

    post(client, "ask_drill", key_pair)
    asked = page(client, "detail", key_pair)
    DrillRequest.objects.update(answered_at=timezone.now())
    answered = page(client, "detail", key_pair)

    assert ("data-ask-drill" in before, "data-drill-request" in before) == (True, False)
    assert ("data-ask-drill" in asked, 'data-drill-request="open"' in asked) == (False, True)
    assert str(agent) in asked
    assert "data-ask-drill" in answered
    assert 'data-drill-request="answered"' in answered


def test_drill_asked_twice_is_refused_and_kept(agent, client):
    key_pair = make_key_pair(holder=make_agent(service=agent.service))
    post(client, "ask_drill", key_pair)

    response = post(client, "ask_drill", key_pair)

    assert response.headers["Location"] == reverse("keys:detail", args=[key_pair.pk])
    assert DrillRequest.objects.count() == 1
    assert JournalEntry.objects.filter(action="refused.drill_asked_already").count() == 1


def test_holders_are_not_offered_to_ask_themselves(agent, client):
    assert "data-ask-drill" not in page(client, "detail", make_key_pair(holder=agent))


def test_request_of_the_site_is_shown_as_such(agent, client):
    key_pair = make_key_pair(holder=agent)
    asked_at = timezone.now() - timedelta(days=3)
    DrillRequest.objects.create(key_pair=key_pair, asked_at=asked_at)

    assert 'data-drill-request="open"' in page(client, "detail", key_pair)


@pytest.mark.parametrize("name", ["keep", "ask_drill"])
def test_key_pair_of_another_service_does_not_exist_for_strangers(client, name):
    key_pair = make_key_pair(retires_at=timezone.now() + DAY)

    response = post(client, name, key_pair)

    assert response.status_code == 404
    assert (DrillRequest.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_withdrawal_is_called_off_by_those_who_manage_keys():
    agent = make_agent()
    key_pair = make_key_pair(holder=agent, retires_at=timezone.now() + DAY)
    make_key_pair(holder=agent, replaces=key_pair)

    response = post(signed_in(agent), "keep", key_pair)

    key_pair.refresh_from_db()
    assert (response.status_code, key_pair.retires_at is None) == (403, False)
    assert "data-call-off" not in page(signed_in(agent), "detail", key_pair)


# A holder who works in another service


def test_holder_in_another_service_proves_the_key_pair_and_changes_nothing():
    holder = make_agent(Right.MANAGE_KEYS)
    elsewhere = make_service(organisation=holder.service.organisation)
    key_pair = make_key_pair(holder=holder, service=elsewhere, retires_at=timezone.now() + DAY)
    make_key_pair(service=elsewhere, replaces=key_pair)
    client = signed_in(holder)

    detail = client.get(reverse("keys:detail", args=[key_pair.pk]))
    challenge = client.post(reverse("keys:challenge", args=[key_pair.pk]))
    changes = [
        client.get(reverse(f"keys:{view}", args=[key_pair.pk])) for view in ("edit", "remove")
    ]
    changes += [
        post(client, "keep", key_pair),
        client.get(reverse("keys:new"), {"replaces": str(key_pair.pk)}),
    ]

    assert (detail.status_code, challenge.status_code) == (200, 201)
    assert [answer.status_code for answer in changes] == [404, 404, 404, 404]
    shown = detail.content.decode()
    unwanted = (
        "data-administered",
        "data-renew",
        "data-call-off",
        reverse("keys:edit", args=[key_pair.pk]),
    )
    assert not [mark for mark in unwanted if mark in shown]
    assert client.get(detail.context["list_url"]).context["service"] == holder.service


def test_colleague_of_another_service_sees_nothing_of_a_key_pair():
    holder = make_agent()
    key_pair = make_key_pair(holder=holder)
    stranger = make_agent(
        Right.MANAGE_KEYS, service=make_service(organisation=holder.service.organisation)
    )

    assert signed_in(stranger).get(reverse("keys:detail", args=[key_pair.pk])).status_code == 404
