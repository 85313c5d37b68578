# SPDX-License-Identifier: EUPL-1.2
"""The calendar's private link in Chromium: made, copied, read without a session, revoked."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from keys.models import CalendarLink
from marketplace.models import Right
from tests.e2e.conftest import SignIn
from tests.e2e.recording import Recorder
from tests.factories import make_agent, make_key_pair

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
HINTS = "verbose:"  # what Chromium advises to authors, in its own words


def test_link_is_made_copied_and_revoked(
    page: Page, recorder: Recorder, sign_in: SignIn, assert_accessible, settings, live_server
):
    settings.BASE_URL = live_server.url
    agent = make_agent(Right.MANAGE_KEYS)
    make_key_pair(holder=agent, name="Claire Martin")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, agent.user)
    page.goto("/settings/encryption-keys/")
    page.locator("main a[href$='/calendar/']").click()
    assert_accessible(page)

    page.locator("[data-calendar='none'] button").click()
    expect(page.locator("[data-calendar='made']")).to_be_visible()
    assert_accessible(page)
    page.locator("[data-copy]").click()
    expect(page.locator("[data-copy-told]")).not_to_be_empty()
    address = page.evaluate("navigator.clipboard.readText()")
    calendar = Client().get(address.removeprefix(live_server.url))
    page.locator("[data-calendar='made'] a").click()
    expect(page.locator("[data-calendar='kept']")).to_be_visible()
    assert_accessible(page)
    page.locator("a[href$='/revoke/']").click()
    assert_accessible(page)
    page.locator("main form button.btn-danger").click()
    expect(page.locator("[data-calendar='none']")).to_be_visible()

    assert "Claire Martin" in calendar.content.decode()
    assert Client().get(address.removeprefix(live_server.url)).status_code == 404
    assert not CalendarLink.objects.exists()
    assert [said for said in recorder.console if not said.startswith(HINTS)] == []
    assert recorder.errors == []
