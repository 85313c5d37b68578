# SPDX-License-Identifier: EUPL-1.2
"""The user's guide: what it shows is there, and what it quotes is what the screens say."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from tests import guide

CATALOGUE = Path(settings.BASE_DIR) / "locale" / "fr" / "LC_MESSAGES" / "django.po"
TROUBLE = "## En cas de problème"
LABEL = re.compile(r"\*\*«\s(.+?)\s»\*\*", re.DOTALL)  # how the guide names what is on the screen
MESSAGE = re.compile(r"^\| «\s(.+?)\s» \|", re.MULTILINE)  # how its tables quote a message
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
LARGEST = 4_600_000  # bytes of all the pictures
PAGES = pytest.mark.parametrize("page", guide.pages(), ids=lambda page: page.name)


def plain(text: str) -> str:
    """Without what depends on a line's breaks, or on the kind of its spaces."""
    return " ".join(text.split())


@cache
def screen_texts() -> frozenset[str]:
    """All that the screens may say in French."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    translations = [message.string or "" for message in catalogue if message.id]
    strings = (s for t in translations for s in ([t] if isinstance(t, str) else t))
    return frozenset(plain(string) for string in strings if string)


def is_said(message: str) -> bool:
    """Whether a screen says it: whole, or as sentences of something longer, without a placeholder."""
    pieces = (piece for text in screen_texts() for piece in PLACEHOLDER.split(text))
    return any(plain(message) in piece for piece in pieces)


def links(page: Path) -> Iterator[str]:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in link:
            yield link


def test_guide_has_its_pages():
    names = [page.name for page in guide.pages()]

    assert names == [
        "1-gerer-ses-bi-cles.md",
        "2-mettre-en-ligne.md",
        "3-deposer-un-pli.md",
        "4-ouvrir-les-plis.md",
        "5-lire-un-bilan.md",
        "6-administrer.md",
        "README.md",
    ]


def test_pictures_are_those_that_are_shown():
    assert set(guide.IMAGES.glob("*")) == guide.pictures()


def test_pictures_stay_light():
    assert sum(picture.stat().st_size for picture in guide.IMAGES.glob("*")) < LARGEST


@PAGES
def test_pictures_are_described(page):
    assert [
        str(file) for file, description in guide.pictures_of(page).items() if not description
    ] == []


@PAGES
def test_links_lead_somewhere(page):
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


@PAGES
def test_labels_are_those_of_the_screens(page):
    labels = LABEL.findall(page.read_text(encoding="utf-8"))

    assert [label for label in labels if plain(label) not in screen_texts()] == []


@PAGES
def test_messages_are_those_of_the_screens(page):
    _, _, trouble = page.read_text(encoding="utf-8").partition(TROUBLE)
    messages = MESSAGE.findall(trouble)

    assert page.name == "README.md" or len(messages) > 4
    assert [message for message in messages if not is_said(message)] == []
