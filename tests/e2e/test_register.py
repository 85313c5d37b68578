# SPDX-License-Identifier: EUPL-1.2
"""The register of deposits, in Chromium: nothing before the deadline, then all of it; a paper deposit."""

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from envelopes import closing, submission
from envelopes.models import Deposit, PaperDeposit
from marketplace import timestamps
from marketplace.models import Agent, Consultation, Right
from tests.e2e.clock import Clock
from tests.e2e.conftest import SignIn
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder
from tests.envelopes import sealed
from tests.envelopes.deposits import ready_to_submit
from tests.envelopes.registered import attempt, begin
from tests.factories import (
    make_agent,
    make_bidder,
    make_company,
    make_consultation,
    make_organisation,
    make_service,
    make_user,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def agent() -> Agent:
    organisation = make_organisation(name="Ville de Valmer")
    service = make_service(organisation=organisation, name="Direction de la commande publique")
    rights = (Right.MANAGE_CONSULTATIONS, Right.OPEN_BIDS)
    return make_agent(*rights, service=service, user=make_user(name="Claire Martin"))


@pytest.fixture
def consultation(agent: Agent) -> Consultation:
    """It closes in an hour."""
    closes_at = timezone.now() + HOUR
    consultation = make_consultation(
        service=agent.service,
        created_by=agent,
        reference="2026-DCP-011",
        title="Réfection de la toiture de l’école maternelle",
        closes_at=closes_at,
        opens_at=closes_at + HOUR,
    )
    holder = sealed.make_holder(agent.service, holder=agent)
    sealed.publish(consultation, holder, sealed.make_holder(agent.service, is_backup=True))
    return consultation


def submit(consultation: Consultation, company: str) -> Deposit:
    bidder = make_bidder(company=make_company(name=company))
    now = timezone.now()
    deposit = submission.start(consultation, bidder, now=now)
    submission.submit(deposit.pk, ready_to_submit(deposit), actor=bidder.user, now=now)
    return deposit


def downloaded(page: Page, kind: str, folder: Path) -> bytes:
    with page.expect_download() as started:
        page.locator(f'[data-file="{kind}"]').click()
    file = folder / f"register.{kind}"
    started.value.save_as(file)
    assert started.value.suggested_filename == f"registre-des-depots-2026-DCP-011.{kind}"
    return file.read_bytes()


def test_register_appears_at_the_deadline_and_takes_a_paper_deposit(  # noqa: PLR0917 - fixtures
    page: Page,
    recorder: Recorder,
    sign_in: SignIn,
    agent: Agent,
    consultation: Consultation,
    clock: Clock,
    tmp_path: Path,
    assert_accessible: Callable[[Page], None],
):
    first = submit(consultation, "Toitures de l’Ouest")
    submit(consultation, "Charpentes Kerdoncuff")
    cut = begin(consultation, company=make_company(name="Zinc & Ardoise"))
    attempt(cut, 1, timezone.now())
    attempt(cut, 2, timezone.now(), "transfer_cut")
    address = reverse("envelopes:register", args=[consultation.pk])
    detail = reverse("envelopes:consultation", args=[consultation.pk])
    sign_in(page, agent.user)
    page.emulate_media(reduced_motion="reduce")  # colours are measured at rest
    page.goto(detail)
    expect(page.locator(f'a[href="{address}"]')).to_have_count(0)
    refused = page.goto(address)
    assert refused is not None
    assert refused.status == 404

    clock.put_forward(HOUR + timedelta(minutes=10))
    submit(consultation, "Couverture Morvan")
    closing.close_due(now=timezone.now())
    timestamps.obtain_waiting(clock=timezone.now)
    page.goto(detail)
    picture(page, "closed-consultation")
    page.locator(f'a[href="{address}"]').click()
    expect(page.locator("[data-row]")).to_have_count(3)
    assert_accessible(page)

    page.locator(
        f'a[href="{reverse("envelopes:enter_paper_deposit", args=[consultation.pk])}"]'
    ).click()
    page.locator('[name="way"][value="backup_copy"]').check()
    page.locator('[name="company_name"]').fill("Toitures de l’Ouest")
    received_at = timezone.localtime(consultation.closes_at - timedelta(minutes=5))
    page.locator('[name="received_at"]').fill(f"{received_at:%Y-%m-%dT%H:%M}")
    page.locator('[name="parcels"]').fill("Une clé USB, sous enveloppe cachetée")
    page.locator('[name="observations"]').fill("Remise à l’accueil contre récépissé.")
    assert_accessible(page)
    picture(page, "paper-deposit")
    page.locator('main button[type="submit"]').click()
    assert_accessible(page)
    picture(page, "paper-deposit-confirm")
    page.locator('[name="confirmed"]').click()
    expect(page.locator("[data-row]")).to_have_count(4)
    expect(page.locator('[data-row="3"]')).to_contain_text("Une clé USB")
    assert_accessible(page)
    picture(page, "register")

    table = downloaded(page, "csv", tmp_path).decode("utf-8-sig")
    lines = list(csv.reader(StringIO(table, newline=""), delimiter=";"))
    assert [row[3] for row in lines[1:]] == [
        "Toitures de l’Ouest",
        "Charpentes Kerdoncuff",
        "Toitures de l’Ouest",
        "Couverture Morvan",
    ]
    with page.expect_download() as started:
        page.locator('[data-file="attempts-csv"]').click()
    assert started.value.suggested_filename == "tentatives-de-depot-2026-DCP-011.csv"
    content = json.loads(downloaded(page, "json", tmp_path))
    assert content["lines"][0]["deposit"]["id"] == str(first.pk)
    assert content["closing"]["size"] == 2

    assert downloaded(page, "pdf", tmp_path).startswith(b"%PDF-1.7")

    page.locator("[data-cancel]").click()
    page.locator('[name="reason"]').fill("Saisie sur la mauvaise consultation.")
    assert_accessible(page)
    picture(page, "paper-deposit-cancel")
    page.locator('main button[type="submit"]').click()
    expect(page.locator("[data-cancelled]")).to_have_count(1)
    assert_accessible(page)
    picture(page, "register-cancelled")
    page.locator(f'[data-trouble="{cut.pk}"] a').click()
    expect(page.locator("[data-attempt]")).to_have_count(2)
    assert_accessible(page)
    picture(page, "register-attempts")
    assert PaperDeposit.objects.get().cancelled_by == agent
    assert recorder.errors == []


def test_closing_fingerprint_is_on_the_pages_of_companies(
    page: Page,
    sign_in: SignIn,
    consultation: Consultation,
    clock: Clock,
    assert_accessible: Callable[[Page], None],
):
    deposit = submit(consultation, "Toitures de l’Ouest")
    submit(consultation, "Charpentes Kerdoncuff")
    receipt = reverse("envelopes:receipt", args=[deposit.pk])
    sign_in(page, deposit.bidder.user)
    page.emulate_media(reduced_motion="reduce")
    page.goto(receipt)
    expect(page.locator("[data-closing]")).to_have_count(0)

    clock.put_forward(HOUR)
    closing.close_due(now=timezone.now())
    timestamps.obtain_waiting(clock=timezone.now)
    page.goto(receipt)

    root = consultation.closing_fingerprints.get().root_hex
    shown = page.locator("[data-closing] .fingerprint")
    expect(shown).to_have_text(" ".join(root[at : at + 4] for at in range(0, 64, 4)))
    assert_accessible(page)
    picture(page, "closing-receipt", page.locator("[data-closing]"))
    page.goto(reverse("envelopes:public_detail", args=[consultation.pk]))
    expect(shown).to_have_text(" ".join(root[at : at + 4] for at in range(0, 64, 4)))
    assert_accessible(page)
    picture(page, "closing-public")
