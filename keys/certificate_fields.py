# SPDX-License-Identifier: EUPL-1.2
"""The bytes of a certificate: what was given in its place, its PEM, its fields, its public key."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from keys import der
from keys.der import DERError, NotShortest, Reader
from keys.extensions import dotted

LARGEST_CERTIFICATE: Final = 16 * 1024  # bytes of DER
LARGEST_SERIAL: Final = 20  # bytes (RFC 5280, § 4.1.2.2)

_RSA: Final = "1.2.840.113549.1.1.1"
_EC: Final = "1.2.840.10045.2.1"
_CURVE_IDENTIFIERS: Final = frozenset({"1.2.840.10045.3.1.7", "1.3.132.0.34"})
_WEAK_SIGNATURES: Final = frozenset({
    "1.2.840.113549.1.1.2",  # MD2
    "1.2.840.113549.1.1.3",  # MD4
    "1.2.840.113549.1.1.4",  # MD5
    "1.2.840.113549.1.1.5",  # SHA-1, with RSA
    "1.3.14.3.2.29",
    "1.3.14.3.2.27",  # SHA-1, with DSA
    "1.2.840.10040.4.3",
    "1.2.840.10045.4.1",  # SHA-1, with ECDSA
})  # fmt: skip
_PSS: Final = "1.2.840.113549.1.1.10"
_STRONG_DIGESTS: Final = bytes.fromhex("6086480165030402")  # SHA-2 and SHA-3: the beginning of each
_VERSION_3: Final = bytes.fromhex("020102")

_PEM_BEGINNING = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----")
_PEM_END = re.compile(rb"-----END (?:X509 )?CERTIFICATE-----")
_PEM_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_PEM_REQUEST = re.compile(rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----")
_PEM_BUNDLE = re.compile(rb"-----BEGIN (?:PKCS7|CMS)-----")
_JAVA_KEY_STORES: Final = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_ENCRYPTION_SCHEMES: Final = (  # PKCS#5's, PKCS#12's: how an encrypted private key begins
    bytes.fromhex("06092a864886f70d0105"),
    bytes.fromhex("060a2a864886f70d010c01"),
)
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")

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


def der_of(data: bytes) -> bytes:
    """The DER of what was given, in DER or in PEM.

    Raises:
        CertificateRefused: `private_key`, `several_certificates`, `certificate_request`,
            `certificate_bundle`, `unreadable`.
    """
    if holds_private_key(data):
        raise CertificateRefused("private_key")
    return data if data[:1] == b"\x30" else _from_pem(data)


def holds_private_key(data: bytes) -> bool:
    """Whether a private key, a PKCS#12 file or a key store was given in place of a certificate.

    A certificate is a sequence that begins with a sequence; private keys (PKCS#1, SEC 1, PKCS#8) and PKCS#12
    begin with a version number, and an encrypted private key with an algorithm's identifier.
    """
    if _PEM_PRIVATE_KEY.search(data) or data.startswith(_JAVA_KEY_STORES):
        return True
    inner = _value_of_sequence(data)
    return inner[:1] == b"\x02" or _value_of_sequence(inner).startswith(_ENCRYPTION_SCHEMES)


def _from_pem(data: bytes) -> bytes:
    beginnings = list(islice(_PEM_BEGINNING.finditer(data), 2))
    if len(beginnings) > 1:
        raise CertificateRefused("several_certificates")
    if not beginnings and _PEM_REQUEST.search(data):
        raise CertificateRefused("certificate_request")
    if not beginnings and _PEM_BUNDLE.search(data):
        raise CertificateRefused("certificate_bundle")
    end = _PEM_END.search(data)
    if not beginnings or not end:
        raise CertificateRefused("unreadable")
    body = data[beginnings[0].end() : end.start()]
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except ValueError as error:
        raise CertificateRefused("unreadable") from error


@dataclass(frozen=True)
class Fields:
    """The DER of the fields of a certificate, whose bytes the library would not give back untouched."""

    serial: bytes
    signature_algorithm: bytes
    issuer: bytes
    subject: bytes
    public_key: bytes
    extensions: bytes | None

    @property
    def has_weak_signature(self) -> bool:
        """Whether the digest that was signed is one for which two texts with the same one can be made."""
        algorithm = Reader(self.signature_algorithm).enter(der.SEQUENCE)
        identifier = dotted(algorithm.value(der.OBJECT_IDENTIFIER))
        if identifier != _PSS:
            return identifier in _WEAK_SIGNATURES
        parameters = algorithm.enter(der.SEQUENCE)
        names_digest = parameters.next_tag() == 0xA0  # SHA-1 is not named (RFC 4055, § 3.1)
        return not names_digest or _STRONG_DIGESTS not in parameters.value(0xA0)


def read_fields(content: bytes) -> Fields:
    """The fields of a certificate in DER; the library reads the rest.

    Raises:
        CertificateRefused: `too_large`, `certificate_bundle`, `certificate_request`, `trailing_data`,
            `not_der`, `unreadable`, `old_version`, `bad_serial`, `signature_mismatch`.
    """
    if len(content) > LARGEST_CERTIFICATE:
        raise CertificateRefused("too_large", size=len(content), largest=LARGEST_CERTIFICATE)
    if _value_of_sequence(content).startswith(_SIGNED_DATA):
        raise CertificateRefused("certificate_bundle")
    reader = Reader(content)
    try:
        certificate = reader.enter(der.SEQUENCE)
        if reader.next_tag() is not None:
            raise CertificateRefused("trailing_data")
        der.check(content)
        fields = _to_be_signed(certificate.enter(der.SEQUENCE))
        signed_with = certificate.element(der.SEQUENCE)
    except NotShortest as error:
        raise CertificateRefused("not_der") from error
    except DERError as error:
        raise CertificateRefused("unreadable") from error
    if signed_with != fields.signature_algorithm:
        raise CertificateRefused("signature_mismatch")
    return fields


def _to_be_signed(reader: Reader) -> Fields:
    version = reader.value(0xA0) if reader.next_tag() == 0xA0 else b""
    serial = reader.element(der.INTEGER)
    signature_algorithm, issuer = reader.element(der.SEQUENCE), reader.element(der.SEQUENCE)
    if reader.next_tag() == 0xA0:  # a request's attributes: it has neither validity nor issuer
        raise CertificateRefused("certificate_request")
    _check_serial(serial[2:])  # a length of two bytes is refused anyway
    reader.enter(der.SEQUENCE)  # the validity
    subject, public_key = reader.element(der.SEQUENCE), reader.element(der.SEQUENCE)
    if version != _VERSION_3:
        raise CertificateRefused("old_version")
    while reader.next_tag() not in {0xA3, None}:
        reader.skip()  # the unique identifiers
    extensions = reader.value(0xA3) if reader.next_tag() else None
    return Fields(serial, signature_algorithm, issuer, subject, public_key, extensions)


def _check_serial(value: bytes) -> None:
    if not 0 < len(value) <= LARGEST_SERIAL or int.from_bytes(value, "big", signed=True) <= 0:
        raise CertificateRefused("bad_serial")


def read_public_key(data: bytes) -> PublicKey:
    """The key of a DER `SubjectPublicKeyInfo`.

    Raises:
        CertificateRefused: `unsupported_algorithm`, `unsupported_curve`, `explicit_curve`,
            `rsa_exponent`, `bad_key`.
    """
    try:
        _check_kind(Reader(data).enter(der.SEQUENCE))
        public_key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateRefused("bad_key") from error
    assert isinstance(public_key, PublicKey)  # noqa: S101 - the kinds that were just checked
    return public_key


def _check_kind(information: Reader) -> None:
    algorithm = information.enter(der.SEQUENCE)
    kind = dotted(algorithm.value(der.OBJECT_IDENTIFIER))
    if kind == _EC:
        _check_curve(algorithm)
    elif kind == _RSA:
        _check_exponent(information.value(der.BIT_STRING)[1:])
    else:
        raise CertificateRefused("unsupported_algorithm")


def _check_curve(algorithm: Reader) -> None:
    if algorithm.next_tag() == der.SEQUENCE:
        raise CertificateRefused("explicit_curve")
    if dotted(algorithm.value(der.OBJECT_IDENTIFIER)) not in _CURVE_IDENTIFIERS:
        raise CertificateRefused("unsupported_curve")


def _check_exponent(public_key: bytes) -> None:
    """The library reads no exponent that is even, 1, or as large as the modulus, and does not say why."""
    numbers = Reader(public_key).enter(der.SEQUENCE)
    modulus, exponent = (
        int.from_bytes(numbers.value(der.INTEGER), "big", signed=True) for _ in range(2)
    )
    if exponent < 3 or exponent % 2 == 0 or 0 < modulus <= exponent:
        raise CertificateRefused("rsa_exponent")


def _value_of_sequence(data: bytes) -> bytes:
    """What follows a sequence's tag and length, whatever the length says: BER is looked at, too."""
    if data[:1] != b"\x30" or len(data) < 2:
        return b""
    return data[2 + (data[1] & 0x7F if data[1] & 0x80 else 0) :]
