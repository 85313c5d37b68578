# SPDX-License-Identifier: EUPL-1.2
"""A bidder compares the files of a computer with a submitted bid, in Chromium: nothing of it is sent."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from envelopes.models import Deposit
from marketplace.models import EnvelopeKind
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder
from tests.e2e.test_deposit import begin, choose_by_keyboard, consultation, state, zone_of

__all__ = ["consultation"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
CANARY = b"canary-9d31"


def make_file(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """What the bid is made of."""
    return [
        make_file(tmp_path, "Mémoire technique.txt", CANARY + b"the first"),
        make_file(tmp_path, "Bordereau des prix.csv", CANARY + b"the second"),
        make_file(tmp_path, "Plan.txt", CANARY + b"the third"),
    ]


@pytest.fixture
def receipt(page: Page, bidder, consultation, files) -> Locator:
    """The page of the receipt of their bid."""
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), *files)
    for file in files:
        state(page, file.name, "received")
    page.locator("[data-check]").click()
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")
    return page.locator("main")


def choose(page: Page, *files: Path) -> None:
    page.locator("[data-local] input").set_input_files(files)


def verdict(page: Page, name: str) -> str | None:
    return page.locator("[data-files] tr").filter(has_text=name).get_attribute("data-verdict")


def test_files_are_compared_with_the_bid_and_stay_on_the_computer(
    page: Page, recorder: Recorder, receipt: Locator, files, tmp_path, assert_accessible
):
    before = len(recorder.sent())
    receipt.get_by_role("link", name="Vérifier mon dépôt").click()
    expect(page.locator('[data-annex-from="browser"]')).to_be_visible()
    expect(page.locator("[data-files] tr")).to_have_count(3)
    expect(page.locator("[data-compared]")).to_be_hidden()
    assert_accessible(page)
    changed = make_file(tmp_path / "other", files[1].name, CANARY + b"the 2econd")
    foreign = make_file(tmp_path / "other", "Notes.txt", CANARY)

    choose(page, files[0], changed, foreign)

    conclusion = page.locator("[data-conclusion]")
    expect(conclusion).to_have_text(
        "Identiques\u00a0: 1. Différents\u00a0: 1. Pas encore vérifiés\u00a0: 1. Absents du pli\u00a0: 1."
    )
    assert [verdict(page, file.name) for file in files] == ["identical", "different", "unchecked"]
    expect(page.locator("[data-others]")).to_contain_text(foreign.name)
    expect(page.locator("[data-complete]")).to_be_hidden()
    expect(page.locator("[data-compared]")).to_be_visible()
    assert_accessible(page)
    picture(page, "verification")

    choose(page, *files)
    expect(page.locator("[data-complete]")).to_be_visible()
    sent = recorder.sent()[before:]
    assert CANARY not in sent
    assert b"POST" not in sent
    assert recorder.errors == []


def test_annex_is_asked_for_where_the_browser_has_none(
    page: Page, recorder: Recorder, receipt: Locator, files, tmp_path, assert_accessible
):
    with page.expect_download() as download:
        page.locator("[data-annex-file]").click()
    annex = tmp_path / "annex.json"
    download.value.save_as(annex)
    page.evaluate("localStorage.clear()")
    before = len(recorder.sent())
    page.goto(f"/deposits/{Deposit.objects.get().pk}/verify/")
    chooser = page.locator("[data-wants-annex] input")
    assert_accessible(page)

    chooser.set_input_files(make_file(tmp_path, "wrong.json", annex.read_bytes() + b" "))
    expect(page.locator("[data-annex-refused]")).to_contain_text("wrong.json")
    expect(page.locator("[data-comparison]")).to_be_hidden()
    chooser.set_input_files(annex)

    expect(page.locator('[data-annex-from="file"]')).to_be_visible()
    choose(page, *files)
    expect(page.locator("[data-complete]")).to_be_visible()
    assert b"POST" not in recorder.sent()[before:]


def test_my_deposits_lead_to_the_verification(page: Page, receipt: Locator):
    page.goto("/deposits/")

    page.get_by_role("link", name="Vérifier mon dépôt").click()

    page.wait_for_url("**/verify/")
    expect(page.locator("[data-comparison]")).to_be_visible()
