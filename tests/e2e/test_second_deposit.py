# SPDX-License-Identifier: EUPL-1.2
"""A second bid that replaces the first, a third that completes it, and a withdrawal, in Chromium."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from envelopes import publication
from envelopes.models import ChosenKey, Deposit
from marketplace.models import Consultation, EnvelopeKind, Lot
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder
from tests.factories import (
    DAY,
    make_consultation,
    make_key_pair,
    make_organisation,
    make_private_key,
    make_service,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PRIVATE_KEY = make_private_key()


@pytest.fixture
def consultation() -> Consultation:
    """On line now, in two lots."""
    now = timezone.now()
    service = make_service(organisation=make_organisation(name="Ville de Valmer"), name="Travaux")
    draft = make_consultation(service=service, closes_at=now + DAY, opens_at=now + DAY)
    for number, title in ((1, "Gros œuvre"), (2, "Charpente et couverture")):
        Lot.objects.create(consultation=draft, number=number, title=title)
    expiry = (now + 365 * DAY).replace(microsecond=0)
    lasting: dict[str, Any] = {"not_after": expiry, "proven_at": now}
    personal = make_key_pair(private_key=PRIVATE_KEY, holder=draft.created_by, **lasting)
    make_key_pair(is_backup=True, service=draft.service, **lasting)
    ChosenKey.objects.create(consultation=draft, key_pair=personal)
    return publication.publish(draft.pk, actor=draft.created_by, now=now)


def show(page: Page, consultation: Consultation) -> None:
    page.goto(f"/consultations/{consultation.pk}/")


def begin(page: Page, relation: str | None = None) -> Deposit:
    """From the page of the consultation, by keyboard."""
    if relation:
        page.locator(f'input[name="relation"][value="{relation}"]').press("Space")
    page.locator('form[action$="/deposit/"] button').press("Enter")
    page.wait_for_url("**/deposits/*/")
    return Deposit.objects.get(state=Deposit.State.DRAFT)


def submit(page: Page, deposit: Deposit, file: Path) -> None:
    """A file in the offer for the first lot; the dialog is left open to the caller until it is confirmed."""
    offer = deposit.envelopes.get(kind=EnvelopeKind.OFFER, lot__number=1)
    zone = page.locator(f'[data-envelope="{offer.pk}"]')
    zone.locator("input[type=file][multiple]").set_input_files(file)
    expect(page.locator('[data-file][data-state="received"]')).to_be_visible(timeout=60_000)
    page.locator("[data-check]").press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()


def confirm(page: Page) -> None:
    page.locator("dialog[open] [data-submit]").press("Enter")
    page.wait_for_url("**/receipt/")


@pytest.fixture
def first(page: Page, bidder, consultation, tmp_path) -> Deposit:
    """Submitted by the bidder, whose browser shows its receipt."""
    file = tmp_path / "Offre lot 1.pdf"
    file.write_bytes(b"%PDF-1.7 first")
    show(page, consultation)
    deposit = begin(page)
    submit(page, deposit, file)
    confirm(page)
    return deposit


def test_second_bid_replaces_the_first_once_that_is_said(
    page: Page, first, consultation, tmp_path, recorder: Recorder, assert_accessible
):
    show(page, consultation)
    assert_accessible(page)
    picture(page, "second-deposit")
    page.locator('form[action$="/deposit/"] button').press("Enter")
    expect(page.locator("[data-relation-error]")).to_be_visible()
    assert_accessible(page)
    assert Deposit.objects.count() == 1

    second = begin(page, "replaces")
    assert_accessible(page)
    file = tmp_path / "Offre lot 1 corrigée.pdf"
    file.write_bytes(b"%PDF-1.7 second")
    submit(page, second, file)

    dialog = page.locator("dialog[open]")
    for said in (consultation.reference, consultation.title, "Gros œuvre"):
        expect(dialog.locator(".confirm-facts")).to_contain_text(said)
    expect(dialog.locator('[data-confirm-relation="replaces"]')).to_be_visible()
    expect(dialog.locator('[data-confirm-lot="1"] [data-none]')).to_be_hidden()
    expect(dialog.locator('[data-confirm-lot="2"] [data-none]')).to_be_visible()
    assert_accessible(page)
    picture(page, "second-confirm", dialog)
    confirm(page)

    expect(page.locator('[data-follows="replaces"]')).to_be_visible()
    page.goto(f"/deposits/{first.pk}/receipt/")
    expect(page.locator("[data-replaced]")).to_be_visible()
    assert_accessible(page)
    assert recorder.errors == []


def test_choice_is_changed_before_the_submission_and_the_first_bid_stands(
    page: Page, first, consultation, tmp_path
):
    show(page, consultation)
    second = begin(page, "replaces")

    page.locator("[data-relation] summary").press("Enter")
    page.locator('input[name="relation"][value="completes"]').press("Space")
    page.locator('form[action$="/relation/"] button').press("Enter")
    expect(page.locator('[data-relation="completes"]')).to_be_visible()
    file = tmp_path / "Pièce manquante.pdf"
    file.write_bytes(b"%PDF-1.7 missing")
    submit(page, second, file)
    confirm(page)

    second.refresh_from_db()
    assert (second.follows, second.relation) == (first, "completes")
    show(page, consultation)
    expect(page.locator('[data-bid="stands"]')).to_have_count(2)


def test_page_that_shows_another_relation_than_is_kept_submits_nothing(
    page: Page, first, consultation, tmp_path
):
    show(page, consultation)
    second = begin(page, "replaces")
    file = tmp_path / "Offre.pdf"
    file.write_bytes(b"%PDF-1.7 second")
    submit(page, second, file)
    Deposit.objects.filter(pk=second.pk).update(relation="completes")  # in another tab

    page.locator("dialog[open] [data-submit]").press("Enter")

    expect(page.locator("[data-refused]")).to_be_visible()
    second.refresh_from_db()
    assert second.state == Deposit.State.DRAFT


def test_bid_is_withdrawn_after_a_confirmation(
    page: Page, first, consultation, recorder: Recorder, assert_accessible
):
    page.locator('a[href$="/withdraw/"]').press("Enter")
    page.wait_for_url("**/withdraw/")
    for said in (consultation.reference, consultation.title):
        expect(page.locator(".confirm-facts")).to_contain_text(said)
    assert_accessible(page)
    first.refresh_from_db()
    assert first.withdrawn_at is None
    picture(page, "withdraw")

    page.locator("[data-withdrawal] button").press("Enter")
    page.wait_for_url("**/receipt/")

    expect(page.locator("[data-withdrawn]")).to_be_visible()
    picture(page, "receipt-withdrawn")
    assert_accessible(page)
    assert Deposit.objects.exclude(withdrawn_at=None).get() == first
    page.goto("/deposits/")
    expect(page.locator("tbody td").filter(has_text="Retiré")).to_contain_text(
        re.compile(r"Retiré\s+Remis le [^)]+\)\s+Retiré le ")
    )
    assert_accessible(page)
    show(page, consultation)
    expect(page.locator('[data-bid="withdrawn"]')).to_have_count(1)
    expect(page.locator("[data-relation-choice]")).to_have_count(0)
    assert recorder.errors == []
