# SPDX-License-Identifier: EUPL-1.2
"""What a signature of a PDF says it signs, checked against the bytes of the file."""

import re
from typing import BinaryIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signatures.validation.facts import ByteRangeFacts, Coverage
from signatures.validation.scanning import count_ink, read_range

MAX_CONTENTS_SIZE = 8 * 1024 * 1024  # bytes of a signature with its zero padding, in hexadecimal
_END_OF_FILE_WINDOW = 4096  # bytes after a cross-reference section in which its %%EOF stands


def check_byte_range(
    stream: BinaryIO, size: int, values: tuple[int, ...], contents: bytes
) -> ByteRangeFacts:
    """Measure a /ByteRange against the file and against the /Contents of the same signature.

    The hole between the two ranges must be the hexadecimal string of this signature and nothing else: any
    more could be replaced without breaking the digest (signature wrapping).
    """
    if not _is_well_formed(values, size):
        return ByteRangeFacts(values, is_well_formed=False, hole_is_contents=False)
    start, end = values[1], values[2]
    if end - start > MAX_CONTENTS_SIZE:
        return ByteRangeFacts(values, is_well_formed=True, hole_is_contents=False)
    hole = b"".join(read_range(stream, start, end - start))
    return ByteRangeFacts(values, is_well_formed=True, hole_is_contents=_spells(hole, contents))


def find_coverage(
    stream: BinaryIO, signature: EmbeddedPdfSignature, byte_range: ByteRangeFacts
) -> Coverage:
    """How much of the file the signed bytes are."""
    if not byte_range.is_well_formed or not byte_range.hole_is_contents:
        return Coverage.PARTIAL
    if count_ink(stream, end_of(byte_range)) == 0:
        return Coverage.WHOLE_FILE
    level = signature.evaluate_signature_coverage()
    return (
        Coverage.REVISION if level >= SignatureCoverageLevel.ENTIRE_REVISION else Coverage.PARTIAL
    )


def end_of(byte_range: ByteRangeFacts) -> int:
    """The offset after the last signed byte; 0 when the range is not well formed."""
    return byte_range.values[2] + byte_range.values[3] if byte_range.is_well_formed else 0


def count_unexplained_bytes(
    stream: BinaryIO, reader: PdfFileReader, byte_ranges: list[ByteRangeFacts]
) -> int:
    """Non-blank bytes after the last revision, and after the last signed byte.

    A viewer that repairs damaged files may show what is in them; this reader does not see it.
    """
    sections = map(reader.xrefs.get_xref_container_info, range(reader.xrefs.total_revisions))
    last = max(
        section.end_location for section in sections
    )  # a linearised file has its newest section first
    stream.seek(last)
    ending = re.search(rb"%%EOF", stream.read(_END_OF_FILE_WINDOW))
    known = last + (ending.end() if ending else 0)
    return count_ink(stream, max([known, *map(end_of, byte_ranges)]))


def _is_well_formed(values: tuple[int, ...], size: int) -> bool:
    if len(values) != 4 or values[0] != 0:
        return False
    _, first_length, second_start, second_length = values
    return (
        0 < first_length < second_start <= second_start + second_length <= size
        and second_length > 0
    )


def _spells(hole: bytes, contents: bytes) -> bool:
    if hole[:1] != b"<" or hole[-1:] != b">":
        return False
    try:
        digits = hole[1:-1].translate(None, b"\0\t\n\f\r ").decode("ascii")
        return bytes.fromhex(digits + "0" * (len(digits) % 2)) == contents
    except ValueError:
        return False
