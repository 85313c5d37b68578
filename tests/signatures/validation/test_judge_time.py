# SPDX-License-Identifier: EUPL-1.2
"""Which time is proven, and by whom."""

import io
from datetime import datetime, timedelta

import pytest

from signatures.validation import FindingCode, LegalFrame, Line, Trust, Verdict, extract, judge
from signatures.validation.judge_time import CLOCK_TOLERANCE
from signatures.validation.verdicts import BestTime, TimeSource
from tests.signatures.pki import DAY, NOW, SIGNED, add_document_timestamp, make_pdf, make_pki, sign

SECOND = timedelta(seconds=1)


def judge_pdf(pdf: bytes, trust: Trust | None = None, moment: datetime = NOW) -> Verdict:
    pki = make_pki()
    facts = extract(
        io.BytesIO(pdf), trust=trust or pki.trust(), revocation=pki.revocation(at=moment)
    )
    return judge(facts, frame=LegalFrame.ORDER_2019, moment=moment)


def codes_of(verdict: Verdict) -> list[FindingCode]:
    return [finding.code for finding in verdict.signatures[0].line(Line.TIME_SOURCE).findings]


def test_the_deposit_is_the_proof_when_there_is_no_other():
    verdict = judge_pdf(sign(make_pdf(), make_pki().signers["good"]))

    assert verdict.signatures[0].best_time == BestTime(NOW, TimeSource.DEPOSIT)
    assert codes_of(verdict) == [FindingCode.TIME_OF_DEPOSIT, FindingCode.CLAIMED_TIME]


def test_a_qualified_timestamp_is_an_earlier_proof():
    verdict = judge_pdf(sign(make_pdf(), make_pki().signers["good"], timestamped_at=SIGNED))

    assert verdict.signatures[0].best_time == BestTime(SIGNED, TimeSource.QUALIFIED_TIMESTAMP)


def test_a_timestamp_later_than_the_deposit_proves_nothing():
    pdf = sign(make_pdf(), make_pki().signers["good"], timestamped_at=NOW + SECOND)

    verdict = judge_pdf(pdf)

    assert verdict.signatures[0].best_time == BestTime(NOW, TimeSource.DEPOSIT)


def test_a_timestamp_of_an_unknown_authority_proves_nothing():
    pki = make_pki()
    only_signers = Trust("no timestamps", pki.trust().anchors[:1])

    verdict = judge_pdf(sign(make_pdf(), pki.signers["good"], timestamped_at=SIGNED), only_signers)

    assert verdict.signatures[0].best_time.source is TimeSource.DEPOSIT
    assert FindingCode.TIMESTAMP_NOT_TRUSTED in codes_of(verdict)


def test_a_timestamp_whose_authority_may_be_revoked_proves_nothing():
    pki = make_pki()
    pdf = sign(make_pdf(), pki.signers["good"], timestamped_at=SIGNED)

    verdict = judge(
        extract(io.BytesIO(pdf), trust=pki.trust()), frame=LegalFrame.ORDER_2019, moment=NOW
    )

    assert verdict.signatures[0].best_time.source is TimeSource.DEPOSIT


def test_a_document_timestamp_dates_what_it_covers():
    pki = make_pki()
    first = sign(make_pdf(), pki.signers["good"])
    stamped = add_document_timestamp(first, SIGNED)
    last = sign(stamped, pki.signers["elliptic"], field_name="Signature2")

    verdict = judge_pdf(last)

    signatures = [item for item in verdict.signatures if not item.is_document_timestamp]
    assert [item.best_time.at for item in signatures] == [SIGNED, NOW]


def test_a_timestamp_over_another_value_is_broken():
    pki = make_pki()
    pdf = sign(make_pdf(), pki.signers["good"], timestamped_at=SIGNED)
    imprint_start = pdf.find(b"060960864801650304020105000420")  # SHA-256, then the imprint
    assert imprint_start > 0

    altered = bytearray(pdf)
    position = imprint_start + 40
    altered[position : position + 1] = b"0" if altered[position : position + 1] != b"0" else b"1"

    assert FindingCode.TIMESTAMP_BROKEN in codes_of(judge_pdf(bytes(altered)))


@pytest.mark.parametrize(
    ("late", "code"),
    [
        (CLOCK_TOLERANCE, FindingCode.CLAIMED_TIME),
        (CLOCK_TOLERANCE + SECOND, FindingCode.CLAIMED_AFTER_PROOF),
    ],
)
def test_a_claimed_time_after_the_proof_is_noticed(late, code):
    verdict = judge_pdf(sign(make_pdf(), make_pki().signers["good"], claimed_at=NOW + late))

    assert codes_of(verdict)[-1] is code


def test_a_timestamp_does_not_outlive_the_certificate_of_its_authority():
    pdf = sign(make_pdf(), make_pki().signers["good"], timestamped_at=SIGNED)

    much_later = make_pki().timestamps.certificate.not_valid_after_utc + DAY
    verdict = judge_pdf(pdf, moment=much_later)

    assert verdict.signatures[0].best_time == BestTime(much_later, TimeSource.DEPOSIT)
