# SPDX-License-Identifier: EUPL-1.2
"""The user's guide, as tests see it: its pages, and the pictures that they show."""

import re
from pathlib import Path

from django.conf import settings

GUIDE = Path(settings.BASE_DIR) / "docs" / "guide"
IMAGES = GUIDE / "images"
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    return sorted(GUIDE.glob("*.md"))


def pictures_of(page: Path) -> dict[Path, str]:
    """The files of the pictures that a page shows, with what they say to whoever does not see them."""
    text = page.read_text(encoding="utf-8")
    return {(page.parent / link).resolve(): alt for alt, link in _IMAGE.findall(text)}


def pictures() -> set[Path]:
    """All the pictures of the guide, and that of the README."""
    readme = Path(settings.BASE_DIR) / "README.md"
    return {picture for page in [*pages(), readme] for picture in pictures_of(page)}
