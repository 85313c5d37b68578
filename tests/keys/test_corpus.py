# SPDX-License-Identifier: EUPL-1.2
import hashlib
from datetime import UTC, datetime

import pytest

from keys import cms
from keys.certificates import assess
from keys.findings import EXPLANATIONS
from tests.keys.corpus import BAD, FOREIGN_BAD, FOREIGN_GOOD, GOOD
from tests.keys.making import NOW
from tools import vector_keys

WARNINGS = {"long_validity", "small_modulus", "weak_self_signature"}
HELD = {
    key.public_key().public_numbers(): key
    for key in (vector_keys.load(name)[1] for name in vector_keys.TEN)
}


def findings(data, now):
    assessment = assess(data, now=now)
    refusals, warnings = assessment.refusals, assessment.warnings
    return [finding.code for finding in refusals], tuple(finding.code for finding in warnings)


def seal_and_open(data, now):
    """Seal to an accepted certificate; what was opened, where the private key is at hand."""
    certificate = assess(data, now=now).certificate
    assert certificate is not None
    recipients, key = (
        [cms.Recipient.of(certificate)],
        HELD.get(certificate.public_key.public_numbers()),
    )
    sealed = cms.seal_block(b"a bid", recipients, file_id=bytes(8), number=0, is_last=True)
    if key is None:
        return None
    return cms.open_with(sealed, (certificate, key), file_id=bytes(8), number=0, is_last=True)


@pytest.mark.parametrize("name", BAD)
def test_bad_certificate_is_refused_with_its_own_code(name):
    code, make = BAD[name]

    assert findings(make(), NOW)[0] == [code]


@pytest.mark.parametrize("name", GOOD)
def test_good_certificate_is_accepted_and_seals(name):
    warnings, make = GOOD[name]
    data = make()

    assert findings(data, NOW) == ([], warnings)
    assert seal_and_open(data, NOW) in (b"a bid", None)


@pytest.mark.parametrize("name", FOREIGN_BAD)
def test_bad_certificate_of_other_software_is_refused_with_its_own_code(name):
    code, make = FOREIGN_BAD[name]
    data = make()

    assert findings(data, datetime.now(UTC))[0] == [code]


@pytest.mark.parametrize("name", FOREIGN_GOOD)
def test_good_certificate_of_other_software_is_accepted_and_seals(name):
    warnings, make = FOREIGN_GOOD[name]
    data, now = make(), datetime.now(UTC)

    assert findings(data, now) == ([], warnings)
    assert seal_and_open(data, now) in (b"a bid", None)


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
