# SPDX-License-Identifier: EUPL-1.2
"""Certificates: read one strictly, and say whether bids may be sealed to it.

A certificate's signature is not verified: the keys of buyers are mostly self-signed, and what counts is the
proof of possession.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from keys import der, names
from keys.certificate_fields import (
    CertificateRefused,
    Finding,
    PublicKey,
    der_of,
    read_fields,
    read_public_key,
)
from keys.der import DERError
from keys.extensions import (
    DECIPHER_ONLY,
    ENCRYPTION_PURPOSES,
    KEY_AGREEMENT,
    KEY_CERT_SIGN,
    KEY_ENCIPHERMENT,
    MOST_EXTENSIONS,
    Extensions,
    read_extensions,
)
from keys.names import Attribute, read_name
from keys.weak_keys import weaknesses

__all__ = [
    "Assessment",
    "Certificate",
    "CertificateRefused",
    "Finding",
    "PublicKey",
    "assess",
    "key_refusals",
    "read_certificate",
]

SMALLEST_MODULUS, LARGEST_MODULUS = 2048, 8192  # bits
SMALLEST_EXPONENT = 65537
LONG_VALIDITY = timedelta(days=5 * 366)
# No size of key is held safe for so long; the twenty or thirty years of old self-signed keys still pass.
LONGEST_VALIDITY = timedelta(days=30 * 366)
# ANSSI, "Guide de sélection d'algorithmes cryptographiques": RSA of 3072 bits or more beyond 2030.
SMALL_MODULUS = 3072  # bits
SMALL_MODULUS_ENDS = datetime(2031, 1, 1, tzinfo=UTC)
CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}


@dataclass(frozen=True)
class Certificate:
    """A certificate that could be read; `assess` says whether it may serve.

    `issuer_and_serial` is the DER of CMS's `IssuerAndSerialNumber`, byte for byte from the certificate.
    """

    der: bytes = field(repr=False)
    sha256: str
    subject: tuple[Attribute, ...] = field(repr=False)
    issuer: tuple[Attribute, ...] = field(repr=False)
    serial: int
    not_before: datetime
    not_after: datetime
    issuer_and_serial: bytes = field(repr=False)
    public_key: PublicKey = field(repr=False, compare=False)
    extensions: Extensions = field(repr=False)
    is_self_signed: bool = field(repr=False)  # or says so: no signature is verified
    has_weak_signature: bool = field(repr=False)

    @property
    def common_name(self) -> str:
        return names.common_name(self.subject)

    @property
    def algorithm(self) -> str:
        """The public key's, as it is shown: `RSA-3072`, `P-256`."""
        if isinstance(self.public_key, rsa.RSAPublicKey):
            return f"RSA-{self.public_key.key_size}"
        return CURVES[self.public_key.curve.name]

    @property
    def subject_key_identifier(self) -> bytes | None:
        return self.extensions.subject_key_identifier


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
        CertificateRefused: for the reasons of `keys.certificate_fields`, or `bad_extension`.
    """
    content = der_of(data)
    fields = read_fields(content)
    public_key = read_public_key(fields.public_key)
    try:
        parsed = x509.load_der_x509_certificate(content)
        return Certificate(
            der=content,
            sha256=hashlib.sha256(content).hexdigest(),
            subject=read_name(fields.subject),
            issuer=read_name(fields.issuer),
            serial=parsed.serial_number,
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            issuer_and_serial=der.encode(der.SEQUENCE, fields.issuer, fields.serial),
            public_key=public_key,
            extensions=_extensions(fields.extensions),
            is_self_signed=fields.subject == fields.issuer,
            has_weak_signature=fields.has_weak_signature,
        )
    except ValueError as error:
        raise CertificateRefused("unreadable") from error


def assess(data: bytes, *, now: datetime) -> Assessment:
    """Whether bids may be sealed to the certificate that `data` is, and every reason why not."""
    try:
        certificate = read_certificate(data)
    except CertificateRefused as refusal:
        return Assessment(None, (refusal.finding,))
    refusals = (
        *_signature_refusals(certificate),
        *key_refusals(certificate.public_key),
        *_weaknesses(certificate.public_key),
        *_validity_refusals(certificate, now),
        *_extension_refusals(certificate.extensions),
        *_usage_refusals(certificate),
        *_name_refusals(certificate),
    )
    return Assessment(certificate, refusals, tuple(_warnings(certificate)))


def key_refusals(public_key: PublicKey) -> Iterator[Finding]:
    """Why nothing may be sealed to this key (docs/envelope-format.md §4)."""
    if not isinstance(public_key, rsa.RSAPublicKey):
        return
    if not _has_sound_size(public_key):
        yield Finding(
            "rsa_size",
            {"size": public_key.key_size, "smallest": SMALLEST_MODULUS, "largest": LARGEST_MODULUS},
        )
    numbers = public_key.public_numbers()
    if numbers.n % 2 == 0:
        yield Finding("even_modulus")
    if not _is_sound_exponent(numbers.e, public_key.key_size):
        yield Finding("rsa_exponent")


def _extensions(data: bytes | None) -> Extensions:
    try:
        return Extensions() if data is None else read_extensions(data)
    except DERError as error:
        raise CertificateRefused("bad_extension") from error


def _has_sound_size(public_key: rsa.RSAPublicKey) -> bool:
    return SMALLEST_MODULUS <= public_key.key_size <= LARGEST_MODULUS


def _is_sound_exponent(exponent: int, size: int) -> bool:
    """Beyond 3072 bits, OpenSSL encrypts with no exponent of more than 64 bits."""
    most = 256 if size <= 3072 else 64
    return exponent % 2 == 1 and exponent >= SMALLEST_EXPONENT and exponent.bit_length() <= most


def _signature_refusals(certificate: Certificate) -> Iterator[Finding]:
    if certificate.has_weak_signature and not certificate.is_self_signed:
        yield Finding("weak_signature")


def _weaknesses(public_key: PublicKey) -> Iterator[Finding]:
    if isinstance(public_key, rsa.RSAPublicKey) and _has_sound_size(public_key):
        modulus = public_key.public_numbers().n
        yield from map(Finding, weaknesses(modulus) if modulus % 2 else ())


def _validity_refusals(certificate: Certificate, now: datetime) -> Iterator[Finding]:
    if certificate.not_after < certificate.not_before:
        yield Finding("validity_reversed")
    elif now > certificate.not_after:
        yield Finding("expired", {"not_after": certificate.not_after.isoformat()})
    elif now < certificate.not_before:
        yield Finding("not_yet_valid", {"not_before": certificate.not_before.isoformat()})
    if certificate.not_after - certificate.not_before > LONGEST_VALIDITY:
        yield Finding("absurd_validity")


def _extension_refusals(extensions: Extensions) -> Iterator[Finding]:
    if extensions.count > MOST_EXTENSIONS:
        yield Finding("too_many_extensions", {"count": extensions.count, "most": MOST_EXTENSIONS})
    if extensions.has_duplicates:
        yield Finding("duplicate_extension")
    for identifier in extensions.unknown_critical:
        yield Finding("unknown_critical_extension", {"oid": identifier})


def _usage_refusals(certificate: Certificate) -> Iterator[Finding]:
    extensions, usages = certificate.extensions, certificate.extensions.usages
    if extensions.is_authority or (usages and KEY_CERT_SIGN in usages):
        yield Finding("ca_certificate")
    is_rsa = isinstance(certificate.public_key, rsa.RSAPublicKey)
    wanted = KEY_ENCIPHERMENT if is_rsa else KEY_AGREEMENT
    if usages is not None and (wanted not in usages or DECIPHER_ONLY in usages):
        yield Finding("key_usage")
    if extensions.purposes is not None and not extensions.purposes & ENCRYPTION_PURPOSES:
        yield Finding("extended_key_usage")


def _name_refusals(certificate: Certificate) -> Iterator[Finding]:
    both = (certificate.subject, certificate.issuer)
    if not certificate.issuer:
        yield Finding("nameless")
    if any(map(names.is_oversized, both)):
        yield Finding("oversized_name")
    if any(names.hides_characters(attribute.text) for name in both for attribute in name):
        yield Finding("hidden_characters")
    if any(map(names.imitates, both)):
        yield Finding("look_alike_characters")


def _warnings(certificate: Certificate) -> Iterator[Finding]:
    if certificate.not_after - certificate.not_before > LONG_VALIDITY:
        yield Finding("long_validity")
    public_key, outlives = certificate.public_key, certificate.not_after >= SMALL_MODULUS_ENDS
    if (
        isinstance(public_key, rsa.RSAPublicKey)
        and public_key.key_size < SMALL_MODULUS
        and outlives
    ):
        yield Finding("small_modulus", {"size": public_key.key_size})
    if certificate.has_weak_signature and certificate.is_self_signed:
        yield Finding("weak_self_signature")
