# SPDX-License-Identifier: EUPL-1.2
"""The scripts beside a page cannot be loaded, as after a release: it is told, nothing sent is lost."""

import pytest
from playwright.sync_api import Page, expect

from envelopes.models import SealedFile
from marketplace.models import EnvelopeKind
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
WORKERS = "**/dist/workers/*.js"


def test_file_whose_digest_is_lost_is_sent_once_and_submitted_after_resuming(
    page: Page, bidder, consultation, tmp_path, assert_accessible
):
    deposit = begin(page, consultation)
    page.route(WORKERS, lambda route: route.fulfill(status=404))
    file = make_file(tmp_path, "Prix.bin", 10_000)

    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    line = state(page, file.name, "stopped")

    expect(line).to_have_attribute("data-problem", "no_digest")
    expect(line.locator("[data-warnings] > li")).to_have_count(1)
    received_at = SealedFile.objects.get().completed_at
    assert received_at is not None
    page.locator("[data-check]").click()
    expect(page.locator("[data-not-ready]")).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert_accessible(page)

    page.unroute(WORKERS)
    line.locator('[data-action="resume"]').click()
    received = state(page, file.name, "received")
    expect(received.locator("[data-warnings] > li")).to_have_count(0)
    assert SealedFile.objects.get().completed_at == received_at
    page.locator("[data-check]").click()
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")
    assert_sealed(deposit, file)
