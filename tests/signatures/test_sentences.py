# SPDX-License-Identifier: EUPL-1.2
"""`signatures/findings.py`: every word of the validation core has a sentence."""

import re

import pytest
from django.utils import translation

from signatures import findings
from signatures.validation import FindingCode, Indication, LegalFrame, Line, Status
from signatures.validation.findings import find
from signatures.validation.frames import legal_reference
from signatures.validation.verdicts import TimeSource


def test_every_code_has_its_words():
    assert set(findings.SENTENCES) == set(FindingCode)
    assert set(findings.LINES) == set(Line)
    assert set(findings.STATUSES) == set(Status)
    assert set(findings.INDICATIONS) == set(Indication)
    assert set(findings.TIME_SOURCES) == set(TimeSource)
    assert {len(findings.CONDITIONS[frame]) for frame in LegalFrame} == {5}
    asked = {legal_reference(frame, line) for frame in LegalFrame for line in Line}
    assert set(findings.REFERENCES) == asked


@pytest.mark.parametrize("code", FindingCode)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_sentence_is_whole_with_or_without_its_values(code, language):
    with translation.override(language):
        bare = findings.sentence(find(code), "Europe/Paris")

    assert re.fullmatch(r"[A-ZÀ-Ý].*\.", bare)
    assert "%(" not in bare


def test_sentence_shows_instants_in_the_zone_of_the_buyer():
    finding = find(FindingCode.CLAIMED_TIME, claimed_at="2026-11-02T09:00:00+00:00")

    with translation.override("en"):
        said = findings.sentence(finding, "Indian/Reunion")

    assert "13:00" in said
    assert "Indian/Reunion" in said
