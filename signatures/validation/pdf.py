# SPDX-License-Identifier: EUPL-1.2
"""The signatures of a PDF (ISO 32000-2, §12.8), found one by one so that one failure hides no other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from signatures.validation import cms
from signatures.validation.facts import (
    ByteRangeFacts,
    ChangeFacts,
    Coverage,
    Form,
    Problem,
    Reading,
)
from signatures.validation.guard import attempt
from signatures.validation.pdf_bytes import check_byte_range, count_unexplained_bytes, find_coverage
from signatures.validation.pdf_changes import compare
from signatures.validation.scanning import Scan

TIMESTAMP_FORMAT = "ETSI.RFC3161"
FORMATS = {"ETSI.CAdES.detached", "adbe.pkcs7.detached", TIMESTAMP_FORMAT}
MAX_STRAYS = 16  # reported one by one
_ACTIONS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm"}


@dataclass(frozen=True, slots=True)
class Found:
    """One signature as it stands in the file: bytes located and parsed, no certificate looked at."""

    name: str
    form: Form = Form.SIGNATURE
    format: str = ""
    problem: Problem | None = None
    byte_range: ByteRangeFacts | None = None
    coverage: Coverage = Coverage.UNKNOWN
    changes: ChangeFacts | None = None
    message: cms.SignedMessage | None = None
    claimed_at: datetime | None = None  # /M, inside the signed bytes


@dataclass(frozen=True, slots=True)
class FoundInPdf:
    """What a PDF holds for a validator."""

    problem: Problem | None = None
    signatures: tuple[Found, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    unexplained_bytes: int = 0
    has_hybrid_references: bool = False
    active_content: tuple[str, ...] = ()


def find_in_pdf(stream: BinaryIO, scan: Scan, max_signatures: int) -> FoundInPdf:
    """Everything a PDF holds, whatever of it can be read. Never raises."""
    opened = attempt(lambda: _open(stream))
    if isinstance(opened, Problem):
        return FoundInPdf(problem=opened, signatures=_stray(scan, (), opened.reading))
    fields = attempt(lambda: list(_list_fields(opened)))
    problem = fields if isinstance(fields, Problem) else None
    listed = [] if isinstance(fields, Problem) else fields
    if len(listed) > max_signatures:
        return FoundInPdf(problem=Problem(Reading.TOO_LARGE, f"{len(listed)} signatures"))
    signatures = tuple(_find(opened, stream, scan, name, item) for name, item in listed)
    store = attempt(lambda: _read_store(opened))
    if isinstance(store, Problem):
        store = FoundInPdf()
    ranges = [item.byte_range for item in signatures if item.byte_range]
    unexplained = attempt(lambda: count_unexplained_bytes(stream, opened, ranges))
    active = attempt(lambda: _list_active_content(opened))
    return replace(
        store,
        problem=problem or (unexplained if isinstance(unexplained, Problem) else None),
        signatures=signatures + _stray(scan, signatures, Reading.STRAY, _read_mac_range(opened)),
        unexplained_bytes=0 if isinstance(unexplained, Problem) else unexplained,
        has_hybrid_references=opened.xrefs.hybrid_xrefs_present,
        active_content=() if isinstance(active, Problem) else active,
    )


def _open(stream: BinaryIO) -> PdfFileReader | Problem:
    """A reader; encryption under the empty password, which everybody has, is no obstacle."""
    reader = PdfFileReader(stream, strict=False)
    if not reader.encrypted:
        return reader
    if not isinstance(reader.security_handler, StandardSecurityHandler):
        return Problem(Reading.ENCRYPTED, "certificate")
    if reader.decrypt(b"").status is AuthStatus.FAILED:
        return Problem(Reading.ENCRYPTED, "password")
    return reader


def _list_fields(reader: PdfFileReader) -> Iterator[tuple[str, generic.IndirectObject]]:
    for name, value, reference in enumerate_sig_fields(reader):
        if value is not None and not isinstance(value, generic.NullObject):
            yield str(name), reference


def _find(
    reader: PdfFileReader, stream: BinaryIO, scan: Scan, name: str, item: generic.IndirectObject
) -> Found:
    found = attempt(lambda: _find_one(reader, stream, scan, name, item))
    return Found(name, problem=found) if isinstance(found, Problem) else found


def _find_one(
    reader: PdfFileReader, stream: BinaryIO, scan: Scan, name: str, item: generic.IndirectObject
) -> Found:
    value = _get(item.get_object(), "/V")  # type: ignore[no-untyped-call] # the library has few types
    label = str(_get(value, "/SubFilter") or "")[1:]
    form = Form.DOCUMENT_TIMESTAMP if label == TIMESTAMP_FORMAT else Form.SIGNATURE
    found = Found(name, form, label)
    if label not in FORMATS:
        return replace(found, problem=Problem(Reading.UNSUPPORTED, label))
    values, contents = _read_numbers(_get(value, "/ByteRange")), extract_contents(value)
    if not values or not any(contents):
        return replace(found, problem=Problem(Reading.EMPTY))
    found = replace(
        found,
        byte_range=check_byte_range(stream, scan.size, values, contents),
        message=cms.load(contents),
        claimed_at=_read_date(_get(value, "/M")),
    )
    placed = attempt(lambda: _place(reader, stream, name, item, found))
    return replace(found, problem=placed) if isinstance(placed, Problem) else placed


def _place(
    reader: PdfFileReader, stream: BinaryIO, name: str, item: generic.IndirectObject, found: Found
) -> Found:
    """Add what depends on the other revisions; the library places signatures with one signer only."""
    if found.message is None or found.message.signer_count != 1 or found.byte_range is None:
        return found
    signature = EmbeddedPdfSignature(reader, item, name)  # type: ignore[arg-type] # takes references too
    coverage = find_coverage(stream, signature, found.byte_range)
    return replace(found, coverage=coverage, changes=compare(reader, signature))


def _get(dictionary: Any, key: str) -> Any:
    """The value itself, references and encryption undone: `dict.get` would give them raw."""
    try:
        return dictionary[key]
    except KeyError:
        return None


def _read_numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, generic.ArrayObject):
        return ()
    return tuple(int(number) for number in value)


def _read_date(value: Any) -> datetime | None:
    """A PDF date; one without a zone says nothing that could be compared."""
    try:
        date = generic.parse_pdf_date(str(value), strict=False)
    except PdfReadError:
        return None
    return date.astimezone(UTC) if date.tzinfo else None


def _read_mac_range(reader: PdfFileReader) -> tuple[int, ...]:
    """The byte range of an encrypted document's integrity code (ISO/TS 32004), which is no signature."""
    code = attempt(lambda: _get(reader.trailer_view, "/AuthCode"))
    return _read_numbers(_get(code, "/ByteRange")) if isinstance(code, dict) else ()


def _stray(
    scan: Scan, found: tuple[Found, ...], reading: Reading, mac_range: tuple[int, ...] = ()
) -> tuple[Found, ...]:
    """Byte ranges written in the file that no signature field leads to."""
    known = {item.byte_range.values for item in found if item.byte_range}
    known |= {mac_range} if mac_range else set()
    # A field that could not be read may own one.
    excused = sum(item.byte_range is None for item in found)
    stray = [values for values in dict.fromkeys(scan.byte_ranges) if values not in known]
    return tuple(
        Found(f"bytes {values}", problem=Problem(reading))
        for values in stray[excused:][:MAX_STRAYS]
    )


def _read_store(reader: PdfFileReader) -> FoundInPdf:
    """The document security store: certificates, CRLs and OCSP answers (ETSI EN 319 142-1, §5.4.2)."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return FoundInPdf()
    return FoundInPdf(
        certificates=tuple(store.load_certs()),
        crls=tuple(item.get_object().data for item in store.crls),
        ocsps=tuple(item.get_object().data for item in store.ocsps),
    )


def _list_active_content(reader: PdfFileReader) -> tuple[str, ...]:
    """What may change what is shown without changing a byte, as far as the catalogue tells."""
    root = reader.root
    opening, names, form = (_get(root, key) for key in ("/OpenAction", "/Names", "/AcroForm"))
    found = {
        "additional-actions": "/AA" in root,
        "opening-action": isinstance(opening, dict) and _get(opening, "/S") in _ACTIONS,
        "javascript": isinstance(names, dict) and "/JavaScript" in names,
        "xfa-form": isinstance(form, dict) and "/XFA" in form,
    }
    return tuple(name for name, is_there in found.items() if is_there)
