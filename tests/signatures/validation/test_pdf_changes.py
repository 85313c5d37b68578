# SPDX-License-Identifier: EUPL-1.2
"""What is appended after a signature: harmless updates stay conform, nothing altered is called intact."""

import io

import pytest
from pyhanko.sign.fields import MDPPerm

from signatures.validation import FindingCode, LegalFrame, Line, Status, Verdict, extract, judge
from tests.signatures import altering
from tests.signatures.pki import (
    DAY,
    NOW,
    SIGNED,
    add_document_timestamp,
    embed_revocation,
    make_pdf,
    make_pki,
    sign,
)

ATTACKS = [
    altering.replace_text,
    altering.rewrite_text,
    altering.replace_font,
    altering.crop_page,
    altering.add_page,
    altering.remove_page,
]


def verdict_on(pdf: bytes) -> Verdict:
    return judge(extract(io.BytesIO(pdf)), frame=LegalFrame.ORDER_2019, moment=NOW)


def coverage_of(pdf: bytes) -> tuple[Status, FindingCode | None]:
    line = verdict_on(pdf).signatures[0].line(Line.COVERAGE)
    return line.status, line.code


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign(make_pdf("page une", "page deux"), make_pki().signers["good"])


def test_a_signature_over_the_whole_file_covers_it(signed):
    assert coverage_of(signed) == (Status.CONFORM, FindingCode.COVERS_FILE)


@pytest.mark.parametrize("blanks", [b"\n", b"\r\n", b" \0\n"])
def test_blank_bytes_after_the_end_change_nothing(signed, blanks):
    assert coverage_of(signed + blanks) == (Status.CONFORM, FindingCode.COVERS_FILE)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_later_change_of_the_pages_is_not_conform(signed, attack):
    altered = altering.revise(signed, attack)

    assert coverage_of(altered) == (Status.NOT_CONFORM, FindingCode.PAGES_CHANGED)


def test_an_annotation_over_the_text_is_never_conform(signed):
    altered = altering.revise(signed, altering.cover_with_note)

    assert coverage_of(altered) == (Status.INDETERMINATE, FindingCode.CHANGES_UNEXPLAINED)


def test_bytes_that_belong_to_no_revision_are_not_conform(signed):
    altered = signed + b"\n5 0 obj\n<< /Type /Page >>\nendobj\n"

    assert coverage_of(altered) == (Status.NOT_CONFORM, FindingCode.UNEXPLAINED_BYTES)


def test_a_hidden_signature_is_still_reported(signed):
    altered = altering.revise(signed, altering.drop_form)

    (found,) = verdict_on(altered).signatures
    assert found.line(Line.PRESENCE).code is FindingCode.SIGNATURE_STRAY
    assert found.line(Line.INTEGRITY).status is Status.INDETERMINATE


def test_a_second_signature_leaves_the_first_conform(signed):
    twice = sign(signed, make_pki().signers["elliptic"], field_name="Signature2")

    first, second = verdict_on(twice).signatures
    assert first.line(Line.COVERAGE).code is FindingCode.COVERS_REVISION
    assert second.line(Line.COVERAGE).code is FindingCode.COVERS_FILE
    assert {item.line(Line.INTEGRITY).status for item in (first, second)} == {Status.CONFORM}


def test_archive_data_leave_the_signature_conform(signed):
    archived = add_document_timestamp(
        embed_revocation(signed, make_pki().revocation()), SIGNED + DAY
    )

    assert coverage_of(archived) == (Status.CONFORM, FindingCode.COVERS_REVISION)


def test_a_certified_document_refuses_what_it_forbids():
    certified = sign(make_pdf(), make_pki().signers["good"], certify=MDPPerm.NO_CHANGES)
    archived = embed_revocation(certified, make_pki().revocation())
    altered = altering.revise(certified, altering.cover_with_note)

    assert coverage_of(archived) == (Status.CONFORM, FindingCode.COVERS_REVISION)
    assert coverage_of(altered)[0] is not Status.CONFORM


def test_a_change_before_the_signature_is_what_was_signed():
    edited = altering.revise(make_pdf("brouillon"), altering.replace_text)

    assert coverage_of(sign(edited, make_pki().signers["good"])) == (
        Status.CONFORM,
        FindingCode.COVERS_FILE,
    )
