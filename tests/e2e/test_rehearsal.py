# SPDX-License-Identifier: EUPL-1.2
"""A company rehearses: from the home page to the receipt, in Chromium, on a computer and on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from envelopes.models import Deposit
from tests.e2e.test_deposit import make_consultation_on_line, state, zone_of
from tests.factories import PASSWORD, make_bidder

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 390])
def test_company_rehearses_from_the_home_page_to_the_receipt(
    page: Page, tmp_path: Path, assert_accessible, width
):
    rehearsal = make_consultation_on_line(
        is_test=True, title="S’entraîner à déposer un pli", wants_applications=False
    )
    bidder = make_bidder()
    file = tmp_path / "essai.pdf"
    file.write_bytes(b"%PDF-1.7 essai")
    page.set_viewport_size({"width": width, "height": 900})

    page.goto("/")
    assert_accessible(page)
    page.get_by_role("link", name="S’entraîner à déposer un pli, dans une consultation").click()
    expect(page.locator("[data-rehearsal]")).to_be_visible()
    assert_accessible(page)
    page.locator("main").get_by_role("link", name="Se connecter").click()
    page.locator("input[name=login]").fill(bidder.user.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.locator('form[action$="/deposit/"] button').click()
    page.wait_for_url("**/deposits/*/")
    expect(page.locator("[data-rehearsal]")).to_be_visible()

    deposit = Deposit.objects.get()
    zone = zone_of(page, deposit, rehearsal.envelope_kinds[0])
    zone.locator("input[type=file][multiple]").set_input_files(file)
    state(page, file.name, "received")
    page.locator("[data-check]").click()
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")
    expect(page.locator("[data-rehearsal]")).to_be_visible()
    assert_accessible(page)

    page.goto("/consultations/")
    expect(page.locator("section").filter(has_text=rehearsal.title)).to_be_visible()
    assert_accessible(page)
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.SUBMITTED
