# SPDX-License-Identifier: EUPL-1.2
"""One pass over the bytes, in chunks."""

import hashlib
import io

import pytest

from signatures.validation import scanning
from signatures.validation.scanning import count_ink, digest_ranges, scan


def test_scan_digests_and_measures_the_whole_stream():
    content = b"x" * (scanning.CHUNK_SIZE + 3)

    found = scan(io.BytesIO(content))

    assert (found.size, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("shift", [-40, -20, -5, 0])
def test_scan_finds_once_a_byte_range_across_two_chunks(shift):
    content = b"x" * (scanning.CHUNK_SIZE + shift) + b"/ByteRange [0 10 20 30] /Type"

    assert scan(io.BytesIO(content)).byte_ranges == ((0, 10, 20, 30),)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (b"/ByteRange[0 1 2 3]", (0, 1, 2, 3)),
        (b"/ByteRange \n [ 0  1 2 -3 ]", (0, 1, 2, -3)),
        (b"/ByteRange null", ()),
    ],
)
def test_scan_reads_byte_ranges_however_they_are_written(written, numbers):
    assert scan(io.BytesIO(written + b" >>")).byte_ranges == (numbers,)


def test_scan_does_not_remember_byte_ranges_for_ever():
    content = b"/ByteRange [0 1 2 3] " * (scanning.MAX_BYTE_RANGES + 1)

    assert len(scan(io.BytesIO(content)).byte_ranges) == scanning.MAX_BYTE_RANGES


def test_scan_ignores_longer_names():
    assert scan(io.BytesIO(b"/ByteRanges [0 1 2 3]")).byte_ranges == ()


def test_digest_ranges_leaves_the_hole_out():
    stream = io.BytesIO(b"abcXXXdef")

    assert digest_ranges(stream, (0, 3, 6, 3), "sha256") == hashlib.sha256(b"abcdef").digest()


def test_digest_ranges_refuses_what_is_not_there():
    with pytest.raises(ValueError, match="past the end"):
        digest_ranges(io.BytesIO(b"abc"), (0, 3, 6, 3), "sha256")


def test_ink_is_what_is_neither_blank_nor_null():
    assert count_ink(io.BytesIO(b"%%EOF\r\n \0x\n"), 5) == 1
