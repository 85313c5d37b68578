# SPDX-License-Identifier: EUPL-1.2
"""Every address that changes something leaves an entry in the journal, or says here why not."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from fido2.utils import websafe_decode

from marketplace.models import JournalEntry
from tests import journalled_bids
from tests.authorisation import PERSONS, World, addresses, path_of, security_key, world_of
from tests.factories import PASSWORD
from tests.journalled_bids import Request, form
from tests.test_authorisation import TABLE

NEW_PASSWORD = "another battery, another staple"
PASSWORDS = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
CONSULTATION = {
    "reference": "2099-1",
    "title": "Réfection de la toiture",
    "closes_at": "2099-07-14T12:00",
    "opens_at": "2099-07-14T14:00",
    "wants_offers": "on",
    "lots-TOTAL_FORMS": "0",
    "lots-INITIAL_FORMS": "0",
}
COMPANY = {
    "country": "FR",
    "siret": "73282932000074",
    "company_name": "Toitures Kerdoncuff",
    "name": "Maël Kerdoncuff",
    "email": "mael@example.org",
    "password": PASSWORD,
}
# Changes nothing that outlives the session, or nothing that anybody else relies on.
EXEMPT = {
    "set_language": "a cookie",
    "account_login": "a session; refused attempts are counted by django-allauth",
    "account_logout": "a session",
    "account_signup": "closed",
    "account_reauthenticate": "a session",
    "account_set_password": "for accounts without a password, that cannot sign in",
    "account_reset_password": "a mail; its use is journalled",
    "account_confirm_login_code": "not in use",
    "mfa_authenticate": "a session",
    "mfa_reauthenticate": "a session",
    "mfa_login_webauthn": "a session",
    "mfa_reauthenticate_webauthn": "a session",
    "keys:choose_service": "a session",
    "envelopes:measure": "nothing: what is sent is thrown away",
    "mfa_edit_webauthn": "the name of a key, that its owner alone sees",
}


@dataclass(frozen=True)
class Change:
    """Who makes it, and what the browser sends."""

    person: str
    request: Callable[[World, Client], Request] = lambda _world, _client: {}


def _invitation(world: World, _client: Client) -> Request:
    return form(name="New", email="new@example.org", service=str(world.service.pk))


def _totp(world: World, client: Client) -> Request:
    secret = client.get(path_of("mfa_activate_totp", world)).context["form"].secret
    return form(code=totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))


def _security_key(world: World, client: Client) -> Request:
    page = client.get(path_of("mfa_add_webauthn", world))
    options = page.context["js_data"]["creation_options"]["publicKey"]
    credential = security_key(websafe_decode(options["challenge"]))
    return form(name="Clé", credential=json.dumps(credential))


CHANGES = {
    "sign_up": Change("anonymous", lambda _w, _c: form(**COMPANY)),
    "create_consultation": Change("agent", lambda _w, _c: form(**CONSULTATION)),
    "edit_consultation": Change("agent", lambda _w, _c: form(**CONSULTATION)),
    "invite_agent": Change("administrator", _invitation),
    "edit_agent": Change("administrator", lambda w, _c: form(service=str(w.service.pk))),
    "invite_agent_again": Change("administrator"),
    "account_email": Change("bidder", lambda _w, _c: form(email="new@example.org", action_add="")),
    "account_confirm_email": Change("anonymous"),
    "account_change_password": Change("bidder", lambda _w, _c: form(**PASSWORDS)),
    "account_reset_password_from_key": Change("anonymous", lambda _w, _c: form(**PASSWORDS)),
    "mfa_activate_totp": Change("bidder", _totp),
    "mfa_deactivate_totp": Change("agent without the right"),
    "mfa_generate_recovery_codes": Change("agent without the right"),
    "mfa_add_webauthn": Change("bidder", _security_key),
    "mfa_remove_webauthn": Change("agent without the right"),
    "keys:register": Change("agent", journalled_bids.key_registration),
    "keys:challenge": Change("agent"),
    "keys:answer": Change("agent", journalled_bids.key_answer),
    "keys:prepared": Change("agent", journalled_bids.preparation),
    "keys:edit": Change("agent", journalled_bids.key_edition),
    "keys:keep": Change("agent", journalled_bids.planned_retirement),
    "keys:ask_drill": Change("agent"),
    "keys:remove": Change("agent", journalled_bids.unused_key),
    "keys:calendar": Change("agent"),
    "keys:replace_calendar": Change("agent", journalled_bids.calendar_link),
    "keys:revoke_calendar": Change("agent", journalled_bids.calendar_link),
    "envelopes:report_key": Change("agent", lambda _w, _c: form(reason="lost", confirmed="on")),
    "envelopes:announce_departure": Change(
        "administrator", lambda _w, _c: form(leaves_on="2099-12-31")
    ),
    "envelopes:disable_agent": Change("administrator"),
    "envelopes:choose_keys": Change("agent", journalled_bids.key_choice),
    "envelopes:publish": Change("agent", journalled_bids.publication),
    "envelopes:start_deposit": Change("bidder of another company"),
    "envelopes:choose_relation": Change("bidder", lambda _w, _c: form(relation="replaces")),
    "envelopes:withdraw": Change("bidder"),
    "envelopes:submit": Change("bidder", journalled_bids.announcement),
    "envelopes:uploads": Change("bidder", journalled_bids.upload),
    "envelopes:upload": Change("bidder", journalled_bids.removal),
    "envelopes:enter_paper_deposit": Change("agent", journalled_bids.paper_deposit),
    "envelopes:cancel_paper_deposit": Change("agent", lambda _w, _c: form(reason="Doublon")),
    "envelopes:take_away": Change("agent"),
    "envelopes:open_locally": Change("agent", journalled_bids.local_opening),
    "envelopes:release": Change("agent", journalled_bids.release),
    "signatures:decide": Change("agent", journalled_bids.decision),
}


def test_each_change_and_each_exemption_is_an_address():
    assert {*CHANGES, *EXEMPT} <= set(addresses())
    assert not {*CHANGES} & {*EXEMPT}


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHANGES)
def test_change_enters_the_journal(name, django_capture_on_commit_callbacks):
    world = world_of(name, TABLE[name].right)
    client = world.client_of(CHANGES[name].person)
    request = CHANGES[name].request(world, client)
    path = path_of(name, world)
    if name == "account_reset_password_from_key":
        path = client.get(path).headers["Location"]  # the key moves into the session
    send = client.delete if name == "envelopes:upload" else client.post
    before = _changes_in_journal()

    with django_capture_on_commit_callbacks(execute=True):
        response = send(path, **request)

    assert response.status_code in {200, 201, 204, 302}
    assert _changes_in_journal() > before


def _changes_in_journal() -> int:
    return JournalEntry.objects.exclude(action__startswith="refused.").count()


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted({*TABLE} - {*CHANGES} - {*EXEMPT}))
def test_other_addresses_accept_no_change(name):
    world = world_of(name, TABLE[name].right)
    path = path_of(name, world)

    answers = {
        world.ask(person, method, path) for person in PERSONS[1:] for method in ("POST", "PUT")
    }

    assert answers <= {403, 404, 405}
