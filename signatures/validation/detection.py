# SPDX-License-Identifier: EUPL-1.2
"""What a file is, told from its bytes: a name or an extension proves nothing."""

import base64
import binascii
import os
import re
from typing import BinaryIO

from signatures.validation.facts import Kind

HEAD_SIZE = 64 * 1024  # bytes looked at from the start
TAIL_SIZE = 256 * 1024  # bytes looked at from the end, where a ZIP keeps its directory

_SIGNED_DATA_OID = bytes.fromhex("06092a864886f70d010702")  # 1.2.840.113549.1.7.2
_XML_SIGNATURE_NAMESPACE = b"http://www.w3.org/2000/09/xmldsig#"
_CMS_ARMOUR = re.compile(rb"-----BEGIN (?:PKCS ?#?7|CMS)(?: SIGNED DATA)?-----")
_ASIC_MEDIA_TYPE = b"application/vnd.etsi.asic-"
_ASIC_ENTRY = re.compile(
    rb"META-INF/[^/\x00]{0,100}(?:signature|timestamp)[^/\x00]{0,100}\.(?:xml|p7s|tst)",
    re.IGNORECASE,
)
_OFFICE_ENTRY = re.compile(rb"_xmlsignatures/|META-INF/documentsignatures\.xml", re.IGNORECASE)


def detect(stream: BinaryIO) -> Kind:
    """The kind of a seekable stream; reads its two ends only."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(HEAD_SIZE)
    stream.seek(max(0, size - TAIL_SIZE))
    tail = stream.read(TAIL_SIZE)
    if b"%PDF-" in head[:1024]:
        return Kind.PDF
    if head.startswith(b"PK\x03\x04"):
        return _detect_package(head, tail)
    if _is_cms(head):
        return Kind.CMS
    if _is_xml_signature(head, tail):
        return Kind.XML_SIGNATURE
    return Kind.UNKNOWN


def _detect_package(head: bytes, tail: bytes) -> Kind:
    if _OFFICE_ENTRY.search(tail):
        return Kind.SIGNED_PACKAGE
    if _ASIC_MEDIA_TYPE in head[:256] or _ASIC_ENTRY.search(tail):
        return Kind.ASIC
    return Kind.UNKNOWN


def _is_cms(head: bytes) -> bool:
    if _CMS_ARMOUR.match(head.lstrip()):
        return True
    return _starts_as_signed_data(head) or _starts_as_signed_data(_decode_base64(head))


def _starts_as_signed_data(data: bytes) -> bool:
    """A DER or BER SEQUENCE whose first element is the object identifier of SignedData."""
    return data[:1] == b"\x30" and _SIGNED_DATA_OID in data[:24]


def _decode_base64(head: bytes) -> bytes:
    text = b"".join(head[:256].split())[:64]
    try:
        return base64.b64decode(text[: len(text) - len(text) % 4], validate=True)
    except binascii.Error:
        return b""


def _is_xml_signature(head: bytes, tail: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
        text = head[2:].lstrip()
    return text.startswith(b"<") and _XML_SIGNATURE_NAMESPACE in head + tail
