# SPDX-License-Identifier: EUPL-1.2
"""What a file is, from its bytes."""

import base64
import io
import zipfile

import pytest

from signatures.validation import FindingCode, Kind, LegalFrame, detect, extract, judge
from tests.signatures.pki import NOW, make_pdf

CMS = bytes.fromhex("308006092a864886f70d010702a0803080020101")
XML = b'<?xml version="1.0"?><r><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></r>'


def make_zip(*entries: tuple[str, str]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return output.getvalue()


SAMPLES = {
    "a PDF": (make_pdf(), Kind.PDF),
    "a PDF after a few bytes": (b"\n\n" + make_pdf(), Kind.PDF),
    "CMS in BER": (CMS, Kind.CMS),
    "CMS in DER": (bytes.fromhex("30820a4306092a864886f70d010702a0820a34"), Kind.CMS),
    "CMS in base64": (base64.encodebytes(CMS * 9), Kind.CMS),
    "CMS in PEM": (b"-----BEGIN PKCS7-----\nMII=", Kind.CMS),
    "XML-DSig": (XML, Kind.XML_SIGNATURE),
    "XML-DSig with a mark": (b"\xef\xbb\xbf" + XML, Kind.XML_SIGNATURE),
    "XML-DSig in UTF-16": (XML.decode().encode("utf-16"), Kind.XML_SIGNATURE),
    "ASiC by its type": (make_zip(("mimetype", "application/vnd.etsi.asic-e+zip")), Kind.ASIC),
    "ASiC by its entry": (make_zip(("a.txt", "a"), ("META-INF/signatures0.xml", "x")), Kind.ASIC),
    "a signed text document": (
        make_zip(("META-INF/documentsignatures.xml", "x")),
        Kind.SIGNED_PACKAGE,
    ),
    "a signed office document": (make_zip(("_xmlsignatures/sig1.xml", "x")), Kind.SIGNED_PACKAGE),
    "an archive": (make_zip(("offre.pdf", "x")), Kind.UNKNOWN),
    "XML": (b"<a/>", Kind.UNKNOWN),
    "a certificate": (bytes.fromhex("308203f7308202df"), Kind.UNKNOWN),
    "text": (b"Bonjour", Kind.UNKNOWN),
    "nothing": (b"", Kind.UNKNOWN),
}


@pytest.mark.parametrize(("content", "kind"), SAMPLES.values(), ids=SAMPLES)
def test_the_kind_is_told_from_the_bytes(content, kind):
    assert detect(io.BytesIO(content)) is kind


@pytest.mark.parametrize("name", ["CMS in BER", "XML-DSig", "ASiC by its type"])
def test_a_known_format_that_is_not_checked_yet_is_never_called_unsigned(name):
    facts = extract(io.BytesIO(SAMPLES[name][0]))

    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=NOW)

    assert verdict.document.code is FindingCode.FORMAT_UNSUPPORTED
