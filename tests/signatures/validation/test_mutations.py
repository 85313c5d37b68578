# SPDX-License-Identifier: EUPL-1.2
"""Whatever bit of the signed bytes is flipped, the document is not called intact."""

import io
import random

import pytest

from signatures.validation import LegalFrame, Line, Status, extract, judge
from tests.signatures.pki import NOW, SIGNED, make_pdf, make_pki, sign

FLIPS = 200
SEED = 20260302


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign(make_pdf("Prix : 1000 EUR"), make_pki().signers["elliptic"], timestamped_at=SIGNED)


def is_called_intact(pdf: bytes) -> bool:
    verdict = judge(extract(io.BytesIO(pdf)), frame=LegalFrame.ORDER_2019, moment=NOW)
    lines = [item.line(Line.INTEGRITY).status for item in verdict.signatures]
    return Status.CONFORM in lines


def flip(pdf: bytes, position: int, bit: int) -> bytes:
    return pdf[:position] + bytes([pdf[position] ^ 1 << bit]) + pdf[position + 1 :]


def signed_positions(pdf: bytes) -> list[int]:
    byte_range = extract(io.BytesIO(pdf)).signatures[0].byte_range
    assert byte_range is not None
    _, length, start, rest = byte_range.values
    return [*range(length), *range(start, start + rest)]


def test_the_untouched_document_is_called_intact(signed):
    assert is_called_intact(signed)


def test_no_flipped_bit_of_the_signed_bytes_goes_unnoticed(signed):
    chance = random.Random(SEED)
    flips = [(chance.choice(signed_positions(signed)), chance.randrange(8)) for _ in range(FLIPS)]

    unnoticed = [place for place in flips if is_called_intact(flip(signed, *place))]

    assert unnoticed == []


def test_no_flipped_bit_of_the_signed_attributes_goes_unnoticed(signed):
    chance = random.Random(SEED)
    (signature,) = extract(io.BytesIO(signed)).signatures
    assert signature.cms is not None
    start = signed.index(b"06092A864886F70D010904")  # the attribute message-digest, in hexadecimal
    unnoticed = []

    for _ in range(FLIPS // 4):
        position = start + chance.randrange(90)
        digit = f"{int(signed[position : position + 1], 16) ^ 1 << chance.randrange(4):x}".encode()
        if is_called_intact(signed[:position] + digit + signed[position + 1 :]):
            unnoticed.append(position)

    assert unnoticed == []
