# SPDX-License-Identifier: EUPL-1.2
"""Every page that a link leads to, for each kind of person, on the demonstration data.

Each is free of what axe-core finds, of messages on the console (a breach of the content security policy
is one), on a desk and on a phone; and of sideways scrolling, in the narrowest window too.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page

from marketplace.models import User
from signatures import conclusions
from signatures.demonstration import keyring, people, tenders
from signatures.models import Report
from tests.e2e.conftest import SignIn
from tests.e2e.recording import Recorder

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
FILES = ("/content/", ".csv", ".json", ".pdf", "/static/")
WIDTHS = (1280, 390)
NARROWEST = 320  # WCAG 2.2 § 1.4.10
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def populated(transactional_db: None) -> people.People:
    """The demonstration, its reports concluded; in another thread: the browser's loop is in this one."""

    def populate() -> people.People:
        now = timezone.now()
        before = now - timedelta(days=90)
        cast = people.introduce(now=before)
        personal = keyring.make(cast.buyer, "Claire Martin", is_backup=False, now=before)
        backup = keyring.make(cast.colleague, "Secours", is_backup=True, now=before)
        tenders.play(tenders.Stage(cast, personal, backup, now))
        for report in Report.objects.all():
            conclusions.conclude(report.pk, now=now)
        connections.close_all()
        return cast

    with ThreadPoolExecutor() as executor:
        return executor.submit(populate).result()


def kind_of(address: str) -> str:
    """Addresses that differ by an identifier are of one kind, unless a query makes another page of it."""
    return IDENTIFIER.sub("*", urlsplit(address).path)


def walk(page: Page, visit: Callable[[Page], None], *, most_of_a_kind: int = 4) -> list[str]:
    """Follow the links from the home page; the kinds of pages that were visited."""
    waiting, seen, count = ["/"], {"/"}, dict[str, int]()
    while waiting:
        address = waiting.pop(0)
        page.goto(address)
        visit(page)
        for link in page.locator("a[href^='/']").all():
            found = urlsplit(link.get_attribute("href") or "").path
            kind = kind_of(found)
            if found in seen or found.endswith(FILES) or kind.startswith(FILES):
                continue
            seen.add(found)
            count[kind] = count.get(kind, 0) + 1
            if count[kind] <= most_of_a_kind:
                waiting.append(found)
    return sorted(count)


@pytest.mark.parametrize(
    ("who", "least"), [(None, 5), ("roofer", 8), ("buyer", 12), ("administrator", 14)]
)
def test_every_page_is_accessible_silent_and_fits(  # noqa: PLR0917 - fixtures
    who: str | None,
    least: int,
    page: Page,
    recorder: Recorder,
    populated: people.People,
    sign_in: SignIn,
    assert_accessible: Callable[[Page], None],
):
    sideways: list[str] = []

    def visit(page: Page) -> None:
        for width in (NARROWEST, *WIDTHS):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(SIDEWAYS) > 0:
                sideways.append(f"{page.url} at {width}")
            if width != NARROWEST:
                assert_accessible(page)

    if who:
        user: User = getattr(populated, who).user
        sign_in(page, user)

    kinds = walk(page, visit)

    assert len(kinds) >= least, kinds
    assert sideways == []
    hints = "verbose:"  # what Chromium advises to authors, in its own words
    assert [said for said in recorder.console if not said.startswith(hints)] == []
    assert recorder.errors == []
