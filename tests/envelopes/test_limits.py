# SPDX-License-Identifier: EUPL-1.2
"""The page, the guide and the operators' text announce the numbers that the server checks."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.html import strip_tags

from envelopes import limits
from tests.factories import make_online_consultation

GIGABYTE = 1000**3
MEBIBYTE = 1024**2
FILE = limits.LARGEST_FILE // GIGABYTE
DEPOSIT = limits.LARGEST_DEPOSIT // GIGABYTE
FILES = f"{limits.MOST_FILES:,}"


def plain(text: str) -> str:
    return " ".join(re.sub(r"[\u00a0\u202f]", " ", text).split())


def document(name: str) -> str:
    return plain((Path(settings.BASE_DIR) / "docs" / name).read_text(encoding="utf-8"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", (f"up to {FILE} GB", f"up to {FILES} files, and {DEPOSIT} GB", "All formats")),
        (
            "fr",
            (
                f"{FILE} Go",
                f"{FILES.replace(',', ' ')} fichiers",
                f"{DEPOSIT} Go",
                "Tous les formats",
            ),
        ),
    ],
)
def test_page_of_a_consultation_announces_the_limits(client, language, said):
    consultation = make_online_consultation()
    zone = consultation.service.organisation.time_zone

    page = client.get(f"/consultations/{consultation.pk}/", headers={"Accept-Language": language})

    text = plain(strip_tags(page.content.decode()))
    assert [words for words in (*said, zone) if words not in text] == []


def test_guide_announces_the_limits():
    text = document("guide/3-deposer-un-pli.md")

    announced = f"un fichier peut atteindre {FILE} Go, et un pli compter"
    assert announced in text
    assert f"{FILES.replace(',', ' ')} fichiers et {DEPOSIT} Go en tout" in text


def test_operators_text_gives_the_limits():
    text = document("operations.md")

    assert f"a file has up to {FILE} GB" in text
    assert f"a deposit up to {FILES} files and {DEPOSIT} GB" in text
    assert f"{limits.LARGEST_REQUEST // MEBIBYTE} MiB a request" in text
    assert f"{limits.LARGEST_MEASURE // MEBIBYTE} MiB to measure a line" in text
