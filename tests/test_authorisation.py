# SPDX-License-Identifier: EUPL-1.2
"""Every address of the project: who is answered what. A new address is a new line here."""

import pytest
from django.db import transaction

from marketplace.models import Right
from tests.authorisation import (
    ADMINISTRATORS,
    AGENTS,
    ALL_BUT_THE_OWNER,
    IN_ORGANISATION_ADMINISTRATORS,
    IN_SERVICE_WITH_RIGHT,
    LEAVING,
    OWNER,
    OWNER_ELSE_INDEX,
    PERSONS,
    PUBLIC,
    SIGNED_IN,
    STRANGERS,
    WITH_RIGHT,
    Row,
    addresses,
    make_world,
    path_of,
)

WRITE = Right.MANAGE_CONSULTATIONS
TABLE = {
    "home": Row(STRANGERS),
    "health": Row(PUBLIC),
    "set_language": Row(PUBLIC, method="POST", allowed=302),
    "sign_up": Row(STRANGERS),
    "consultations": Row(AGENTS),
    "create_consultation": Row(WITH_RIGHT, WRITE),
    "edit_consultation": Row(IN_SERVICE_WITH_RIGHT, WRITE),
    "agents": Row(ADMINISTRATORS),
    "invite_agent": Row(ADMINISTRATORS),
    "edit_agent": Row(IN_ORGANISATION_ADMINISTRATORS),
    "invite_agent_again": Row(IN_ORGANISATION_ADMINISTRATORS, method="POST", allowed=302),
    "journal": Row(ADMINISTRATORS),
    # django-allauth
    "account_login": Row(STRANGERS),
    "account_logout": Row(LEAVING),
    "account_inactive": Row(PUBLIC),
    "account_signup": Row(STRANGERS),
    "account_reauthenticate": Row(SIGNED_IN),
    "account_email": Row(SIGNED_IN),
    "account_email_verification_sent": Row(PUBLIC),
    "account_confirm_email": Row(PUBLIC),
    "account_change_password": Row(SIGNED_IN),
    "account_set_password": Row(SIGNED_IN, allowed=302),
    "account_reset_password": Row(PUBLIC),
    "account_confirm_login_code": Row(PUBLIC, allowed=302),
    "account_reset_password_from_key": Row(PUBLIC, allowed=302),
    "account_reset_password_from_key_done": Row(PUBLIC),
    "account_reset_password_done": Row(PUBLIC),
    "mfa_index": Row(SIGNED_IN),
    "mfa_authenticate": Row(PUBLIC, allowed=302),
    "mfa_reauthenticate": Row(OWNER_ELSE_INDEX),
    "mfa_activate_totp": Row(ALL_BUT_THE_OWNER),
    "mfa_deactivate_totp": Row(OWNER),
    "mfa_view_recovery_codes": Row(OWNER),
    "mfa_generate_recovery_codes": Row(SIGNED_IN),
    "mfa_download_recovery_codes": Row(OWNER),
    "mfa_list_webauthn": Row(SIGNED_IN),
    "mfa_add_webauthn": Row(SIGNED_IN),
    "mfa_reauthenticate_webauthn": Row(OWNER_ELSE_INDEX),
    "mfa_remove_webauthn": Row(OWNER),
    "mfa_edit_webauthn": Row(OWNER),
    "mfa_login_webauthn": Row(PUBLIC, allowed=302),
}


def test_table_names_every_address():
    assert sorted(TABLE) == sorted(name for name in addresses() if ":" not in name)


@pytest.mark.django_db
@pytest.mark.parametrize("name", TABLE)
def test_address_answers_each_person_as_the_table_says(name):
    row, answers = TABLE[name], {}
    world = make_world(row.right)
    path = path_of(name, world)

    for person in PERSONS:
        with transaction.atomic():
            answers[person] = world.ask(person, row.method, path)
            transaction.set_rollback(True)

    assert answers == row.expected
