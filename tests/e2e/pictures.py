# SPDX-License-Identifier: EUPL-1.2
"""Pictures of pages, on the way of a test.

They go to `build/screenshots`; with `SIGILLE_SCREENSHOTS=1`, those that the guide shows go to
`docs/guide/images`.
"""

import os
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Locator, Page

from tests import guide

WIDTHS = {"-phone": 390, "": 1280}
SHORTEST, TALLEST = 640, 1080  # pixels of a picture of a page
SHOWN = guide.pictures() if os.environ.get("SIGILLE_SCREENSHOTS") == "1" else set()


def picture(page: Page, name: str, part: Locator | None = None) -> None:
    """What the page, or a part of it, shows at the width of a phone, then of a desk."""
    for suffix, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": SHORTEST})
        height = page.evaluate("document.documentElement.scrollHeight")
        height = height if part else min(height, TALLEST)
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("window.scrollTo(0, 0)")
        path = guide.IMAGES / f"{name}{suffix}.png"
        if path not in SHOWN:
            path = Path(settings.BASE_DIR) / "build" / "screenshots" / path.name
        (part or page).screenshot(path=path, animations="disabled")
