# SPDX-License-Identifier: EUPL-1.2
"""Certificates: read one strictly, and say whether bids may be sealed to it.

A certificate's signature is not verified: the keys of buyers are mostly self-signed, and what counts is the
proof of possession.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from keys import der
from keys.der import DERError, Reader

LARGEST_CERTIFICATE: Final = 16 * 1024  # bytes of DER
LARGEST_SERIAL: Final = 20  # bytes (RFC 5280, § 4.1.2.2)
SMALLEST_MODULUS, LARGEST_MODULUS = 2048, 8192  # bits
SMALLEST_EXPONENT = 65537
LONGEST_VALIDITY = timedelta(days=5 * 366)
CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
UNDERSTOOD_EXTENSIONS: Final = frozenset({  # those that may be critical
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
})  # fmt: skip
# Control, format (bidirectional, zero-width), surrogates, private use, line and paragraph separators.
HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_PEM_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")

Extension = TypeVar("Extension", bound=x509.ExtensionType)
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class Finding:
    """One thing to say about a certificate: a code, and the values that its message quotes."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


class CertificateRefused(Exception):
    """These bytes are not a certificate to which anything could be sealed."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.finding = Finding(code, values)


@dataclass(frozen=True)
class Certificate:
    """A certificate that could be read; `assess` says whether it may serve.

    `issuer_and_serial` is the DER of CMS's `IssuerAndSerialNumber`, byte for byte from the certificate.
    """

    der: bytes = field(repr=False)
    sha256: str
    common_name: str
    subject: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    issuer_and_serial: bytes = field(repr=False)
    public_key: PublicKey = field(repr=False, compare=False)
    extensions: x509.Extensions = field(repr=False, compare=False)
    hidden_characters: bool = field(repr=False)  # in the subject or in the issuer

    @property
    def algorithm(self) -> str:
        """The public key's, as it is shown: `RSA-3072`, `P-256`."""
        if isinstance(self.public_key, rsa.RSAPublicKey):
            return f"RSA-{self.public_key.key_size}"
        return CURVES[self.public_key.curve.name]

    @property
    def subject_key_identifier(self) -> bytes | None:
        extension = _extension(self, x509.SubjectKeyIdentifier)
        return extension.digest if extension else None


@dataclass(frozen=True)
class Assessment:
    """What is to be said of a certificate that someone offers; it is accepted when nothing refuses it."""

    certificate: Certificate | None
    refusals: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.refusals


def read_certificate(data: bytes) -> Certificate:
    """The certificate that `data` is, in DER or in PEM.

    Raises:
        CertificateRefused: `private_key` (or a PKCS#12 file), `too_large`, `unreadable`, `trailing_data`,
            `several_certificates`, `bad_serial`, `unsupported_algorithm`, `bad_key`, `duplicate_extension`.
    """
    if holds_private_key(data):
        raise CertificateRefused("private_key")
    content = data if data[:1] == b"\x30" else _from_pem(data)
    if len(content) > LARGEST_CERTIFICATE:
        raise CertificateRefused("too_large", size=len(content), largest=LARGEST_CERTIFICATE)
    issuer_and_serial = _issuer_and_serial(content)
    try:
        parsed = x509.load_der_x509_certificate(content)
        names = [*_texts(parsed.subject), *_texts(parsed.issuer)]
        return Certificate(
            der=content,
            sha256=hashlib.sha256(content).hexdigest(),
            common_name=_common_name(parsed.subject),
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            serial=parsed.serial_number,
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            issuer_and_serial=issuer_and_serial,
            public_key=_public_key(parsed),
            extensions=parsed.extensions,
            hidden_characters=any(map(_hides_characters, names)),
        )
    except x509.DuplicateExtension as error:
        raise CertificateRefused("duplicate_extension") from error
    except (ValueError, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
        raise CertificateRefused("unreadable") from error


def holds_private_key(data: bytes) -> bool:
    """Whether a private key, or a PKCS#12 file, was given in place of a certificate.

    A certificate is a sequence that begins with a sequence; private keys (PKCS#1, SEC 1, PKCS#8) and PKCS#12
    begin with a version number, and an encrypted private key with an algorithm's identifier.
    """
    if _PEM_PRIVATE_KEY.search(data):
        return True
    inner = _value_of_sequence(data)
    return inner[:1] == b"\x02" or _value_of_sequence(inner)[:1] == b"\x06"


def assess(data: bytes, *, now: datetime) -> Assessment:
    """Whether bids may be sealed to the certificate that `data` is, and every reason why not."""
    try:
        certificate = read_certificate(data)
    except CertificateRefused as refusal:
        return Assessment(None, (refusal.finding,))
    refusals = (
        *key_refusals(certificate.public_key),
        *_validity_refusals(certificate, now),
        *_extension_refusals(certificate),
        *([Finding("hidden_characters")] if certificate.hidden_characters else []),
    )
    return Assessment(certificate, refusals, tuple(_warnings(certificate)))


def key_refusals(public_key: PublicKey) -> Iterator[Finding]:
    """Why nothing may be sealed to this key (docs/envelope-format.md §4)."""
    if not isinstance(public_key, rsa.RSAPublicKey):
        return
    if not SMALLEST_MODULUS <= public_key.key_size <= LARGEST_MODULUS:
        yield Finding(
            "rsa_size",
            {"size": public_key.key_size, "smallest": SMALLEST_MODULUS, "largest": LARGEST_MODULUS},
        )
    numbers = public_key.public_numbers()
    if numbers.n % 2 == 0:
        yield Finding("even_modulus")
    if numbers.e % 2 == 0 or not SMALLEST_EXPONENT <= numbers.e < 2**256:
        yield Finding("rsa_exponent")


def _from_pem(data: bytes) -> bytes:
    bodies = _PEM.findall(data)
    if len(bodies) > 1:
        raise CertificateRefused("several_certificates")
    try:
        return base64.b64decode(b"".join(bodies[0].split()), validate=True)
    except (IndexError, ValueError) as error:
        raise CertificateRefused("unreadable") from error


def _issuer_and_serial(content: bytes) -> bytes:
    """The DER of `IssuerAndSerialNumber`, whose bytes the library would not give back untouched."""
    reader = Reader(content)
    try:
        to_be_signed = reader.enter(der.SEQUENCE).enter(der.SEQUENCE)
        if to_be_signed.next_tag() == 0xA0:  # the version
            to_be_signed.skip()
        serial = to_be_signed.element(der.INTEGER)
        to_be_signed.skip()  # the signature's algorithm
        issuer = to_be_signed.element(der.SEQUENCE)
    except DERError as error:
        raise CertificateRefused("unreadable") from error
    if reader.next_tag() is not None:
        raise CertificateRefused("trailing_data")
    value = serial[2:]  # a length of two bytes would be refused anyway
    if not 0 < len(value) <= LARGEST_SERIAL or int.from_bytes(value, "big", signed=True) <= 0:
        raise CertificateRefused("bad_serial")
    return der.encode(der.SEQUENCE, issuer, serial)


def _public_key(parsed: x509.Certificate) -> PublicKey:
    try:
        public_key = parsed.public_key()
    except UnsupportedAlgorithm as error:
        raise CertificateRefused("unsupported_algorithm") from error
    except ValueError as error:
        raise CertificateRefused("bad_key") from error
    if isinstance(public_key, rsa.RSAPublicKey):
        return public_key
    if isinstance(public_key, ec.EllipticCurvePublicKey) and public_key.curve.name in CURVES:
        return public_key
    raise CertificateRefused("unsupported_algorithm")


def _texts(name: x509.Name) -> Iterator[str]:
    return (attribute.value for attribute in name if isinstance(attribute.value, str))


def _common_name(subject: x509.Name) -> str:
    return next((str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)), "")


def _hides_characters(text: str) -> bool:
    return any(unicodedata.category(character) in HIDDEN_CATEGORIES for character in text)


def _extension(certificate: Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _validity_refusals(certificate: Certificate, now: datetime) -> Iterator[Finding]:
    if certificate.not_after < certificate.not_before:
        yield Finding("validity_reversed")
    elif now > certificate.not_after:
        yield Finding("expired", {"not_after": certificate.not_after.isoformat()})
    elif now < certificate.not_before:
        yield Finding("not_yet_valid", {"not_before": certificate.not_before.isoformat()})


def _extension_refusals(certificate: Certificate) -> Iterator[Finding]:
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints and constraints.ca:
        yield Finding("ca_certificate")
    usage = _extension(certificate, x509.KeyUsage)
    is_rsa = isinstance(certificate.public_key, rsa.RSAPublicKey)
    if usage and not (usage.key_encipherment if is_rsa else usage.key_agreement):
        yield Finding("key_usage")
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in UNDERSTOOD_EXTENSIONS:
            yield Finding("unknown_critical_extension", {"oid": extension.oid.dotted_string})


def _warnings(certificate: Certificate) -> Iterator[Finding]:
    if certificate.not_after - certificate.not_before > LONGEST_VALIDITY:
        yield Finding("long_validity")


def _value_of_sequence(data: bytes) -> bytes:
    """What follows a sequence's tag and length, whatever the length says: BER is looked at, too."""
    if data[:1] != b"\x30" or len(data) < 2:
        return b""
    return data[2 + (data[1] & 0x7F if data[1] & 0x80 else 0) :]
