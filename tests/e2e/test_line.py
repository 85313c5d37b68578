# SPDX-License-Identifier: EUPL-1.2
"""How long a bid would take to be sent: measured in Chromium, on a line of a known rate."""

import json

import pytest
from playwright.sync_api import Page, expect

from envelopes.limits import LARGEST_MEASURE
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder
from tests.e2e.test_deposit import consultation, emulate_line

__all__ = ["consultation"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def measure(page: Page) -> None:
    page.locator("[data-measure]").press("Enter")
    expect(page.locator("[data-known]")).to_be_visible(
        timeout=30_000
    )  # the first piece may take 20 s
    expect(page.locator("[data-measuring]")).to_be_hidden()


def known_rate(page: Page) -> float:
    return float(json.loads(page.evaluate("localStorage.getItem('sigille-line')"))["rate"])


def test_bidder_measures_the_line_and_finds_the_measure_again(
    page: Page, recorder: Recorder, bidder, consultation, assert_accessible
):
    emulate_line(page, 1_000_000)
    page.goto(f"/consultations/{consultation.pk}/")
    assert_accessible(page)

    measure(page)

    assert 250_000 < known_rate(page) < 1_300_000  # the machine may be shared
    expect(page.locator("[data-line] tbody tr")).to_have_count(3)
    expect(page.locator('[data-origin="measure"]')).to_be_visible()
    page.locator("[data-amount]").fill("2.5")
    expect(page.locator("[data-typed]")).not_to_be_empty()
    assert_accessible(page)
    picture(page, "line", page.locator("[data-line]"))
    page.reload()
    expect(page.locator("[data-known]")).to_be_visible()
    assert len(recorder.sent()) < LARGEST_MEASURE + 100_000  # with all the headers


def test_estimate_beyond_the_deadline_is_told(page: Page, bidder, consultation):
    page.goto(f"/consultations/{consultation.pk}/")
    line = json.dumps({"rate": 100_000, "at": 0, "origin": "upload"})  # a day is 8.6 GB
    page.evaluate("line => localStorage.setItem('sigille-line', line)", line)

    page.reload()

    late = page.locator("[data-line] tbody [data-late]")
    expect(late).to_have_count(3)
    assert [late.nth(rank).is_visible() for rank in range(3)] == [False, False, True]
    for amount, is_late in (("8", False), ("9", True)):
        page.locator("[data-amount]").fill(amount)
        expect(page.locator("[data-typed-late]")).to_be_visible(visible=is_late)
    expect(page.locator('[data-origin="upload"]')).to_be_visible()


def test_failure_of_the_measure_is_told(page: Page, bidder, consultation):
    page.goto(f"/consultations/{consultation.pk}/")
    page.route("**/measure/", lambda route: route.abort("connectionreset"))

    page.locator("[data-measure]").click()

    expect(page.locator("[data-failed]")).not_to_be_empty()
    expect(page.locator("[data-measure]")).to_be_enabled()
    expect(page.locator("[data-known]")).to_be_hidden()


def test_line_is_offered_to_bidders_alone(page: Page, consultation):
    page.goto(f"/consultations/{consultation.pk}/")

    expect(page.locator("[data-line]")).to_have_count(0)
    expect(page.locator(".limits")).to_be_visible()
