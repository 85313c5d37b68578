# SPDX-License-Identifier: EUPL-1.2
"""A browser of the run, a context of each test, and a way in.

A test marked `e2e` drives Chromium (`SIGILLE_CHROMIUM`, or the one of the path) through the
application of pytest-django's `live_server`; its rows are really committed.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.e2e.recording import Recorder

if TYPE_CHECKING:  # this file is read before Django is ready
    from marketplace.models import Bidder, User

TIMEOUT = 20_000  # milliseconds: the machine may be shared
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]

NewContext = Callable[[], BrowserContext]
SignIn = Callable[[Page, "User"], None]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: Playwright's loop runs in this thread, and other tests want their own."""
    if not (Path(settings.BASE_DIR) / "static" / "dist" / "app.js").exists():
        pytest.fail("The pages are not built: run `npm run build` first.")
    executable = os.environ.get("SIGILLE_CHROMIUM") or shutil.which("chromium")
    if not executable:
        pytest.fail("No Chromium: install it, or name it in SIGILLE_CHROMIUM.")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Django sees the loop and would refuse
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser, live_server: LiveServer) -> Iterator[NewContext]:
    """`new_context()`: the browser of one more computer."""
    contexts: list[BrowserContext] = []

    def new_context() -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            viewport={"width": 1280, "height": 900},
            accept_downloads=True,
        )
        context.set_default_timeout(TIMEOUT)
        # Without a listener from the start, Playwright misses a file chooser that opens at once.
        context.on("page", lambda page: page.on("filechooser", lambda _: None))
        contexts.append(context)
        return context

    yield new_context
    for context in contexts:
        context.close()


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    return new_context()


@pytest.fixture
def recorder(context: BrowserContext) -> Recorder:
    return Recorder(context)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def sign_in(live_server: LiveServer) -> SignIn:
    """`sign_in(page, user)`: the session of `user` in the page's context, without the sign-in form."""

    def sign_in(page: Page, user: "User") -> None:
        client = Client()
        client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])

    return sign_in


@pytest.fixture
def bidder(page: Page, sign_in: SignIn) -> "Bidder":
    """Signed in, of a company that has a name in pictures."""
    from tests.factories import make_bidder, make_company, make_user  # noqa: PLC0415 - Django is ready now

    company = make_company(name="Charpentes du Marais")
    bidder = make_bidder(company=company, user=make_user(name="Julie Robin"))
    sign_in(page, bidder.user)
    return bidder


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """No violation of WCAG 2.2 A and AA that axe-core finds."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    axe = Axe()

    def check(page: Page) -> None:
        results = axe.run(page, options=options)
        assert results.violations_count == 0, results.generate_report()

    return check
