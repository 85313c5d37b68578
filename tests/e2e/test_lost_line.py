# SPDX-License-Identifier: EUPL-1.2
"""Uploads whose line or server goes away, and comes back: they go on by themselves, and begin once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from envelopes.models import Deposit, SealedFile
from marketplace.models import EnvelopeKind
from tests.e2e.test_deposit import (
    MEBIBYTE,
    begin,
    choose_by_keyboard,
    consultation,
    emulate_line,
    make_file,
    slow_line,
    state,
    zone_of,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
__all__ = ["consultation", "slow_line"]  # fixtures
UPLOADS = "**/uploads/**"


def answer(page: Page, method: str, how: Callable[[Route], None], *, most: int = 1000) -> list[str]:
    """Have the first requests of this method answered so; what was asked of them."""
    asked: list[str] = []

    def handle(route: Route) -> None:
        if route.request.method != method or len(asked) == most:
            route.fallback()
            return
        asked.append(route.request.url)
        how(route)

    page.route(UPLOADS, handle)
    return asked


def send(page: Page, deposit: Deposit, folder: Path) -> Path:
    """Choose a small file; it is sent at once."""
    file = make_file(folder, "a.pdf", 10)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    return file


def cut(route: Route) -> None:
    route.abort("connectionreset")


def test_upload_goes_on_after_a_line_lost_for_a_moment(page: Page, bidder, consultation, tmp_path):
    deposit = begin(page, consultation)
    asked = answer(page, "PATCH", cut, most=1)

    file = send(page, deposit, tmp_path)

    state(page, file.name, "received")
    assert asked


def test_upload_goes_on_after_an_outage_of_an_hour(page: Page, bidder, consultation, tmp_path):
    page.clock.install()
    deposit = begin(page, consultation)
    answer(page, "PATCH", cut)
    file = send(page, deposit, tmp_path)

    outage(page, file.name, minutes=60)
    page.unroute(UPLOADS)
    page.clock.fast_forward("00:31")

    state(page, file.name, "received")


def test_upload_goes_on_at_once_when_the_browser_says_that_the_line_is_back(
    page: Page, bidder, consultation, tmp_path
):
    page.clock.install()
    deposit = begin(page, consultation)
    answer(page, "PATCH", cut)
    file = send(page, deposit, tmp_path)

    outage(page, file.name, minutes=2)
    page.unroute(UPLOADS)
    page.evaluate("dispatchEvent(new Event('online'))")

    # The next attempt by itself would be 30 seconds later.
    received = page.locator('[data-file][data-state="received"]')
    expect(received).to_be_visible(timeout=10_000)


def outage(page: Page, name: str, *, minutes: int) -> None:
    """So long without an answer; the page goes on trying."""
    for _ in range(2 * minutes):
        line = state(page, name, "retrying")
        expect(line).to_contain_text("Connexion perdue")
        page.clock.fast_forward("00:30")
    state(page, name, "retrying")


def test_refusal_after_an_outage_is_tried_again(page: Page, bidder, consultation, tmp_path):
    page.clock.install()
    deposit = begin(page, consultation)
    server = {"is": "away"}

    def say(route: Route) -> None:
        if server["is"] == "away":
            cut(route)
        elif server["is"] == "back":
            route.continue_()
        else:
            server["is"] = "back"
            route.fulfill(status=423)

    answer(page, "PATCH", say)
    file = send(page, deposit, tmp_path)
    outage(page, file.name, minutes=5)

    server["is"] = "busy"
    page.clock.fast_forward("00:31")
    expect(state(page, file.name, "retrying")).to_contain_text("Pas de réponse", timeout=60_000)
    page.clock.fast_forward("00:31")

    state(page, file.name, "received")


def test_file_pulled_out_during_an_outage_is_told(page: Page, bidder, consultation, tmp_path):
    page.clock.install()
    deposit = begin(page, consultation)
    answer(page, "PATCH", cut)
    file = send(page, deposit, tmp_path)
    outage(page, file.name, minutes=1)

    file.unlink()
    page.clock.fast_forward("00:31")

    expect(state(page, file.name, "broken")).to_contain_text("n’est plus lisible")


def test_file_pulled_out_before_the_server_made_room_is_told_and_leaves_the_page(
    page: Page, bidder, consultation, tmp_path
):
    deposit = begin(page, consultation)
    answer(page, "POST", cut)
    file = send(page, deposit, tmp_path)
    state(page, file.name, "retrying")

    file.unlink()
    state(page, file.name, "broken").locator('[data-action="remove"]').press("Enter")

    expect(page.locator("[data-file]")).to_have_count(0)


def test_file_begun_without_a_line_is_not_removed_but_goes_on_with_it(
    page: Page, bidder, consultation, tmp_path
):
    deposit = begin(page, consultation)
    answer(page, "POST", cut)
    file = send(page, deposit, tmp_path)

    state(page, file.name, "retrying").locator('[data-action="remove"]').press("Enter")
    expect(state(page, file.name, "stopped")).to_contain_text("connexion")
    page.unroute(UPLOADS)
    page.evaluate("dispatchEvent(new Event('online'))")

    state(page, file.name, "received")


def test_server_that_is_away_for_a_moment_makes_no_second_upload_of_a_file_resumed_after_a_reload(
    page: Page, bidder, consultation, slow_line, tmp_path
):
    file = make_file(tmp_path, "Mémoire.pdf", 20 * MEBIBYTE)
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        state(page, file.name, "uploading")
    state(page, file.name, "uploading").locator('[data-action="pause"]').press("Enter")
    state(page, file.name, "paused")
    page.reload()
    asked = answer(page, "HEAD", lambda route: route.fulfill(status=503), most=1)

    line = state(page, file.name, "needs-file")
    line.locator('[data-action="choose"]').set_input_files(file)
    state(page, file.name, "received")

    assert asked
    assert SealedFile.objects.get().completed_at is not None


def test_refusal_of_the_server_is_said_while_it_is_tried_again(
    page: Page, bidder, consultation, tmp_path
):
    deposit = begin(page, consultation)
    refusal = {
        "code": "store_failed",
        "message": "Le stockage est en panne.",
        "remedy": "Attendez.",
    }

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body=json.dumps(refusal), content_type="application/json")

    answer(page, "PATCH", refuse, most=2)
    file = send(page, deposit, tmp_path)

    expect(state(page, file.name, "retrying")).to_contain_text(refusal["message"])
    state(page, file.name, "received")


def test_page_says_that_a_line_is_too_slow_for_the_deadline(
    page: Page, bidder, consultation, tmp_path
):
    deposit = begin(page, consultation)
    session = emulate_line(page, MEBIBYTE // 2)
    file = make_file(tmp_path, "a.pdf", 40 * MEBIBYTE)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    expect(page.locator("[data-rate]")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-too-late]")).to_be_hidden()

    page.locator("[data-countdown]").first.evaluate(IN_HALF_A_MINUTE)

    expect(page.locator("[data-too-late]")).to_be_visible()
    session.detach()


IN_HALF_A_MINUTE = """(box) => {
  box.dataset.closesAt = new Date(Date.parse(box.dataset.now) + performance.now() + 30_000).toISOString()
}"""
