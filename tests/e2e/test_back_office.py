# SPDX-License-Identifier: EUPL-1.2
"""The back office of key pairs as the guide tells it, page by page: its pictures, and what each one shows."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from envelopes import publication
from envelopes.models import ChosenKey
from keys.models import KeyPair
from marketplace.models import Agent, Consultation, Right
from tests.e2e import key_files
from tests.e2e.conftest import SignIn
from tests.e2e.pictures import picture
from tests.factories import (
    DAY,
    make_administrator,
    make_agent,
    make_certificate,
    make_consultation,
    make_key_pair,
    make_organisation,
    make_private_key,
    make_service,
    make_user,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
KEY = make_private_key()


@dataclass(frozen=True)
class Office:
    """A service with a personal and a backup key pair, and a consultation on line that is sealed to them."""

    claire: Agent
    karim: Agent
    administrator: Agent
    personal: KeyPair
    consultation: Consultation


@pytest.fixture
def office() -> Office:
    now = timezone.now().replace(microsecond=0)
    service = make_service(
        organisation=make_organisation(name="Ville de Valmer"), name="Commande publique"
    )

    def someone(name: str, *rights: Right) -> Agent:
        email = name.lower().replace(" ", ".") + "@valmer.example"
        return make_agent(*rights, user=make_user(name=name, email=email), service=service)

    claire = someone("Claire Martin", *Right)
    karim = someone("Karim Haddad", Right.OPEN_BIDS)
    nadia = make_user(name="Nadia Benali", email="nadia.benali@valmer.example")
    valid: dict[str, Any] = {
        "not_before": now - 700 * DAY,
        "not_after": now + 200 * DAY,
        "proven_at": now - DAY,
    }
    personal = make_key_pair(
        holder=claire, name="Claire Martin", common_name="Claire Martin", private_key=KEY, **valid
    )
    make_key_pair(holder=karim, name="Secours", common_name="Secours", is_backup=True, **valid)
    consultation = make_consultation(
        service=service,
        created_by=claire,
        reference="2026-DCP-011",
        title="Réfection de la toiture de l’école maternelle",
        closes_at=now + 10 * DAY,
        opens_at=now + 10 * DAY + timedelta(hours=2),
    )
    ChosenKey.objects.create(consultation=consultation, key_pair=personal)
    publication.publish(consultation.pk, actor=claire, now=now)
    administrator = make_administrator(user=nadia, service=service)
    return Office(claire, karim, administrator, personal, consultation)


def test_back_office_as_an_agent_meets_it(
    page: Page, office: Office, sign_in: SignIn, tmp_path: Path
):
    sign_in(page, office.claire.user)
    key = make_private_key()
    existing = key_files.write(tmp_path, key, make_certificate(key), name="Ancien poste.p12")

    page.goto(reverse("keys:new"))
    page.locator("[data-mode][value=existing]").check()
    key_files.give(page, existing)
    expect(page.locator("[data-found]")).to_be_visible()
    picture(page, "key-existing", page.locator("[data-step=reopen]"))

    page.goto(f"{reverse('keys:new')}?replaces={office.personal.pk}")
    expect(page.locator("[data-name]")).to_have_value("Claire Martin")
    picture(page, "key-renew")

    page.goto(reverse("keys:fingerprints"))
    expect(page.locator("main")).to_contain_text("Secours")
    picture(page, "fingerprints")

    page.goto(reverse("keys:prepare"))
    key_files.give(page, key_files.write(tmp_path, KEY, bytes(office.personal.certificate)))
    expect(page.locator("[data-prepared]")).to_be_visible()
    picture(page, "prepare")

    page.goto(reverse("envelopes:coverage", args=[office.consultation.pk]))
    expect(page.locator("[data-coverage=green]")).to_be_visible()
    picture(page, "coverage-table")

    page.goto(reverse("envelopes:report_key", args=[office.personal.pk]))
    expect(page.locator("main")).to_contain_text("2026-DCP-011")
    picture(page, "key-report")
    assert KeyPair.objects.get(pk=office.personal.pk).state == KeyPair.State.ACTIVE


def test_back_office_as_an_administrator_meets_it(page: Page, office: Office, sign_in: SignIn):
    sign_in(page, office.administrator.user)

    page.goto(reverse("envelopes:departure", args=[office.karim.pk]))
    expect(page.locator("main")).to_contain_text("2026-DCP-011")
    picture(page, "departure")

    page.goto(reverse("keys:health"))
    expect(page.locator("main")).to_contain_text("Secours")
    picture(page, "health")
