# SPDX-License-Identifier: EUPL-1.2
import hashlib
from datetime import UTC, datetime

import pytest

from keys.certificates import assess
from keys.findings import EXPLANATIONS
from tests.keys.corpus import BAD, FOREIGN_BAD, FOREIGN_GOOD, GOOD, seal_and_open
from tests.keys.making import NOW

WARNINGS = {"long_validity", "small_modulus", "weak_self_signature"}


def codes(found):
    return tuple(finding.code for finding in found)


def check_accepted(data, warnings, now):
    assessment = assess(data, now=now)

    assert (codes(assessment.refusals), codes(assessment.warnings)) == ((), warnings)
    assert assessment.certificate is not None
    seal_and_open(assessment.certificate)


@pytest.mark.parametrize("name", BAD)
def test_bad_certificate_is_refused_with_its_own_code(name):
    code, make = BAD[name]

    assert codes(assess(make(), now=NOW).refusals) == (code,)


@pytest.mark.parametrize("name", GOOD)
def test_good_certificate_is_accepted_and_seals(name):
    warnings, make = GOOD[name]

    check_accepted(make(), warnings, NOW)


@pytest.mark.parametrize("name", FOREIGN_BAD)
def test_bad_certificate_of_other_software_is_refused_with_its_own_code(name):
    code, make = FOREIGN_BAD[name]
    data = make()

    assert codes(assess(data, now=datetime.now(UTC)).refusals) == (code,)


@pytest.mark.parametrize("name", FOREIGN_GOOD)
def test_good_certificate_of_other_software_is_accepted_and_seals(name):
    warnings, make = FOREIGN_GOOD[name]
    data = make()

    check_accepted(data, warnings, datetime.now(UTC))


def test_corpus_is_as_large_as_it_says():
    made = [make() for _, make in BAD.values()]

    distinct = {hashlib.sha256(data).digest() for data in made}

    assert len(distinct) == len(BAD)
    assert len(BAD) + len(FOREIGN_BAD) >= 250
    assert len(GOOD) + len(FOREIGN_GOOD) >= 60


def test_corpus_has_each_code():
    refused = {code for code, _ in (BAD | FOREIGN_BAD).values()}
    warned = {code for codes, _ in GOOD.values() for code in codes}

    assert refused == EXPLANATIONS.keys() - WARNINGS
    assert warned == WARNINGS
