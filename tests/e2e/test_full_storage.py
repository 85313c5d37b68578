# SPDX-License-Identifier: EUPL-1.2
"""A browser that keeps nothing more: the bid is submitted all the same, its annex is not lost in silence."""

import hashlib
import json
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from envelopes.models import Deposit, Receipt
from marketplace.models import EnvelopeKind
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder
from tests.e2e.test_deposit import (
    assert_sealed,
    begin,
    choose_by_keyboard,
    consultation,
    make_file,
    state,
    zone_of,
)

__all__ = ["consultation"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SUBMITTED = "Le pli est remis. Son accusé de réception est prêt."
KEEP_NOTHING = """Storage.prototype.setItem = () => {
  throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
}"""

KEEP_NO_ANNEX = """const keep = Storage.prototype.setItem
Storage.prototype.setItem = function (key, value) {
  if (key.startsWith('sigille-annex-'))
    throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
  keep.call(this, key, value)
}"""

MOVE_TO_THE_FORMER_KEY = """() => {
  const key = Object.keys(localStorage).find((key) => key.startsWith('sigille-annex-'))
  localStorage.setItem(key.slice(0, 'sigille-annex-'.length + 36), JSON.parse(localStorage[key]).text)
  localStorage.removeItem(key)
}"""


@pytest.fixture
def file(tmp_path) -> Path:
    return make_file(tmp_path, "Bordereau des prix.ods", 1000)


@pytest.fixture
def deposit(page: Page, bidder, consultation, file) -> Deposit:
    """A deposit that is ready, in a browser whose storage is full."""
    page.add_init_script(KEEP_NOTHING)
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "received")
    return deposit


def submit(page: Page) -> Locator:
    page.locator("[data-check]").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("[data-submit]").click()
    return dialog


def saved_annex(page: Page, link: Locator) -> bytes:
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def questions_of(page: Page) -> list[str]:
    """What the page asks before it is left, as it asks; the answer is to stay."""
    questions: list[str] = []

    def stay(question: Dialog) -> None:
        questions.append(question.type)
        question.dismiss()

    page.on("dialog", stay)
    return questions


def test_bid_is_submitted_and_its_annex_saved_before_the_page_is_left(
    page: Page, recorder: Recorder, deposit, file, assert_accessible
):
    expect(page.locator("[data-not-kept]")).to_be_visible()
    picture(page, "deposit-storage-full")
    dialog = submit(page)

    expect(dialog.locator("[data-submitted]")).to_be_visible()
    expect(dialog.locator("[data-annex-unkept]")).to_be_visible()
    expect(dialog.locator("[data-submit]")).to_be_hidden()
    expect(dialog.locator("[data-countdown]")).to_be_hidden()
    expect(dialog.locator("[data-none]:visible")).to_have_count(0)
    expect(dialog).to_have_accessible_name(SUBMITTED)
    expect(dialog.locator(":focus")).to_have_accessible_description(SUBMITTED)
    assert_accessible(page)
    picture(page, "deposit-annex-unkept", dialog)
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    annex = saved_annex(page, dialog.locator("[data-annex-file]"))
    dialog.locator("[data-receipt]").click()
    page.wait_for_url("**/receipt/")

    expect(page.locator("[data-annex-missing]")).to_be_visible()
    receipt = json.loads(bytes(Receipt.objects.get().content))
    assert receipt["annex_sha256"] == hashlib.sha256(annex).hexdigest()
    assert json.loads(annex)["envelopes"][0]["files"][0]["name"] == file.name
    assert_sealed(deposit, file)
    assert recorder.errors == []


def test_page_that_alone_has_the_annex_is_not_left_without_a_question(page: Page, deposit):
    dialog = submit(page)
    expect(dialog.locator("[data-submitted]")).to_be_visible()
    questions = questions_of(page)
    dialog.locator("[data-receipt]").click()
    expect(dialog.locator("[data-annex-file]")).to_be_visible()
    assert questions == ["beforeunload"]

    saved_annex(page, dialog.locator("[data-annex-file]"))
    dialog.locator("[data-receipt]").click()
    page.wait_for_url("**/receipt/")
    assert questions == ["beforeunload"]


def test_annex_saved_while_the_answer_was_lost_leads_to_the_receipt_at_once(page: Page, deposit):
    page.route("**/submit/", lambda route: route.abort("connectionreset"), times=1)
    dialog = submit(page)
    expect(dialog.locator("[data-refused]")).to_be_visible()

    annex = saved_annex(page, dialog.locator("[data-annex-file]"))
    dialog.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")

    receipt = json.loads(bytes(Receipt.objects.get().content))
    assert receipt["annex_sha256"] == hashlib.sha256(annex).hexdigest()


def test_annex_that_alone_is_not_kept_is_not_left_after_a_lost_answer(
    page: Page, bidder, consultation, file
):
    page.add_init_script(KEEP_NO_ANNEX)
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "received")
    page.route("**/submit/", lambda route: route.abort("connectionreset"), times=1)
    dialog = submit(page)
    expect(dialog.locator("[data-annex-unkept]")).to_be_visible()
    questions = questions_of(page)
    page.evaluate("location.assign('/consultations/')")
    expect(dialog.locator("[data-annex-unkept]")).to_be_visible()

    assert questions == ["beforeunload"]


def test_annex_that_is_kept_at_the_second_try_is_not_offered(page: Page, deposit):
    page.route("**/submit/", lambda route: route.abort("connectionreset"), times=1)
    dialog = submit(page)
    expect(dialog.locator("[data-annex-unkept]")).to_be_visible()
    page.evaluate("Storage.prototype.setItem = function (key, value) { this[key] = value }")

    dialog.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")

    expect(page.locator("[data-annex-here]")).to_be_visible()


def test_bid_submitted_while_its_dialog_was_closed_says_so(page: Page, deposit):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/submit/", hold)
    dialog = submit(page)
    expect(dialog.locator("[data-annex-unkept]")).to_be_visible()
    for _ in range(4):  # Chromium does not let a page refuse more than some
        page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)

    held[0].continue_()

    expect(dialog.locator("[data-submitted]")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Escape")
    expect(dialog.locator("[data-submitted]")).to_be_visible()


def test_receipt_leaves_in_the_browser_the_annex_alone(page: Page, bidder, consultation, file):
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "received")
    submit(page)
    page.wait_for_url("**/receipt/")
    expect(page.locator("[data-annex-here]")).to_be_visible()

    digest = json.loads(bytes(Receipt.objects.get().content))["annex_sha256"]
    keys = page.evaluate("Object.keys(localStorage)")
    assert f"sigille-annex-{deposit.pk}-{digest}" in keys
    assert f"sigille-deposit-{deposit.pk}" not in keys


def test_annex_kept_under_the_key_of_before_is_found(page: Page, bidder, consultation, file):
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "received")
    submit(page)
    page.wait_for_url("**/receipt/")
    expect(page.locator("[data-annex-here]")).to_be_visible()
    page.evaluate(MOVE_TO_THE_FORMER_KEY)

    for _ in range(2):  # it is there again the next time
        page.reload()
        expect(page.locator("[data-annex-here]")).to_be_visible()
    page.goto(page.url.replace("/receipt/", "/verify/"))
    expect(page.locator("[data-local]")).to_be_visible()
    expect(page.locator("[data-wants-annex]")).to_be_hidden()
