# SPDX-License-Identifier: EUPL-1.2
"""The byte range, and the hole in it."""

import io

import pytest

from signatures.validation.facts import ByteRangeFacts
from signatures.validation.pdf_bytes import check_byte_range

CONTENTS = bytes.fromhex("3003020101")
FILE = b"%PDF-1.7 /Contents <3003020101> trailer"
HOLE = (19, 31)
GOOD = (0, 19, 31, 8)


def check(values: tuple[int, ...], file: bytes = FILE) -> ByteRangeFacts:
    return check_byte_range(io.BytesIO(file), len(file), values, CONTENTS)


def test_a_hole_that_is_exactly_the_contents_is_sound():
    facts = check(GOOD)

    assert FILE[slice(*HOLE)] == b"<3003020101>"
    assert (facts.is_well_formed, facts.hole_is_contents) == (True, True)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (0, 19),
        (0, 19, 31, 8, 0, 0),
        (1, 18, 31, 8),  # not from the first byte
        (0, 0, 31, 8),
        (0, 19, 31, 9),  # past the end
        (0, 19, 31, 0),
        (0, 31, 19, 8),  # overlapping
        (0, 19, 19, 8),  # no hole
        (0, 19, -31, 8),
        (0, 19, 31, -8),
    ],
)
def test_a_byte_range_of_another_shape_is_not_well_formed(values):
    assert check(values).is_well_formed is False


@pytest.mark.parametrize("values", [(0, 18, 31, 8), (0, 20, 31, 8), (0, 19, 32, 7), (0, 19, 30, 9)])
def test_a_hole_larger_or_smaller_than_the_contents_is_not_sound(values):
    assert check(values).hole_is_contents is False


@pytest.mark.parametrize(
    "hole", [b"<3003020102>", b"<30030201zz>", b"(3003020101)", b"<30>02<0101>", b"<300302010100"]
)
def test_a_hole_with_anything_else_in_it_is_not_sound(hole):
    assert check(GOOD, FILE.replace(b"<3003020101>", hole)).hole_is_contents is False


def test_a_hole_may_be_written_on_several_lines():
    assert check((0, 19, 32, 8), FILE.replace(b"0201", b"02\n01")).hole_is_contents is True


def test_a_huge_hole_is_not_read():
    file = FILE[:19] + b"<" + b"0" * (9 * 1024 * 1024) + b">" + FILE[31:]

    assert check((0, 19, len(file) - 8, 8), file).hole_is_contents is False
