# SPDX-License-Identifier: EUPL-1.2
"""The French catalogue: complete, faithful, and of this very source."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CATALOGUE = Path("locale/fr/LC_MESSAGES/django.po")
EXTRACT = "makemessages --locale fr --no-obsolete --no-wrap --add-location file --verbosity 0"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
# An ordinary space, where a line may break; or a wide one, where the narrow one is the rule.
BREAKING = re.compile(
    r" [:;?!»]|« |[nN]° | (Mo|Go)\b|(\d|\)s|\}) (jours?|heures?|mois)\b|\u00a0[;?!]"
)


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="fr")


def entries(path: Path) -> list[Message]:
    return [message for message in read(path) if message.id]


def texts(value: str | Sequence[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [""])


def test_catalogue_has_no_untranslated_line():
    incomplete = [m.id for m in entries(ROOT / CATALOGUE) if m.fuzzy or not all(texts(m.string))]

    assert incomplete == []


def test_translations_keep_the_placeholders():
    def placeholders(value: str | Sequence[str] | None) -> set[str]:
        return set(PLACEHOLDER.findall(" ".join(texts(value))))

    unfaithful = [
        m.id for m in entries(ROOT / CATALOGUE) if placeholders(m.id) != placeholders(m.string)
    ]

    assert unfaithful == []


def test_translations_have_no_break_spaces():
    loose = [m.id for m in entries(ROOT / CATALOGUE) if any(map(BREAKING.search, texts(m.string)))]

    assert loose == []


@pytest.mark.slow
def test_catalogue_is_the_one_of_this_source(tmp_path):
    for folder in ("marketplace", "keys", "envelopes", "signatures", "templates", "locale"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    before = {(m.context, str(m.id)) for m in entries(ROOT / CATALOGUE)}

    subprocess.run([sys.executable, "-m", "django", *EXTRACT.split()], cwd=tmp_path, check=True)

    assert {(m.context, str(m.id)) for m in entries(tmp_path / CATALOGUE)} == before
