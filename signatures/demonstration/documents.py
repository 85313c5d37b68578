# SPDX-License-Identifier: EUPL-1.2
"""Documents of the demonstration: small PDF files, one of them really signed (PAdES B-B)."""

import io
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
    b" /Resources << /Font << /F1 5 0 R >> >> >>"
)
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """A one-page PDF 1.7 with a title and lines of text."""
    text = [b"BT /F1 20 Tf 60 770 Td (%s) Tj /F1 11 Tf 0 -20 Td" % _escaped(title)]
    text += [b"0 -18 Td (%s) Tj" % _escaped(line) for line in lines]
    content = b"\n".join([*text, b"ET"])
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        FONT,
    ]
    return _assembled(objects)


def _escaped(text: str) -> bytes:
    encoded = text.encode("cp1252")
    return encoded.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _assembled(objects: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(
        b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    )
    return out.getvalue()


def signed(document: bytes, *, signatory: str, company: str, now: datetime) -> bytes:
    """`document` with one PAdES signature, claimed at `now`, by a demonstration authority's signatory."""
    authority_key, authority = _certificate("Autorité de démonstration", None, now=now)
    key, certificate = _certificate(
        signatory, (authority_key, authority), now=now, organisation=company
    )
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call] # of pyHanko
    store.register(_asn1(authority))
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=_asn1(certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(pkcs8),
        cert_registry=store,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature1",
        md_algorithm="sha256",
        name=signatory,
        reason="Acte d'engagement",
        subfilter=SigSeedSubFilter.PADES,
    )
    pdf_signer = _DatedSigner(metadata, signer, new_field_spec=SigFieldSpec("Signature1"))
    pdf_signer.signed_at = now
    return bytes(pdf_signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document))).getvalue())


class _DatedSigner(signers.PdfSigner):
    """Signs at the instant of the story rather than at that of the computer."""

    signed_at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> PdfSigningSession:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.signed_at
        return session


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _certificate(
    common_name: str,
    issuer: tuple[rsa.RSAPrivateKey, x509.Certificate] | None,
    *,
    now: datetime,
    organisation: str = "Sigille",
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A certificate of five years; an authority's where nobody issues it, else a signatory's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    issuer_key, issuer_name = (issuer[0], issuer[1].subject) if issuer else (key, name)
    usage = {
        "content_commitment": issuer is not None,
        "digital_signature": issuer is not None,
        "key_cert_sign": issuer is None,
        "crl_sign": issuer is None,
    }
    others = ("data_encipherment", "key_encipherment", "key_agreement")
    builder = (
        x509.CertificateBuilder(issuer_name, name, key.public_key())
        .serial_number(int.from_bytes(secrets.token_bytes(15)))
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=5 * 365))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                **usage, **dict.fromkeys(others, False), encipher_only=False, decipher_only=False
            ),
            critical=True,
        )
    )
    return key, builder.sign(issuer_key, hashes.SHA256())
