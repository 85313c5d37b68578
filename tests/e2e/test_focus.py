# SPDX-License-Identifier: EUPL-1.2
"""Who goes through a page by keyboard sees where they are, in Chromium: Bootstrap alone shows too little."""

import pytest
from playwright.sync_api import Page

from marketplace.models import Bidder, Consultation
from tests.e2e.test_deposit import begin, consultation

__all__ = ["consultation"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
MOST_STOPS = 60
# A file input is hidden: the button around it is marked in its place.
FOCUSED = """() => {
  const focused = document.activeElement
  const seen = focused.closest('.file-button') ?? focused
  const { outlineStyle, outlineWidth } = getComputedStyle(seen)
  return [seen.outerHTML.slice(0, 80), outlineStyle, outlineWidth]
}"""


def stops(page: Page) -> list[tuple[str, str, str]]:
    """What Tab stops at, from the top of the page to its end: what it is, and its outline."""
    found: list[tuple[str, str, str]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = tuple(page.evaluate(FOCUSED))
        if stop[0].startswith("<body"):
            break
        found.append(stop)
    return found


def assert_all_are_seen(page: Page, *, at_least: int) -> None:
    page.evaluate("document.activeElement.blur()")
    found = stops(page)
    assert at_least <= len(found) < MOST_STOPS, found
    assert [stop for stop in found if stop[1:] != ("solid", "3px")] == []


def test_focus_is_seen_at_each_stop_of_a_bidder(
    page: Page, bidder: Bidder, consultation: Consultation
):
    page.goto("/consultations/")
    assert_all_are_seen(page, at_least=10)

    page.goto(f"/consultations/{consultation.pk}/")
    assert_all_are_seen(page, at_least=8)

    begin(page, consultation)
    assert_all_are_seen(page, at_least=10)
