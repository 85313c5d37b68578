# SPDX-License-Identifier: EUPL-1.2
"""Lists of key pairs in Chromium: search, order, copy, the service that one administers, their health."""

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from keys.models import KeyPair
from marketplace.models import Agent
from tests.e2e.conftest import SignIn
from tests.e2e.recording import Recorder
from tests.factories import (
    DAY,
    make_administrator,
    make_agent,
    make_many_key_pairs,
    make_organisation,
    make_service,
    make_user,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 390)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def administrator() -> Agent:
    organisation = make_organisation(name="Ville de Valmer")
    service = make_service(organisation=organisation, name="Commande publique")
    user = make_user(name="Claire Martin", email="claire.martin@valmer.example")
    return make_administrator(service=service, user=user)


@pytest.fixture
def colleague(administrator: Agent) -> Agent:
    service = make_service(organisation=administrator.service.organisation, name="Voirie")
    user = make_user(name="Paul Lefèvre", email="paul.lefevre@valmer.example")
    return make_agent(service=service, user=user)


@pytest.fixture
def key_pairs(administrator: Agent, colleague: Agent) -> dict[str, KeyPair]:
    """One of each state that the pages tell apart, in two services."""
    now = timezone.now()
    retired = {"state": "retired", "retired_at": now, "retirement_reason": "lost"}
    told: list[tuple[Agent, str, dict[str, object]]] = [
        (administrator, "Claire Martin", {}),
        (administrator, "Avenue des Lilas", {"not_after": now - DAY}),
        (administrator, "Coffre", {"is_backup": True, "proven_at": now - 40 * DAY}),
        (colleague, "Paul Lefèvre", {"not_after": now + 20 * DAY}),
        (colleague, "Nouveau poste", {"state": "unproven", "proven_at": None}),
        (colleague, "Clé USB bleue", retired),
    ]
    common = {"not_after": now + 400 * DAY, "proven_at": now - DAY, "is_backup": False}
    return {
        name: make_many_key_pairs(1, holder=holder, name=name, **common | fields)[0]
        for holder, name, fields in told
    }


@pytest.fixture
def signed_in(
    page: Page, administrator: Agent, key_pairs: dict[str, KeyPair], sign_in: SignIn
) -> Page:
    assert key_pairs
    sign_in(page, administrator.user)
    page.emulate_media(reduced_motion="reduce")  # colours are measured at rest
    return page


def shown(page: Page) -> list[str]:
    return page.locator("[data-key-pair] .key-name > a:not(.key-detail)").all_text_contents()


def health(page: Page) -> Page:
    """By the menu, as an administrator goes there."""
    page.goto(reverse("keys:list"))
    page.locator(f".sidebar a[href='{reverse('keys:health')}']").click()
    return page


def test_list_is_searched_and_sorted(signed_in: Page, key_pairs: dict[str, KeyPair]):
    page = signed_in
    page.goto(reverse("keys:list"))
    assert shown(page) == ["Avenue des Lilas", "Claire Martin", "Coffre"]

    page.locator("[data-table=personal] th").first.locator("a").click()
    expect(page.locator("[data-table=personal] [aria-sort=descending]")).to_be_visible()
    assert shown(page) == ["Claire Martin", "Avenue des Lilas", "Coffre"]

    digits = key_pairs["Coffre"].fingerprint[8:20]
    page.locator("[type=search]").fill(" ".join(digits[place : place + 4] for place in (0, 4, 8)))
    page.keyboard.press("Enter")
    expect(page.locator("[data-key-pair]")).to_have_count(1)

    assert shown(page) == ["Coffre"]
    assert "sort=-name" in page.url


def test_fingerprint_is_copied(signed_in: Page, recorder: Recorder, key_pairs: dict[str, KeyPair]):
    page = signed_in
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(reverse("keys:list"))

    key_pair = key_pairs["Coffre"]
    button = page.locator(f"[data-key-pair='{key_pair.pk}'] [data-copy]")
    button.focus()
    page.keyboard.press("Enter")

    expect(button).to_have_attribute("data-copy-state", "copied")
    expect(page.locator("[data-copy-told]")).to_contain_text("Coffre")
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace(" ", "") == key_pair.fingerprint
    assert (recorder.console, recorder.errors) == ([], [])


def test_refused_copy_is_told(signed_in: Page, key_pairs: dict[str, KeyPair]):
    page = signed_in
    page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))"
    )
    page.goto(reverse("keys:list"))

    button = page.locator(f"[data-key-pair='{key_pairs['Coffre'].pk}'] [data-copy]")
    button.click()

    expect(button).to_have_attribute("data-copy-state", "not_copied")
    expect(page.locator("[data-copy-told]")).to_contain_text("Ctrl+C")


def test_chosen_service_stays_chosen(signed_in: Page, colleague: Agent):
    page = signed_in
    page.goto(reverse("keys:list"))
    form = page.locator("[data-service-choice]")

    form.locator("select").select_option(str(colleague.service.pk))
    expect(form.locator("[value=other]")).to_be_checked()
    form.locator("[type=submit]").click()

    expect(page.locator("[data-administered]")).to_contain_text("Voirie")
    assert set(shown(page)) == {"Paul Lefèvre", "Nouveau poste", "Clé USB bleue"}
    page.goto(reverse("keys:fingerprints"))
    expect(page.locator("[data-administered]")).to_contain_text("Voirie")


def test_health_is_filtered_by_its_figures_and_its_fields(signed_in: Page, colleague: Agent):
    page = health(signed_in)
    assert shown(page) == [
        "Avenue des Lilas",
        "Nouveau poste",
        "Paul Lefèvre",
        "Claire Martin",
        "Coffre",
        "Clé USB bleue",
    ]

    page.locator("[data-count=stale]").click()
    expect(page.locator("[data-count=stale][aria-current]")).to_be_visible()
    assert shown(page) == ["Coffre"]
    expect(page.locator("[name=state]")).to_have_value("in_service")
    expect(page.locator("[name=proof]")).to_have_value("30")

    page.locator("[name=state]").select_option("")
    page.locator("[name=proof]").select_option("")
    page.locator("[name=service]").select_option(str(colleague.service.pk))
    last = timezone.localdate() + timedelta(days=30)
    page.locator("[name=expires_to]").fill(last.isoformat())
    page.locator("[role=search] [type=submit]").click()
    expect(page.locator("[data-key-pair]")).to_have_count(1)
    assert shown(page) == ["Paul Lefèvre"]

    page.locator("[data-key-pair] .key-name > a").click()
    expect(page.locator("h1")).to_contain_text("Paul Lefèvre")


def test_health_is_sorted_and_saved_in_that_order(signed_in: Page, tmp_path: Path):
    page = health(signed_in)
    page.locator("th a", has_text="Nom du bi-clé").click()
    expect(page.locator("[aria-sort=ascending]")).to_contain_text("Nom du bi-clé")

    with page.expect_download() as download:
        page.locator("[data-file]").click()
    download.value.save_as(tmp_path / "keys.csv")

    with (tmp_path / "keys.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert download.value.suggested_filename.startswith("sante-des-cles-")
    assert [row[1] for row in rows[1:]] == shown(page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "address",
    ["", "fingerprints/", "health/", "health/?q=rien", "health/?state=in_service&sort=-holder"],
)
def test_lists_are_accessible_and_fit(
    signed_in: Page, assert_accessible: Callable[[Page], None], width: int, address: str
):
    page = signed_in
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(reverse("keys:list") + address)

    assert_accessible(page)
    assert page.evaluate(SIDEWAYS) <= 0
