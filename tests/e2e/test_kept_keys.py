# SPDX-License-Identifier: EUPL-1.2
"""« Conserver dans ce navigateur », in Chromium: kept, used in place of the file, and forgotten."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from keys.models import KeyPair
from marketplace.models import Agent, EnvelopeKind, Right
from tests.e2e import key_files
from tests.e2e.conftest import SignIn
from tests.e2e.key_files import PASSWORD
from tests.e2e.recording import Recorder, kept_by, leaks
from tests.envelopes import sealed
from tests.envelopes.sealed import Scene
from tests.factories import DAY, make_agent, make_key_pair, make_private_key

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
KEY = make_private_key()
CONTENTS = {EnvelopeKind.OFFER: {"prix.csv": b"1 234,56 EUR"}}


@pytest.fixture
def agent() -> Agent:
    return make_agent(Right.MANAGE_KEYS)


@pytest.fixture
def key_pair(agent: Agent) -> KeyPair:
    return make_key_pair(holder=agent, private_key=KEY, proven_at=timezone.now() - DAY)


@pytest.fixture
def key_page(page: Page, key_pair: KeyPair, sign_in: SignIn) -> Page:
    """The page of the key pair, for its holder."""
    sign_in(page, key_pair.holder.user)
    page.goto(page_of(key_pair))
    return page


def page_of(key_pair: KeyPair) -> str:
    return reverse("keys:detail", args=[key_pair.pk])


def keep(page: Page, file: Path) -> None:
    """A drill with the file, after which the page offers to keep the key."""
    key_files.give(page, file)
    page.locator("[data-keep]").click()
    expect(page.locator("[data-is-kept]")).to_be_visible()


def file_of(key_pair: KeyPair, folder: Path) -> Path:
    return key_files.write(folder, KEY, bytes(key_pair.certificate))


def kept_keys(page: Page) -> list[dict[str, str]]:
    """What the databases of this browser hold for the site, whoever is signed in."""
    _, _, databases, _ = json.loads(kept_by(page))
    return [kept for _, _, values in databases for kept in values.values()]


def test_key_is_kept_only_on_demand_and_cannot_be_exported(
    key_page: Page, recorder: Recorder, key_pair: KeyPair, tmp_path: Path
):
    file = file_of(key_pair, tmp_path)

    key_files.give(key_page, file)
    expect(key_page.locator("[data-may-keep]")).to_be_visible()
    before = kept_keys(key_page)
    key_page.locator("[data-keep]").click()
    expect(key_page.locator("[data-is-kept]")).to_be_visible()

    [kept] = kept_keys(key_page)
    assert before == []
    assert kept["privateKey"] == "private key for RSA-OAEP, not extractable"
    assert kept["certificate"] == bytes(key_pair.certificate).hex()
    assert kept["account"] == str(key_pair.holder.user.pk)
    assert leaks(key_files.secrets_of(file), recorder.everything(key_page)) == []
    assert (recorder.console, recorder.errors) == ([], [])


def test_recording_would_see_a_key_that_scripts_can_export(key_page: Page):
    """The proof of the test above: a careless page would be caught."""
    key_page.evaluate(
        """async () => {
          const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
          const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['deriveBits'])
          const opening = indexedDB.open('careless', 1)
          await new Promise((resolve) => {
            opening.onupgradeneeded = () => opening.result.createObjectStore('keys').put({ privateKey }, 1)
            opening.onsuccess = () => { opening.result.close(); resolve() }
          })
        }"""
    )

    [kept] = kept_keys(key_page)

    assert kept["privateKey"].startswith("308187020100")  # PKCS#8


def test_kept_key_does_the_drill_without_its_file(
    key_page: Page, recorder: Recorder, key_pair: KeyPair, tmp_path: Path
):
    keep(key_page, file_of(key_pair, tmp_path))
    key_page.reload()
    key_pair.refresh_from_db()
    before = key_pair.proven_at

    expect(key_page.locator("[data-kept-choice]")).to_be_checked()
    expect(key_page.locator("[data-key-file]")).to_be_hidden()
    key_page.locator("[data-drill-form] [type=submit]").click()
    expect(key_page.locator("[data-proven]")).to_be_visible()

    key_pair.refresh_from_db()
    assert before is not None
    assert key_pair.proven_at is not None
    assert key_pair.proven_at > before
    assert recorder.errors == []


def test_file_may_still_be_chosen_where_a_key_is_kept(
    key_page: Page, key_pair: KeyPair, tmp_path: Path
):
    file = file_of(key_pair, tmp_path)
    keep(key_page, file)
    key_page.reload()

    key_page.locator("[data-file-choice]").check()
    key_files.give(key_page, file, PASSWORD + "x")

    expect(key_page.locator("[data-error] [data-code=wrong_password]")).to_be_visible()


def test_kept_key_is_forgotten_once_that_is_confirmed(
    key_page: Page, key_pair: KeyPair, tmp_path: Path
):
    keep(key_page, file_of(key_pair, tmp_path))
    key_page.locator("[data-ask-forget]").click()
    key_page.get_by_role("dialog").get_by_role("button").first.click()
    expect(key_page.locator("[data-ask-forget]")).to_be_focused()
    still_kept = len(kept_keys(key_page))

    key_page.locator("[data-ask-forget]").click()
    key_page.locator("[data-forget]").click()
    expect(key_page.locator("[data-is-kept]")).to_be_hidden()
    expect(key_page.locator("[data-keep-status]")).to_be_focused()
    key_page.reload()

    expect(key_page.locator("[data-not-kept]")).to_be_visible()
    expect(key_page.locator("[data-key-file]")).to_be_visible()
    assert still_kept == 1
    assert kept_keys(key_page) == []


def test_list_shows_what_is_kept_even_of_a_key_pair_that_is_gone(
    key_page: Page, key_pair: KeyPair, tmp_path: Path, assert_accessible: Callable[[Page], None]
):
    key_page.goto(reverse("keys:list"))
    expect(key_page.locator("[data-kept-keys]")).to_be_hidden()
    key_page.goto(page_of(key_pair))
    keep(key_page, file_of(key_pair, tmp_path))
    key_pair.delete()

    key_page.goto(reverse("keys:list"))
    kept = key_page.locator("[data-kept-key] [data-slot=fingerprint]")
    expect(kept).to_have_text(re.compile(key_pair.fingerprint[:4]))
    assert_accessible(key_page)
    key_page.locator("[data-ask-forget]").click()
    key_page.locator("[data-forget]").click()

    expect(key_page.locator("[data-kept-key]")).to_have_count(0)
    expect(key_page.locator("[data-kept-status]")).not_to_be_empty()
    assert kept_keys(key_page) == []


def test_kept_key_is_not_offered_to_another_account(
    key_page: Page, key_pair: KeyPair, tmp_path: Path, sign_in: SignIn
):
    keep(key_page, file_of(key_pair, tmp_path))

    sign_in(key_page, make_agent(service=key_pair.service).user)
    key_page.goto(page_of(key_pair))

    expect(key_page.locator("[data-not-kept]")).to_be_visible()
    expect(key_page.locator("[data-kept]")).to_be_hidden()
    assert len(kept_keys(key_page)) == 1


def test_kept_key_opens_bids(page: Page, recorder: Recorder, tmp_path: Path, sign_in: SignIn):
    scene: Scene = sealed.make_scene(CONTENTS)
    scene.consultation.closes_at = timezone.now() - timedelta(minutes=1)
    scene.consultation.save(update_fields=["closes_at"])
    holder = scene.holder
    file = key_files.write(tmp_path, holder.private_key, bytes(holder.key_pair.certificate))
    sign_in(page, scene.agent.user)
    page.goto(page_of(holder.key_pair))
    keep(page, file)

    page.goto(reverse("envelopes:opening", args=[scene.consultation.pk]))
    page.locator("[data-use-kept]").click()
    page.locator('[data-choose="all"]').click()
    page.locator("[data-open-chosen]").click()

    expect(page.locator('[data-count="opened"]')).to_have_text("1")
    everything = recorder.sent() + kept_by(page).encode()
    assert leaks(key_files.secrets_of(file), everything) == []
    assert recorder.errors == []


def test_key_pair_that_was_just_added_may_be_kept(
    page: Page, agent: Agent, tmp_path: Path, sign_in: SignIn
):
    sign_in(page, agent.user)
    page.goto(reverse("keys:new"))
    file = key_files.generate(page, tmp_path)
    key_files.give(page, file)

    page.locator("[data-keep]").click()
    expect(page.locator("[data-is-kept]")).to_be_visible()

    [kept] = kept_keys(page)
    assert kept["fingerprint"] == KeyPair.objects.get().fingerprint
    assert kept["privateKey"] == "private key for ECDH, not extractable"
    page.goto(page_of(KeyPair.objects.get()))
    expect(page.locator("[data-is-kept]")).to_be_visible()


def test_generated_key_whose_page_is_left_is_nowhere(
    page: Page, agent: Agent, tmp_path: Path, sign_in: SignIn
):
    sign_in(page, agent.user)
    page.goto(reverse("keys:new"))
    key_files.generate(page, tmp_path)
    asked: list[str] = []

    def leave(dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(reverse("keys:list"))

    assert asked == ["beforeunload"]
    assert kept_keys(page) == []
    assert KeyPair.objects.count() == 0


def test_panel_is_accessible(
    key_page: Page, key_pair: KeyPair, tmp_path: Path, assert_accessible: Callable[[Page], None]
):
    key_page.emulate_media(reduced_motion="reduce")  # colours are measured at rest
    keep(key_page, file_of(key_pair, tmp_path))
    assert_accessible(key_page)

    key_page.locator("[data-ask-forget]").click()

    assert_accessible(key_page)
