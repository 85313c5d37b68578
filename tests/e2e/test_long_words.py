# SPDX-License-Identifier: EUPL-1.2
"""References, names of buyers, companies and files of a hundred letters without a space, in Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from envelopes.models import Deposit
from marketplace.models import Consultation, EnvelopeKind
from tests.e2e.conftest import SignIn
from tests.e2e.test_deposit import (
    begin,
    choose_by_keyboard,
    make_consultation_on_line,
    state,
    zone_of,
)
from tests.e2e.test_every_page import NARROWEST, SIDEWAYS, WIDTHS
from tests.factories import make_bidder, make_company, make_organisation, make_service, make_user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
WORD = "Communautédecommunesdupaysdesabersetdelacôtedeslégendesréuniesensyndicatmixte" + 25 * "a"
FILE = f"{WORD}.txt"
# Beyond the cell, the alert, the panel or the dialog that it is in; but what only a screen reader meets.
OUTSIDE = """() => {
  const elements = [...document.querySelectorAll('main :is(p, li, td, th, dd, h1, h2, span, a)')]
  const isOutside = (element) => {
    const frame = element.parentElement.closest('td, th, .alert, .panel, dialog, main')
    const [inner, outer] = [element, frame].map((one) => one.getBoundingClientRect())
    return inner.width > 1 && inner.right > outer.right + 1 && !element.closest('thead, .visually-hidden')
  }
  return elements.filter(isOutside).map((element) => element.outerHTML.slice(0, 100))
}"""


@pytest.fixture
def consultation() -> Consultation:
    organisation = make_organisation(name=WORD)
    service = make_service(organisation=organisation, name=WORD)
    return make_consultation_on_line(service=service, title=WORD, reference=WORD[:60])


def assert_fits(page: Page) -> None:
    for width in (NARROWEST, 800, *WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OUTSIDE) == [], f"{page.url} at {width}"
        assert page.evaluate(SIDEWAYS) == 0, f"{page.url} at {width}"


def test_long_words_stay_in_their_frame(
    page: Page, sign_in: SignIn, consultation: Consultation, tmp_path: Path
):
    bidder = make_bidder(company=make_company(name=WORD), user=make_user(name=WORD))
    sign_in(page, bidder.user)
    page.goto("/consultations/")
    assert_fits(page)
    page.goto(f"/consultations/{consultation.pk}/")
    assert_fits(page)

    deposit = begin(page, consultation)
    zone = zone_of(page, deposit, EnvelopeKind.OFFER)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / FILE).write_text(folder)
        choose_by_keyboard(page, zone, tmp_path / folder / FILE)
    state(page, FILE, "received")
    expect(zone.locator("[data-refusals] li")).to_have_count(1)
    assert_fits(page)
    page.locator("[data-check]").click()
    assert_fits(page)
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")

    for address in ("receipt", "verify", "attempts"):
        page.goto(f"/deposits/{Deposit.objects.get().pk}/{address}/")
        assert_fits(page)
    page.goto("/deposits/")
    assert_fits(page)
