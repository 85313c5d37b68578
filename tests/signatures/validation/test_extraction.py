# SPDX-License-Identifier: EUPL-1.2
"""From a stream to facts, whatever the stream holds."""

import io
import json

import pytest
from asn1crypto import cms as asn1_cms
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from signatures.validation import (
    DocumentFacts,
    FindingCode,
    Kind,
    LegalFrame,
    Line,
    Status,
    extract,
    extraction,
    from_json,
    judge,
    to_json,
)
from signatures.validation.facts import Reading
from signatures.validation.json_form import UnknownFactsVersion
from tests.signatures import altering
from tests.signatures.pki import NOW, SIGNED, make_pdf, make_pki, sign


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign(make_pdf(), make_pki().signers["good"], timestamped_at=SIGNED)


def extract_from(pdf: bytes) -> DocumentFacts:
    return extract(io.BytesIO(pdf), trust=make_pki().trust(), revocation=make_pki().revocation())


def code_of(facts: DocumentFacts, line: Line) -> FindingCode | None:
    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)
    return verdict.signatures[0].line(line).code


def with_contents(pdf: bytes, cms: bytes) -> bytes:
    """The same file with another signature value: the hole keeps its place and size."""
    start = pdf.index(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", start)
    written = cms.hex().encode()
    assert len(written) <= end - start
    return pdf[:start] + written.ljust(end - start, b"0") + pdf[end:]


def contents_of(pdf: bytes) -> asn1_cms.ContentInfo:
    start = pdf.index(b"/Contents <") + len(b"/Contents <")
    return asn1_cms.ContentInfo.load(bytes.fromhex(pdf[start : pdf.index(b">", start)].decode()))


def test_facts_keep_what_a_later_judgement_needs(signed):
    facts = extract_from(signed)

    (signature,) = facts.signatures
    assert facts.certificates[signature.certificate or ""].der == make_pki().signers["good"].der
    assert make_pki().timestamps.der in {item.der for item in facts.certificates.values()}
    assert signature.cms is not None
    assert signature.cms.claimed_at == SIGNED
    assert [item.generated_at for item in signature.timestamps] == [SIGNED]
    assert facts.trusted_list == "test list 7"


def test_facts_survive_json(signed):
    facts = extract_from(signed)

    stored = json.dumps(to_json(facts))

    assert from_json(json.loads(stored)) == facts


def test_facts_of_another_version_are_refused(signed):
    stored = to_json(extract_from(signed)) | {"version": 99}

    with pytest.raises(UnknownFactsVersion):
        from_json(stored)


def test_a_document_too_large_is_not_read(signed, monkeypatch):
    monkeypatch.setattr(extraction, "MAX_DOCUMENT_SIZE", len(signed) - 1)

    facts = extract_from(signed)

    assert facts.problem is not None
    assert (facts.problem.reading, facts.sha256) == (Reading.TOO_LARGE, "")


def test_a_document_with_too_many_signatures_is_not_examined(signed, monkeypatch):
    monkeypatch.setattr(extraction, "MAX_SIGNATURES", 0)

    facts = extract_from(signed)

    assert facts.problem is not None
    assert (facts.problem.reading, facts.signatures) == (Reading.TOO_LARGE, ())


@pytest.mark.parametrize("label", ["/adbe.pkcs7.sha1", "/adbe.x509.rsa_sha1", "/Nobody.Knows.This"])
def test_a_signature_of_an_unsupported_format_is_reported(signed, label):
    def relabel(writer: altering.Writer) -> None:
        value = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        value[pdf_name("/SubFilter")] = pdf_name(label)
        writer.update_container(value)

    facts = extract_from(altering.revise(signed, relabel))

    assert code_of(facts, Line.FORMAT) is FindingCode.FORMAT_UNSUPPORTED
    assert code_of(facts, Line.INTEGRITY) is FindingCode.NOT_EXAMINED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("/Contents", generic.ByteStringObject(b"\0" * 64)),
        ("/Contents", generic.ByteStringObject(b"")),
        ("/ByteRange", generic.NullObject()),
        ("/ByteRange", generic.ArrayObject()),
    ],
)
def test_an_empty_signature_is_not_conform(signed, key, value):
    def empty(writer: altering.Writer) -> None:
        dictionary = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        dictionary[pdf_name(key)] = value
        writer.update_container(dictionary)

    facts = extract_from(altering.revise(signed, empty))

    verdict = judge(facts, frame=LegalFrame.ORDER_2012, moment=NOW)
    assert verdict.signatures[0].line(Line.PRESENCE).status is Status.NOT_CONFORM
    assert verdict.signatures[0].line(Line.INTEGRITY).status is not Status.CONFORM


def test_a_null_signature_value_is_reported(signed):
    def empty(writer: altering.Writer) -> None:
        dictionary = writer.root["/AcroForm"]["/Fields"][0]["/V"]
        dictionary[pdf_name("/Contents")] = generic.NullObject()
        writer.update_container(dictionary)

    facts = extract_from(altering.revise(signed, empty))

    assert code_of(facts, Line.FORMAT) is FindingCode.UNREADABLE


@pytest.mark.parametrize("count", [0, 2])
def test_a_signature_without_exactly_one_signer_is_not_conform(signed, count):
    cms = contents_of(signed)
    signer = cms["content"]["signer_infos"][0]
    cms["content"]["signer_infos"] = [signer] * count
    cms["content"]["certificates"] = [make_pki().signers["good"].asn1]  # make room
    altered = with_contents(signed, cms.dump(force=True))

    facts = extract_from(altered)

    assert code_of(facts, Line.FORMAT) is FindingCode.SEVERAL_SIGNERS
    assert code_of(facts, Line.INTEGRITY) is FindingCode.NOT_EXAMINED


def test_the_signature_of_another_document_does_not_hold(signed):
    other = sign(make_pdf("autre"), make_pki().signers["good"])

    facts = extract_from(with_contents(signed, contents_of(other).dump()))

    assert code_of(facts, Line.INTEGRITY) is FindingCode.DIGEST_MISMATCH


def test_an_exchanged_certificate_is_noticed(signed):
    cms = contents_of(signed)
    certificate = make_pki().signers["unqualified"].asn1  # the same key in another certificate
    cms["content"]["certificates"] = [asn1_cms.CertificateChoices("certificate", certificate)]
    identifier = cms["content"]["signer_infos"][0]["sid"].chosen
    identifier["serial_number"] = certificate.serial_number

    facts = extract_from(with_contents(signed, cms.dump(force=True)))

    assert code_of(facts, Line.INTEGRITY) is FindingCode.CERTIFICATE_SUBSTITUTED


def test_a_missing_certificate_leaves_integrity_unknown(signed):
    cms = contents_of(signed)
    cms["content"]["certificates"] = []

    facts = extract_from(with_contents(signed, cms.dump(force=True)))

    assert code_of(facts, Line.INTEGRITY) is FindingCode.CERTIFICATE_MISSING
    assert code_of(facts, Line.SIGNATORY) is FindingCode.NOT_EXAMINED


@pytest.mark.parametrize(
    ("password", "code"),
    [("", FindingCode.NO_SIGNATURE_FOUND), ("sésame", FindingCode.PASSWORD_NEEDED)],
)
def test_an_encrypted_document_is_read_under_the_empty_password_only(password, code):
    output = io.BytesIO()
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(make_pdf())))
    writer.encrypt(owner_pass="owner", user_pass=password)
    writer.write(output)

    verdict = judge(extract_from(output.getvalue()), frame=LegalFrame.ORDER_2019, moment=NOW)

    assert verdict.document.code is code


def test_a_verdict_is_plain_json_too(signed):
    verdict = judge(extract_from(signed), frame=LegalFrame.ORDER_2019, moment=NOW)

    stored = json.loads(json.dumps(to_json(verdict)))

    assert (stored["indication"], stored["signatures"][0]["lines"][2]["line"]) == (
        "TOTAL-PASSED",
        "integrity",
    )


def test_active_content_is_flagged(signed):
    def add_script(writer: altering.Writer) -> None:
        writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(
            {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("1")}
        )
        writer.update_root()

    facts = extract_from(altering.revise(make_pdf(), add_script))

    assert facts.active_content == ("opening-action",)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_document_is_never_called_intact(signed, cut):
    facts = extract_from(signed[: int(len(signed) * cut)])

    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)
    lines = [item.line(Line.INTEGRITY).status for item in verdict.signatures]
    assert Status.CONFORM not in lines
    assert verdict.document.status is not Status.CONFORM or lines


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_extraction_never_raises_for_what_a_file_holds(noise):
    for content in (noise, b"%PDF-1.7\n" + noise, make_pdf() + noise):
        facts = extract(io.BytesIO(content))

        judge(facts, frame=LegalFrame.ORDER_2012, moment=NOW)
        assert from_json(to_json(facts)) == facts


def test_a_stream_is_left_open_and_only_read(signed):
    class Reading(io.BytesIO):
        def write(self, _data: object) -> int:
            raise AssertionError("written to")

    stream = Reading(signed)

    assert extract(stream).kind is Kind.PDF
    assert not stream.closed
