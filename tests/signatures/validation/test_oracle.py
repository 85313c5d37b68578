# SPDX-License-Identifier: EUPL-1.2
"""An independent reader, pdfsig of poppler, agrees on what is intact."""

import io
import subprocess
from pathlib import Path

import pytest

from signatures.validation import LegalFrame, Line, Status, extract, judge
from tests.signatures.pki import NOW, SIGNED, make_pdf, make_pki, sign


def oracle_calls_intact(pdf: bytes, folder: Path) -> list[bool]:
    path = folder / "signed.pdf"
    path.write_bytes(pdf)
    answer = subprocess.run(
        ["pdfsig", "-nocert", path], capture_output=True, text=True, check=False
    )
    lines = [line for line in answer.stdout.splitlines() if "Signature Validation:" in line]
    return ["Signature is Valid." in line for line in lines]


def we_call_intact(pdf: bytes) -> list[bool]:
    verdict = judge(extract(io.BytesIO(pdf)), frame=LegalFrame.ORDER_2019, moment=NOW)
    return [item.line(Line.INTEGRITY).status is Status.CONFORM for item in verdict.signatures]


@pytest.mark.parametrize("options", [{}, {"timestamped_at": SIGNED}, {"baseline": False}])
def test_pdfsig_agrees_on_good_signatures(options, tmp_path):
    pdf = sign(make_pdf(), make_pki().signers["good"], **options)

    assert we_call_intact(pdf) == oracle_calls_intact(pdf, tmp_path) == [True]


def test_pdfsig_agrees_on_two_signatures(tmp_path):
    once = sign(make_pdf(), make_pki().signers["good"])
    twice = sign(once, make_pki().signers["unqualified"], field_name="Signature2")

    assert we_call_intact(twice) == oracle_calls_intact(twice, tmp_path) == [True, True]


def test_pdfsig_agrees_on_an_altered_document(tmp_path):
    pdf = sign(make_pdf("1000 EUR"), make_pki().signers["good"]).replace(b"1000", b"9000")

    assert we_call_intact(pdf) == oracle_calls_intact(pdf, tmp_path) == [False]
