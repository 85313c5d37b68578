# SPDX-License-Identifier: EUPL-1.2
"""CRLs and OCSP answers: which ones may speak, and what the judge makes of them."""

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signatures.validation import FindingCode, LegalFrame, Line, RevocationData, extract, judge
from signatures.validation.facts import RevocationFacts
from signatures.validation.revocation import read_crl, read_ocsp
from tests.signatures.pki import (
    DAY,
    NOW,
    SIGNED,
    Identity,
    Profile,
    embed_revocation,
    issue,
    make_crl,
    make_ocsp,
    make_pdf,
    make_pki,
    sign,
)

UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
AUTHORITIES_ONLY = x509.IssuingDistributionPoint(None, None, False, True, None, False, False)
INDIRECT = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)


def read_for(signer: Identity, crl: bytes) -> RevocationFacts | None:
    return read_crl(crl, signer.asn1, signer.issuers[0].asn1)


def moments_of(*statements: RevocationFacts | None) -> list[datetime | None]:
    return [statement.revoked_at for statement in statements if statement]


def codes_for(signer: str, data: RevocationData, **options: object) -> list[FindingCode]:
    pki = make_pki()
    pdf = sign(make_pdf(), pki.signers[signer], **options)  # type: ignore[arg-type] # handed on as given
    facts = extract(io.BytesIO(pdf), trust=pki.trust(), revocation=data)
    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)
    return [finding.code for finding in verdict.signatures[0].line(Line.REVOCATION).findings]


def test_a_crl_names_the_revoked_and_no_other():
    pki = make_pki()
    revoked, good = pki.signers["revoked"], pki.signers["good"]
    crl = make_crl(pki.intermediate, revoked={revoked: SIGNED})

    assert moments_of(read_for(revoked, crl), read_for(good, crl)) == [SIGNED, None]


@pytest.mark.parametrize(
    "extension",
    [
        (UNKNOWN_EXTENSION, True),
        (AUTHORITIES_ONLY, True),
        (INDIRECT, True),
        (x509.DeltaCRLIndicator(1), True),
    ],
)
def test_a_crl_that_is_not_whole_says_nothing(extension):
    pki = make_pki()

    assert (
        read_for(pki.signers["good"], make_crl(pki.intermediate, extensions=(extension,))) is None
    )


def test_a_crl_of_somebody_else_says_nothing():
    pki = make_pki()
    forged = make_crl(pki.intermediate, signer=pki.root)

    assert read_for(pki.signers["good"], forged) is None
    assert read_for(pki.signers["good"], make_crl(pki.root)) is None
    assert read_for(pki.signers["good"], b"garbage") is None


def test_an_ocsp_answer_of_the_issuer_is_believed():
    signer = make_pki().signers["good"]

    good = read_ocsp(make_ocsp(signer), signer.asn1, signer.issuers[0].asn1)
    revoked = read_ocsp(make_ocsp(signer, revoked_at=SIGNED), signer.asn1, signer.issuers[0].asn1)

    assert moments_of(good, revoked) == [None, SIGNED]


def test_an_ocsp_answer_of_a_delegate_is_believed_only_if_the_issuer_delegated():
    pki = make_pki()
    signer = pki.signers["good"]
    profile = Profile("OCSP", extended_key_usage=(ExtendedKeyUsageOID.OCSP_SIGNING,))
    responders = {
        "delegated": issue(profile, pki.intermediate),
        "not for it": issue(replace(profile, extended_key_usage=()), pki.intermediate),
        "expired": issue(replace(profile, not_after=NOW - DAY), pki.intermediate),
        "of another": issue(profile, pki.root),
    }

    believed = {
        name: read_ocsp(make_ocsp(signer, responder=responder), signer.asn1, pki.intermediate.asn1)
        is not None
        for name, responder in responders.items()
    }

    assert believed == {
        "delegated": True,
        "not for it": False,
        "expired": False,
        "of another": False,
    }


def test_an_ocsp_answer_about_another_certificate_says_nothing():
    pki = make_pki()
    other, signer = pki.signers["elliptic"], pki.signers["good"]

    assert read_ocsp(make_ocsp(other), signer.asn1, pki.intermediate.asn1) is None
    assert read_ocsp(b"garbage", signer.asn1, pki.intermediate.asn1) is None


@pytest.mark.parametrize(
    ("revoked_at", "code"),
    [
        (NOW + timedelta(seconds=1), FindingCode.REVOKED_LATER),
        (NOW, FindingCode.REVOKED_NO_PROOF),
        (SIGNED + timedelta(seconds=1), FindingCode.REVOKED_NO_PROOF),
        (SIGNED, FindingCode.REVOKED_WHEN_CLAIMED),
    ],
)
def test_revocation_is_weighed_against_the_proof_of_time(revoked_at, code):
    data = make_pki().revocation(at=NOW + DAY, revoked={"revoked": revoked_at})

    assert codes_for("revoked", data) == [code]


def test_a_timestamp_before_the_revocation_keeps_the_signature_good():
    data = make_pki().revocation(revoked={"revoked": SIGNED + timedelta(minutes=1)})

    assert codes_for("revoked", data, timestamped_at=SIGNED) == [FindingCode.REVOKED_LATER]


def test_a_revoked_certificate_cannot_be_hidden_by_an_older_good_answer():
    data = make_pki().revocation(at=NOW, revoked={"revoked": SIGNED - DAY})
    with_old_answer = replace(data, ocsps=(make_ocsp(make_pki().signers["revoked"], at=SIGNED),))

    assert codes_for("revoked", with_old_answer) == [FindingCode.REVOKED_WHEN_CLAIMED]


@pytest.mark.parametrize(
    ("issued_at", "code"),
    [
        (NOW, FindingCode.NOT_REVOKED),
        (NOW - 7 * DAY, FindingCode.NOT_REVOKED),  # still in force at the proof
        (NOW - 7 * DAY - timedelta(seconds=1), FindingCode.REVOCATION_UNKNOWN),
    ],
)
def test_a_list_speaks_of_the_moment_of_proof_or_not_at_all(issued_at, code):
    assert codes_for("good", make_pki().revocation(at=issued_at)) == [code]


def test_a_list_made_after_the_expiry_has_forgotten_the_certificate():
    claimed = NOW - 11 * DAY

    assert codes_for("expired", make_pki().revocation(), claimed_at=claimed) == [
        FindingCode.REVOCATION_UNKNOWN
    ]


def test_nothing_known_is_never_taken_for_good():
    assert codes_for("good", RevocationData()) == [FindingCode.REVOCATION_UNKNOWN]


def test_revocation_data_inside_the_document_are_used():
    pki = make_pki()
    pdf = embed_revocation(sign(make_pdf(), pki.signers["good"]), pki.revocation())

    facts = extract(io.BytesIO(pdf), trust=pki.trust())

    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)
    assert verdict.signatures[0].line(Line.REVOCATION).code is FindingCode.NOT_REVOKED
    assert set(facts.evidence) == {item.evidence for item in facts.revocations}


def test_an_authority_of_the_chain_may_be_revoked_too():
    pki = make_pki()
    to_root = replace(pki.trust(), anchors=pki.trust().anchors[1:])
    pdf = sign(make_pdf(), pki.signers["good"])
    outcomes = []

    for crls in [(), (make_crl(pki.root, revoked={pki.intermediate: SIGNED}),)]:
        data = RevocationData(crls=(make_crl(pki.intermediate), *crls))
        facts = extract(io.BytesIO(pdf), trust=to_root, revocation=data)
        verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)
        outcomes.append(verdict.signatures[0].line(Line.REVOCATION).code)

    assert outcomes == [FindingCode.AUTHORITY_REVOCATION_UNKNOWN, FindingCode.AUTHORITY_REVOKED]
