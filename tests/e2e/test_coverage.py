# SPDX-License-Identifier: EUPL-1.2
"""« Couverture de déchiffrement » in Chromium: what is red is said, and each refusal has its remedy."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from envelopes import degradations, publication
from envelopes.models import ChosenKey, KeyReport
from keys.models import KeyPair
from marketplace.models import Agent, Consultation, Right
from tests.e2e.conftest import SignIn
from tests.e2e.recording import Recorder
from tests.factories import DAY, make_administrator, make_agent, make_consultation, make_key_pair

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
Accessible = Callable[[Page], None]
WIDTHS = (1280, 390)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def draft(now: datetime) -> Consultation:
    """Complete: the personal key pair of the buyer, chosen, and the backup one of a colleague."""
    expiry = (now + 365 * DAY).replace(microsecond=0)
    draft = make_consultation(closes_at=now + 10 * DAY, opens_at=now + 11 * DAY)
    personal = make_key_pair(
        holder=draft.created_by, name="Claire Martin", proven_at=now, not_after=expiry
    )
    make_key_pair(
        service=draft.service, name="Secours", is_backup=True, proven_at=now, not_after=expiry
    )
    ChosenKey.objects.create(consultation=draft, key_pair=personal)
    return draft


@pytest.fixture
def buyer(draft: Consultation, page: Page, sign_in: SignIn) -> Agent:
    agent = make_agent(Right.MANAGE_KEYS, Right.MANAGE_CONSULTATIONS, service=draft.service)
    sign_in(page, agent.user)
    return agent


def check(page: Page, assert_accessible: Accessible) -> None:
    """Accessible, and nothing wider than the screen, on a desk and on a phone."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_is_red_in_words_once_only_one_key_pair_is_left(
    page: Page,
    recorder: Recorder,
    draft: Consultation,
    buyer: Agent,
    now: datetime,
    assert_accessible: Accessible,
):
    publication.publish(draft.pk, actor=draft.created_by, now=now)
    KeyPair.objects.backup().update(proven_at=now - timedelta(days=31))
    degradations.watch(now=now)

    page.goto(reverse("consultations"))
    page.get_by_role("link", name="Bi-clés à remettre en état").click()

    expect(page.locator("[data-coverage=red]")).to_contain_text("Ouverture en danger")
    expect(page.locator("[data-verdict=one_key]")).to_contain_text("Claire Martin")
    expect(page.locator("[data-verdict=stale]")).to_contain_text("exercice de déchiffrement")
    backup = page.locator(f'[data-key-pair="{KeyPair.objects.backup().get().pk}"]')
    expect(backup.locator("[data-answer=unsure]")).to_have_count(3)
    expect(backup).to_contain_text("Non éprouvé depuis 30 jours")
    expect(page.locator("[data-degradation]")).to_have_count(3)
    check(page, assert_accessible)
    assert recorder.errors == []


def test_draft_stays_off_line_until_the_remedy_is_done(
    page: Page,
    draft: Consultation,
    buyer: Agent,
    now: datetime,
    assert_accessible: Accessible,
):
    KeyPair.objects.backup().update(proven_at=now - timedelta(days=31))

    page.goto(reverse("envelopes:consultation", args=[draft.pk]))

    refusal = page.locator("[data-problem=proof_stale]")
    expect(refusal).to_contain_text("Secours")
    expect(page.locator("[data-publish]")).to_have_count(0)
    check(page, assert_accessible)
    refusal.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Secours")

    KeyPair.objects.backup().update(proven_at=now)
    page.goto(reverse("envelopes:consultation", args=[draft.pk]))
    page.locator("[data-publish]").click()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("[data-coverage=green]")).to_contain_text("Ouverture assurée")
    draft.refresh_from_db()
    assert draft.state == Consultation.State.ONLINE


def test_loss_is_reported_by_keyboard_and_what_to_do_is_said(
    page: Page,
    recorder: Recorder,
    draft: Consultation,
    buyer: Agent,
    now: datetime,
    assert_accessible: Accessible,
):
    publication.publish(draft.pk, actor=draft.created_by, now=now)
    key_pair = KeyPair.objects.personal().get()
    page.goto(reverse("keys:detail", args=[key_pair.pk]))
    page.locator("a[href$='/report/']").press("Enter")
    page.wait_for_url("**/report/")

    expect(page.locator("[data-dependent]")).to_contain_text(draft.reference)
    expect(page.locator("[data-dependent]")).to_contain_text("Ouverture en danger")
    check(page, assert_accessible)
    page.locator("main form button[type=submit]").press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    assert not KeyReport.objects.exists()

    page.locator("#reason-lost").check()
    page.locator("#confirmed").check()
    page.locator("main form button[type=submit]").press("Enter")
    page.wait_for_url("**/consultations/")
    expect(page.locator("[data-what-next]")).to_contain_text("exercice de déchiffrement")
    check(page, assert_accessible)
    key_pair.refresh_from_db()
    assert key_pair.retirement_reason == KeyPair.RetirementReason.LOST
    assert recorder.errors == []


def test_departure_is_announced_and_the_account_closed_with_a_warning(
    page: Page,
    sign_in: SignIn,
    draft: Consultation,
    buyer: Agent,
    now: datetime,
    assert_accessible: Accessible,
):
    publication.publish(draft.pk, actor=draft.created_by, now=now)
    holder = draft.created_by
    sign_in(page, make_administrator(service=draft.service).user)
    page.goto(reverse("edit_agent", args=[holder.pk]))
    page.locator("a[href$='/departure/']").click()
    page.locator("#id_leaves_on").fill(f"{now + timedelta(days=5):%Y-%m-%d}")
    page.locator("form[action$='/announce/'] button").click()

    expect(page.locator("[data-hanging=red]")).to_contain_text(draft.reference)
    check(page, assert_accessible)
    page.locator("a[href$='/disable/']").click()
    expect(page.locator("[data-warning]")).to_be_visible()
    check(page, assert_accessible)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/organisation/agents/")

    holder.refresh_from_db()
    assert holder.leaves_on is not None
    assert not holder.user.is_active
