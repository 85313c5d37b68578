# SPDX-License-Identifier: EUPL-1.2
"""The verdicts on every kind of signer, under both orders."""

import io
from dataclasses import replace

import pytest

from signatures.validation import (
    FindingCode,
    Indication,
    LegalFrame,
    Line,
    RevocationData,
    Service,
    Status,
    SubIndication,
    Trust,
    Verdict,
    extract,
    judge,
)
from tests.signatures.pki import DAY, GOOD, NOW, SIGNED, issue, make_pdf, make_pki, sign

NOTHING = Trust("an empty list", ())


def judge_signed(
    signer: str,
    *,
    frame: LegalFrame = LegalFrame.ORDER_2019,
    trust: Trust | None = None,
    revocation: RevocationData | None = None,
    **options: object,
) -> Verdict:
    pki = make_pki()
    pdf = sign(make_pdf(), pki.signers[signer], **options)  # type: ignore[arg-type] # handed on as given
    data = pki.revocation() if revocation is None else revocation
    facts = extract(io.BytesIO(pdf), trust=trust or pki.trust(), revocation=data)
    return judge(facts, frame=frame, moment=NOW)


def code_of(verdict: Verdict, line: Line) -> FindingCode | None:
    return verdict.signatures[0].line(line).code


def statuses_of(verdict: Verdict) -> list[Status]:
    return [condition.status for condition in verdict.conditions]


C, N, U, B = Status.CONFORM, Status.NOT_CONFORM, Status.INDETERMINATE, Status.TO_CHECK_BY_BUYER


@pytest.mark.parametrize("signer", ["good", "elliptic", "edwards"])
@pytest.mark.parametrize("options", [{}, {"timestamped_at": SIGNED}, {"baseline": False}])
def test_a_good_signature_passes_all_but_the_human_check(signer, options):
    verdict = judge_signed(signer, **options)

    assert (verdict.indication, verdict.sub_indication) == (Indication.TOTAL_PASSED, None)
    assert statuses_of(verdict) == [B, C, C, C, C]


def test_the_order_of_2012_asks_the_person_last():
    verdict = judge_signed("good", frame=LegalFrame.ORDER_2012)

    assert statuses_of(verdict) == [C, C, C, C, B]


@pytest.mark.parametrize(
    ("signer", "line", "status", "code", "sub_indication"),
    [
        (
            "revoked",
            Line.REVOCATION,
            N,
            FindingCode.REVOKED_WHEN_CLAIMED,
            SubIndication.REVOKED_NO_POE,
        ),
        (
            "expired",
            Line.EXPIRY,
            N,
            FindingCode.EXPIRED_WHEN_CLAIMED,
            SubIndication.OUT_OF_BOUNDS_NO_POE,
        ),
        ("future", Line.EXPIRY, N, FindingCode.NOT_YET_VALID, SubIndication.NOT_YET_VALID),
        (
            "unqualified",
            Line.CATEGORY,
            B,
            FindingCode.NOT_QUALIFIED,
            SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        ),
        (
            "self-signed",
            Line.CATEGORY,
            N,
            FindingCode.SELF_SIGNED,
            SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        ),
        (
            "authentication",
            Line.CHAIN,
            B,
            FindingCode.NOT_FOR_SIGNING,
            SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        ),
        (
            "short",
            Line.STRENGTH,
            U,
            FindingCode.WEAK_KEY,
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        ),
        (
            "seal",
            Line.CATEGORY,
            N,
            FindingCode.QUALIFIED_OTHER,
            SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        ),
    ],
)
def test_a_defect_of_the_certificate_shows_on_its_line(signer, line, status, code, sub_indication):
    data = make_pki().revocation(revoked={"revoked": SIGNED - DAY})

    verdict = judge_signed(signer, revocation=data)

    assert verdict.signatures[0].line(line).status is status
    assert code_of(verdict, line) is code
    assert sub_indication in verdict.signatures[0].sub_indications
    assert verdict.indication is not Indication.TOTAL_PASSED
    assert verdict.signatures[0].line(Line.INTEGRITY).status is C


def test_no_defect_of_the_certificate_but_a_proven_one_fails_the_signature():
    verdicts = {name: judge_signed(name).indication for name in make_pki().signers}

    assert verdicts == {
        "good": Indication.TOTAL_PASSED,
        "revoked": Indication.TOTAL_PASSED,  # not in the list given here
        "elliptic": Indication.TOTAL_PASSED,
        "edwards": Indication.TOTAL_PASSED,
        "pseudonym": Indication.TOTAL_PASSED,
        "future": Indication.TOTAL_FAILED,
        "expired": Indication.INDETERMINATE,
        "seal": Indication.INDETERMINATE,
        "unqualified": Indication.INDETERMINATE,
        "authentication": Indication.INDETERMINATE,
        "short": Indication.INDETERMINATE,
        "self-signed": Indication.INDETERMINATE,
    }


def test_without_a_trusted_list_the_category_is_indeterminate():
    pdf = sign(make_pdf(), make_pki().signers["good"])

    verdict = judge(extract(io.BytesIO(pdf)), frame=LegalFrame.ORDER_2019, moment=NOW)

    assert statuses_of(verdict) == [B, U, C, U, C]
    assert code_of(verdict, Line.CATEGORY) is FindingCode.NO_TRUSTED_LIST
    assert code_of(verdict, Line.REVOCATION) is FindingCode.REVOCATION_UNKNOWN
    assert verdict.indication is Indication.INDETERMINATE


def test_a_certificate_outside_the_trusted_list_is_left_to_the_buyer():
    verdict = judge_signed("good", trust=NOTHING)

    assert code_of(verdict, Line.CATEGORY) is FindingCode.NOT_ON_TRUSTED_LIST
    assert code_of(verdict, Line.CHAIN) is FindingCode.NO_CHAIN


def test_a_service_that_is_not_for_qualified_certificates_is_not_enough():
    verdict = judge_signed("good", trust=make_pki().trust(Service.OTHER))

    assert code_of(verdict, Line.CATEGORY) is FindingCode.SERVICE_NOT_QUALIFIED


@pytest.mark.parametrize(
    ("granted_from", "granted_until", "code"),
    [
        (NOW - 365 * DAY, NOW, FindingCode.QUALIFIED),
        (
            NOW - 364 * DAY,
            None,
            FindingCode.SERVICE_NOT_GRANTED,
        ),  # after the certificate was issued
        (None, NOW - DAY, FindingCode.SERVICE_NOT_GRANTED),
    ],
)
def test_the_service_is_granted_at_issuance_and_at_the_proof(granted_from, granted_until, code):
    anchor, *others = make_pki().trust().anchors
    dated = replace(anchor, granted_from=granted_from, granted_until=granted_until)

    verdict = judge_signed("good", trust=Trust("dated", (dated, *others)))

    assert code_of(verdict, Line.CATEGORY) is code


def test_a_seal_is_a_listed_category_in_2012_but_not_a_person():
    verdict = judge_signed("seal", frame=LegalFrame.ORDER_2012)

    assert statuses_of(verdict) == [C, C, C, C, N]
    assert code_of(verdict, Line.SIGNATORY) is FindingCode.SEAL_NOT_PERSON


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        ("good", FindingCode.PERSON_NAMED),
        ("pseudonym", FindingCode.PSEUDONYM),
        ("seal", FindingCode.NO_PERSON_NAMED),
    ],
)
def test_identity_is_always_a_human_decision_in_2019(signer, code):
    verdict = judge_signed(signer)

    assert verdict.conditions[0].status is B
    assert code_of(verdict, Line.SIGNATORY) is code


def test_a_certificate_issued_by_somebody_who_may_not_breaks_the_chain():
    pki = make_pki()
    forged = issue(replace(GOOD, common_name="Faussaire"), pki.signers["elliptic"])
    facts = extract(
        io.BytesIO(sign(make_pdf(), forged)), trust=pki.trust(), revocation=pki.revocation()
    )

    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)

    assert code_of(verdict, Line.CHAIN) is FindingCode.CHAIN_UNSOUND
    assert verdict.conditions[1].status is N


def test_a_timestamp_before_the_end_saves_an_expired_certificate():
    expired = NOW - 10 * DAY

    saved = judge_signed("expired", claimed_at=expired - DAY, timestamped_at=expired - DAY)
    late = judge_signed("expired", claimed_at=expired - DAY, timestamped_at=expired + DAY)
    bare = judge_signed("expired", claimed_at=expired - DAY)

    assert code_of(saved, Line.EXPIRY) is FindingCode.IN_DATE
    assert code_of(late, Line.EXPIRY) is FindingCode.EXPIRED_NO_PROOF
    assert code_of(bare, Line.EXPIRY) is FindingCode.EXPIRED_NO_PROOF


def test_an_altered_document_fails_and_says_why():
    pdf = sign(make_pdf("Prix : 1000 EUR"), make_pki().signers["good"])
    altered = pdf.replace(b"1000 EUR", b"9000 EUR")

    verdict = judge(extract(io.BytesIO(altered)), frame=LegalFrame.ORDER_2019, moment=NOW)

    assert (verdict.indication, verdict.sub_indication) == (
        Indication.TOTAL_FAILED,
        SubIndication.HASH_FAILURE,
    )
    assert verdict.conditions[4].status is N


def test_the_worst_of_two_signatures_decides():
    pki = make_pki()
    once = sign(make_pdf(), pki.signers["good"])
    twice = sign(once, pki.signers["self-signed"], field_name="Signature2")

    facts = extract(io.BytesIO(twice), trust=pki.trust(), revocation=pki.revocation())
    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)

    assert [item.indication for item in verdict.signatures] == [
        Indication.TOTAL_PASSED,
        Indication.INDETERMINATE,
    ]
    assert verdict.indication is Indication.INDETERMINATE
    assert verdict.conditions[1].status is N


def test_a_document_without_signature_says_so():
    pdf = judge(extract(io.BytesIO(make_pdf())), frame=LegalFrame.ORDER_2012, moment=NOW)
    text = judge(extract(io.BytesIO(b"Bonjour")), frame=LegalFrame.ORDER_2012, moment=NOW)

    assert (pdf.document.status, text.document.status) == (N, U)
    assert (pdf.indication, text.indication) == (Indication.INDETERMINATE, Indication.INDETERMINATE)
    assert pdf.sub_indication is text.sub_indication is SubIndication.NO_SIGNATURE_FOUND
    assert [item.status for item in pdf.conditions] == [N, *[Status.NOT_APPLICABLE] * 4]


def test_judging_twice_gives_the_same_verdict():
    pdf = sign(make_pdf(), make_pki().signers["good"], timestamped_at=SIGNED)
    facts = extract(io.BytesIO(pdf), trust=make_pki().trust(), revocation=make_pki().revocation())

    first = judge(facts, frame=LegalFrame.ORDER_2012, moment=NOW)

    assert judge(facts, frame=LegalFrame.ORDER_2012, moment=NOW) == first
