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
  const { left, top, width, height } = seen.getBoundingClientRect()
  const above = document.elementFromPoint(left + width / 2, top + height / 2)
  const isCovered = above === null || !(seen.contains(above) || above.contains(seen))
  return [seen.outerHTML.slice(0, 100), outlineStyle, outlineWidth, isCovered ? 'covered' : 'seen']
}"""


def stops(page: Page) -> list[tuple[str, ...]]:
    """What Tab stops at, from the top of the page to its end: what it is, its outline, what covers it."""
    found: list[tuple[str, ...]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = tuple(page.evaluate(FOCUSED))
        if stop[0].startswith("<body"):
            break
        found.append(stop)
    return found


@pytest.fixture(params=[(1280, 600), (390, 700)])
def window(request: pytest.FixtureRequest, page: Page) -> None:
    width, height = request.param
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(reduced_motion="reduce")  # the page is where it scrolls to at once


def assert_all_are_seen(page: Page, *, at_least: int) -> None:
    page.evaluate("document.activeElement.blur()")
    found = stops(page)
    assert at_least <= len(found) < MOST_STOPS, found
    unseen = [stop for stop in found if stop[1:] != ("solid", "3px", "seen")]
    assert unseen == [], unseen


def test_focus_is_seen_at_each_stop_of_a_bidder(
    page: Page, window: None, bidder: Bidder, consultation: Consultation
):
    page.goto("/consultations/")
    assert_all_are_seen(page, at_least=10)

    page.goto(f"/consultations/{consultation.pk}/")
    assert_all_are_seen(page, at_least=8)

    begin(page, consultation)
    assert_all_are_seen(page, at_least=10)
