# SPDX-License-Identifier: EUPL-1.2
"""A public key infrastructure for tests: authorities, signers good and bad, and PDFs to sign.

Every date hangs on `NOW`, so that no test grows old. Keys are made once a run.
"""

import asyncio
import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto import core, crl, keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signatures.validation import Anchor, RevocationData, Service, Trust

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # when the bid is deposited
SIGNED = NOW - timedelta(hours=2)
DAY = timedelta(days=1)

_QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_TYPES = {"esign": "0.4.0.1862.1.6.1", "eseal": "0.4.0.1862.1.6.2", "web": "0.4.0.1862.1.6.3"}
_COMPLIANCE, _TYPE = "0.4.0.1862.1.1", "0.4.0.1862.1.6"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Identity:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey
    issuers: tuple["Identity", ...] = ()  # the nearest first

    @property
    def der(self) -> bytes:
        """The certificate, in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def asn1(self) -> asn1_x509.Certificate:
        """The certificate, as the signing library wants it."""
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> keys.PrivateKeyInfo:
        """The private key, likewise."""
        der = self.key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return keys.PrivateKeyInfo.load(der)


@dataclass(frozen=True)
class Profile:
    """What a certificate is asked to be."""

    common_name: str
    not_before: datetime = NOW - 365 * DAY
    not_after: datetime = NOW + 365 * DAY
    is_authority: bool = False
    attributes: tuple[tuple[Any, str], ...] = ()
    qualified_types: tuple[str, ...] | None = None  # None: no QcStatements at all
    key_usage: tuple[str, ...] = ("content_commitment",)
    extended_key_usage: tuple[Any, ...] = ()
    path_length: int | None = None


PERSON = (
    (NameOID.GIVEN_NAME, "Awa"),
    (NameOID.SURNAME, "Martin"),
    (NameOID.ORGANIZATION_NAME, "Charpentes du Val"),
    (NameOID.TITLE, "Gérante"),
)
GOOD = Profile("Awa Martin", attributes=PERSON, qualified_types=("esign",))


@dataclass(frozen=True)
class Pki:
    """Root, intermediate, timestamping authority, and the helpers that issue from them."""

    root: Identity
    intermediate: Identity
    timestamps: Identity
    signers: dict[str, Identity] = field(default_factory=dict)

    def trust(self, service: Service = Service.QUALIFIED_CERTIFICATES) -> Trust:
        """As a trusted list does: the anchors are the issuing authorities themselves, not the root."""
        return Trust(
            "test list 7",
            (
                Anchor(self.intermediate.der, service),
                Anchor(self.timestamps.issuers[0].der, Service.QUALIFIED_TIMESTAMPS),
            ),
        )

    def revocation(
        self, *, at: datetime = NOW, revoked: dict[str, datetime] | None = None
    ) -> RevocationData:
        """Lists of every authority, issued at `at`, with the signers named in `revoked`."""
        entries = {self.signers[name]: moment for name, moment in (revoked or {}).items()}
        return RevocationData(
            crls=(make_crl(self.root, at=at), make_crl(self.intermediate, at=at, revoked=entries))
        )


@cache
def make_pki() -> Pki:
    """The whole infrastructure, made once."""
    root = issue(Profile("Test root", NOW - 3650 * DAY, NOW + 3650 * DAY, is_authority=True), None)
    intermediate = issue(
        Profile("Test authority", NOW - 2000 * DAY, NOW + 2000 * DAY, is_authority=True), root
    )
    stamps = Profile(
        "Test timestamps",
        key_usage=("digital_signature",),
        extended_key_usage=(ExtendedKeyUsageOID.TIME_STAMPING,),
        not_before=NOW - 1000 * DAY,
    )
    seal = (
        (NameOID.ORGANIZATION_NAME, "Charpentes du Val"),
        (NameOID.ORGANIZATION_IDENTIFIER, "NTRFR-123"),
    )
    profiles = {
        "good": GOOD,
        "revoked": GOOD,
        "expired": replace(GOOD, not_after=NOW - 10 * DAY),
        "future": replace(GOOD, not_before=NOW + DAY),
        "seal": Profile("Charpentes du Val", attributes=seal, qualified_types=("eseal",)),
        "unqualified": replace(GOOD, qualified_types=None),
        "pseudonym": replace(
            GOOD, common_name="Chouette", attributes=((NameOID.PSEUDONYM, "Chouette"),)
        ),
        "authentication": replace(GOOD, key_usage=("digital_signature",)),
    }
    signers = {name: issue(profile, intermediate) for name, profile in profiles.items()}
    signers["short"] = issue(GOOD, intermediate, key=_short_key())
    signers["elliptic"] = issue(GOOD, intermediate, key=ec.generate_private_key(ec.SECP256R1()))
    signers["edwards"] = issue(GOOD, intermediate, key=ed25519.Ed25519PrivateKey.generate())
    signers["self-signed"] = issue(replace(GOOD, common_name="Moi-même"), None)
    return Pki(root, intermediate, issue(stamps, root, key=_second_key()), signers)


def issue(profile: Profile, issuer: Identity | None, *, key: PrivateKey | None = None) -> Identity:
    """A certificate of `profile`, self-signed when nobody issues it."""
    key = key or (ec.generate_private_key(ec.SECP256R1()) if profile.is_authority else _first_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(profile))
        .issuer_name(issuer.certificate.subject if issuer else _name(profile))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(profile.not_before)
        .not_valid_after(profile.not_after)
        .add_extension(
            x509.BasicConstraints(profile.is_authority, profile.path_length), critical=True
        )
        .add_extension(_usage(profile), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if profile.extended_key_usage:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage(profile.extended_key_usage), critical=True
        )
    if profile.qualified_types is not None:
        statements = x509.UnrecognizedExtension(
            _QC_STATEMENTS, _statements(profile.qualified_types)
        )
        builder = builder.add_extension(statements, critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Identity(certificate, key, (issuer, *issuer.issuers) if issuer else ())


def make_crl(
    issuer: Identity,
    *,
    at: datetime = NOW,
    revoked: dict[Identity, datetime] | None = None,
    signer: Identity | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    """A list of `issuer`, good for a week, signed by `signer` where a test wants a forgery."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(at + 7 * DAY)
    )
    for identity, moment in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder(identity.certificate.serial_number, moment).build()
        builder = builder.add_revoked_certificate(entry)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    crl = builder.sign((signer or issuer).key, hashes.SHA256())
    return crl.public_bytes(serialization.Encoding.DER)


def make_ocsp(
    certificate: Identity,
    *,
    at: datetime = NOW,
    revoked_at: datetime | None = None,
    responder: Identity | None = None,
) -> bytes:
    """An answer about `certificate`, signed by its issuer or by `responder`."""
    issuer = certificate.issuers[0]
    answering = responder or issuer
    status = ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            certificate.certificate,
            issuer.certificate,
            hashes.SHA256(),
            status,
            at,
            at + DAY,
            revoked_at,
            None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, answering.certificate)
    )
    if responder:
        builder = builder.certificates([responder.certificate])
    return builder.sign(answering.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def make_pdf(*pages: str) -> bytes:
    """The smallest PDF that readers accept, with one line of text on each page."""
    texts = pages or ("Offre de la société Charpentes du Val",)
    kids = [f"{4 + 2 * index} 0 R" for index in range(len(texts))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    shown = "/MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
    for index, text in enumerate(texts):
        content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {shown} /Contents {5 + 2 * index} 0 R >>",
            f"<< /Length {len(content.encode('latin-1'))} >>\nstream\n{content}\nendstream",
        ]
    return _assemble(objects)


def sign(
    pdf: bytes,
    signer: Identity,
    *,
    claimed_at: datetime = SIGNED,
    timestamped_at: datetime | None = None,
    field_name: str = "Signature1",
    certify: MDPPerm | None = None,
    baseline: bool = True,
) -> bytes:
    """A PAdES B-B signature, or B-T with a timestamp; `baseline` false gives the older CMS format."""
    authority = make_pki().timestamps
    registry = SimpleCertificateStore.from_certs([item.asn1 for item in signer.issuers])
    metadata = PdfSignatureMetadata(
        field_name=field_name,
        md_algorithm="sha512" if isinstance(signer.key, ed25519.Ed25519PrivateKey) else "sha256",
        subfilter=SigSeedSubFilter.PADES if baseline else SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        certify=certify is not None,
        docmdp_permissions=certify or MDPPerm.FILL_FORMS,
    )
    stamper = make_stamper(authority, timestamped_at) if timestamped_at else None
    pdf_signer = _ClockedSigner(
        metadata,
        SimpleSigner(signer.asn1, signer.asn1_key, registry),
        timestamper=stamper,
        new_field_spec=SigFieldSpec(field_name),
    )
    pdf_signer.claimed_at = claimed_at
    output = asyncio.run(pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf))))
    return bytes(output.getvalue())


def make_stamper(authority: Identity, at: datetime) -> DummyTimeStamper:
    """A timestamping authority whose clock says `at`."""
    store = SimpleCertificateStore.from_certs([item.asn1 for item in authority.issuers])
    return DummyTimeStamper(authority.asn1, authority.asn1_key, certs_to_embed=store, fixed_dt=at)


def add_document_timestamp(pdf: bytes, at: datetime) -> bytes:
    """An archive timestamp over the whole document."""
    stamper = PdfTimeStamper(make_stamper(make_pki().timestamps, at))
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    output = asyncio.run(stamper.async_timestamp_pdf(writer, "sha256"))
    return bytes(output.getvalue())


def embed_revocation(pdf: bytes, data: RevocationData) -> bytes:
    """A document security store with the given lists and answers, as B-LT asks for."""
    output = io.BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        output,
        None,
        crls=[crl.CertificateList.load(item) for item in data.crls],
        ocsps=[asn1_ocsp.OCSPResponse.load(item) for item in data.ocsps],
    )
    return output.getvalue()


class _ClockedSigner(PdfSigner):
    """The library asks the machine for the time; a test says it."""

    claimed_at = SIGNED

    def init_signing_session(self, *arguments: Any, **options: Any) -> PdfSigningSession:
        session = super().init_signing_session(*arguments, **options)
        session.system_time = self.claimed_at
        return session


def _assemble(objects: list[str]) -> bytes:
    output, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(output))
        output += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    start = len(output)
    output += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    output += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    output += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    )
    return bytes(output)


def _name(profile: Profile) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")
    common = x509.NameAttribute(NameOID.COMMON_NAME, profile.common_name)
    return x509.Name([country, common, *(x509.NameAttribute(*pair) for pair in profile.attributes)])


def _usage(profile: Profile) -> x509.KeyUsage:
    names = ("key_cert_sign", "crl_sign") if profile.is_authority else profile.key_usage
    flags = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{flag: flag in names for flag in flags})


class _Oids(core.SequenceOf):  # type: ignore[misc] # asn1crypto has no types
    _child_spec = core.ObjectIdentifier


class _Statement(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    _fields = [("statement_id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]


class _Statements(core.SequenceOf):  # type: ignore[misc] # asn1crypto has no types
    _child_spec = _Statement


def _statements(types: tuple[str, ...]) -> bytes:
    declared = _Oids([_QC_TYPES[name] for name in types])
    statements = [{"statement_id": _COMPLIANCE}, {"statement_id": _TYPE, "info": declared}]
    return bytes(_Statements(statements).dump())


@cache
def _first_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _short_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - a weak key is what is tested


@cache
def _second_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)
