# SPDX-License-Identifier: EUPL-1.2
"""Every address of the project: who is answered what. A new address is a new line here."""

import pytest
from django.db import transaction

from marketplace.models import Right
from tests.authorisation import (
    ADMINISTRATORS,
    AGENTS,
    ALL_BUT_THE_OWNER,
    BIDDERS,
    IN_ORGANISATION_ADMINISTRATORS,
    IN_ORGANISATION_ADMINISTRATORS_OR_SELF,
    IN_ORGANISATION_WITH_RIGHT,
    IN_SERVICE,
    IN_SERVICE_WITH_RIGHT,
    LEAVING,
    NOBODY,
    OF_COMPANY,
    OWNER,
    OWNER_ELSE_INDEX,
    PERSONS,
    PUBLIC,
    SCRIPT_OF_BIDDERS,
    SCRIPT_OF_COMPANY,
    SIGNED_IN,
    STRANGERS,
    WITH_RIGHT,
    Row,
    addresses,
    path_of,
    world_of,
)

KEYS = Right.MANAGE_KEYS
OPEN = Right.OPEN_BIDS
REVIEW = Right.REVIEW_REPORTS
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
    # Key pairs
    "keys:list": Row(AGENTS),
    "keys:choose_service": Row(AGENTS, None, "POST", 302),
    "keys:fingerprints": Row(AGENTS),
    "keys:fingerprint": Row(IN_SERVICE),
    "keys:calendar": Row(AGENTS),
    "keys:replace_calendar": Row(AGENTS, allowed=302),
    "keys:revoke_calendar": Row(AGENTS, allowed=302),
    "keys:expiries": Row(NOBODY),
    "keys:health": Row(ADMINISTRATORS),
    "keys:health_csv": Row(ADMINISTRATORS),
    "keys:new": Row(WITH_RIGHT, KEYS),
    "keys:register": Row(WITH_RIGHT, KEYS, "POST", 400),
    "keys:prepare": Row(AGENTS),
    "keys:prepared": Row(AGENTS, None, "POST", 400),
    "keys:detail": Row(IN_SERVICE),
    "keys:challenge": Row(IN_SERVICE, None, "POST", 201),
    "keys:answer": Row(IN_SERVICE, None, "POST", 400),
    "keys:edit": Row(IN_SERVICE_WITH_RIGHT, KEYS),
    "keys:remove": Row(IN_SERVICE_WITH_RIGHT, KEYS),
    "keys:keep": Row(IN_SERVICE_WITH_RIGHT, KEYS, "POST", 302),
    "keys:ask_drill": Row(IN_SERVICE, None, "POST", 302),
    # Bids, before the deadline
    "envelopes:consultation": Row(IN_SERVICE),
    "envelopes:choose_keys": Row(IN_SERVICE_WITH_RIGHT, WRITE, "POST", 302),
    "envelopes:publish": Row(IN_SERVICE_WITH_RIGHT, WRITE, allowed=302),
    "envelopes:coverage": Row(IN_SERVICE),
    "envelopes:key_consultations": Row(IN_SERVICE),
    "envelopes:report_key": Row(IN_SERVICE_WITH_RIGHT, KEYS),
    "envelopes:departure": Row(IN_ORGANISATION_ADMINISTRATORS_OR_SELF),
    "envelopes:announce_departure": Row(IN_ORGANISATION_ADMINISTRATORS, None, "POST", 302),
    "envelopes:disable_agent": Row(IN_ORGANISATION_ADMINISTRATORS),
    "envelopes:public_list": Row(PUBLIC),
    "envelopes:public_detail": Row(PUBLIC),
    "envelopes:measure": Row(SCRIPT_OF_BIDDERS, None, "POST", 204),
    "envelopes:start_deposit": Row(BIDDERS, None, "POST", 302),
    "envelopes:deposits": Row(BIDDERS),
    "envelopes:deposit": Row(OF_COMPANY),
    "envelopes:choose_relation": Row(OF_COMPANY, None, "POST", 302),
    "envelopes:withdraw": Row(OF_COMPANY),
    "envelopes:submit": Row(SCRIPT_OF_COMPANY, None, "POST", 400),
    "envelopes:receipt": Row(OF_COMPANY),
    "envelopes:verify": Row(OF_COMPANY),
    "envelopes:receipt_file": Row(OF_COMPANY),
    "envelopes:receipt_pdf": Row(OF_COMPANY),
    "envelopes:attempts": Row(OF_COMPANY),
    "envelopes:attempts_pdf": Row(OF_COMPANY),
    "envelopes:attempts_csv": Row(OF_COMPANY),
    "envelopes:attempts_json": Row(OF_COMPANY),
    "envelopes:receipt_token": Row(OF_COMPANY),
    "envelopes:uploads": Row(SCRIPT_OF_COMPANY, None, "POST", 400),
    "envelopes:upload": Row(SCRIPT_OF_COMPANY, None, "HEAD"),
    # Bids, after the deadline
    "envelopes:closing": Row(PUBLIC),
    "envelopes:closing_token": Row(PUBLIC),
    "envelopes:closing_proof": Row(OF_COMPANY),
    "envelopes:register": Row(IN_SERVICE),
    "envelopes:register_csv": Row(IN_SERVICE),
    "envelopes:register_attempts_csv": Row(IN_SERVICE),
    "envelopes:register_json": Row(IN_SERVICE),
    "envelopes:register_pdf": Row(IN_SERVICE),
    "envelopes:deposit_attempts": Row(IN_SERVICE),
    "envelopes:enter_paper_deposit": Row(IN_SERVICE_WITH_RIGHT, WRITE),
    "envelopes:cancel_paper_deposit": Row(IN_SERVICE_WITH_RIGHT, WRITE),
    "envelopes:opening": Row(IN_SERVICE_WITH_RIGHT, OPEN),
    "envelopes:take_away": Row(IN_SERVICE_WITH_RIGHT, OPEN, "POST", 200),
    "envelopes:manifest": Row(IN_SERVICE_WITH_RIGHT, OPEN),
    "envelopes:headers": Row(IN_SERVICE_WITH_RIGHT, OPEN),
    "envelopes:open_locally": Row(IN_SERVICE_WITH_RIGHT, OPEN, "POST", 400),
    "envelopes:sealed_block": Row(IN_SERVICE_WITH_RIGHT, OPEN, allowed=409),  # not declared
    "envelopes:release": Row(IN_SERVICE_WITH_RIGHT, OPEN, "POST", 400),
    "envelopes:content": Row(IN_SERVICE_WITH_RIGHT, OPEN),
    # Signature reports
    "signatures:list": Row(WITH_RIGHT, REVIEW),
    "signatures:detail": Row(IN_ORGANISATION_WITH_RIGHT, REVIEW),
    "signatures:decide": Row(IN_ORGANISATION_WITH_RIGHT, REVIEW, "POST", 422),
}


def test_table_names_every_address():
    assert sorted(TABLE) == sorted(addresses())


@pytest.mark.django_db
@pytest.mark.parametrize("name", TABLE)
def test_address_answers_each_person_as_the_table_says(name):
    row, answers = TABLE[name], {}
    world = world_of(name, row.right)
    path = path_of(name, world)

    for person in PERSONS:
        with transaction.atomic():
            answers[person] = world.ask(person, row.method, path)
            transaction.set_rollback(True)

    assert answers == row.expected
