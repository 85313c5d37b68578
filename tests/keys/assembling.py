# SPDX-License-Identifier: EUPL-1.2
"""Certificates put together from their fields, so that each can be wrong on its own."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from keys import der
from tests.keys.making import NOW
from tools import vector_keys

UTF8, NUMERIC, PRINTABLE, T61, IA5, UNIVERSAL, BMP = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1C, 0x1E
ENCODINGS = {T61: "latin-1", UNIVERSAL: "utf-32-be", BMP: "utf-16-be"}
TYPES = {
    "CN": "2.5.4.3", "SN": "2.5.4.4", "serialNumber": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7",
    "ST": "2.5.4.8", "street": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11", "title": "2.5.4.12",
    "postalCode": "2.5.4.17", "GN": "2.5.4.42", "uniqueIdentifier": "2.5.4.45", "pseudonym": "2.5.4.65",
    "organizationIdentifier": "2.5.4.97", "email": "1.2.840.113549.1.9.1",
    "DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1",
}  # fmt: skip
USAGE_BITS = {
    name: bit
    for bit, name in enumerate((
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ))
}  # fmt: skip


def seq(*parts: bytes) -> bytes:
    return der.encode(der.SEQUENCE, *parts)


def oid(dotted: str) -> bytes:
    first, second, *others = map(int, dotted.split("."))
    return der.encode(
        der.OBJECT_IDENTIFIER, *(_base_128(arc) for arc in (40 * first + second, *others))
    )


def _base_128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))


def integer(value: int) -> bytes:
    return der.encode(der.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def bits(value: bytes) -> bytes:
    return der.encode(der.BIT_STRING, b"\x00", value)


def octets(value: bytes) -> bytes:
    return der.encode(der.OCTET_STRING, value)


def algorithm(dotted: str, parameters: bytes = der.NULL) -> bytes:
    return seq(oid(dotted), parameters)


ECDSA_SHA256 = algorithm("1.2.840.10045.4.3.2", b"")


def part(kind: str, value: str | bytes, tag: int = UTF8) -> bytes:
    """An attribute; bytes are taken as they are."""
    if isinstance(value, str):
        value = value.encode(ENCODINGS.get(tag, "utf-8"))
    return seq(oid(TYPES.get(kind, kind)), der.encode(tag, value))


def name(*parts: bytes | Sequence[bytes]) -> bytes:
    """A name: a part for each relative name, or several for one that has several values."""
    return seq(*(der.set_of([one] if isinstance(one, bytes) else one) for one in parts))


def called(common_name: str, tag: int = UTF8) -> bytes:
    return name(part("CN", common_name, tag))


def moment(at: datetime) -> bytes:
    if at.year < 2050:
        return der.encode(0x17, at.strftime("%y%m%d%H%M%SZ").encode())
    return der.encode(0x18, f"{at.year:04}{at:%m%d%H%M%SZ}".encode())


def years(first: int, last: int) -> bytes:
    """A validity from NOW's day of a year to that of another."""
    return seq(moment(NOW.replace(year=first)), moment(NOW.replace(year=last)))


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    return seq(oid(dotted), b"\x01\x01\xff" if critical else b"", octets(value))


def key_usage(*names: str, critical: bool = True) -> bytes:
    return extension("2.5.29.15", named_bits(*names), critical=critical)


def named_bits(*names: str) -> bytes:
    set_bits = [USAGE_BITS[name] for name in names]
    if not set_bits:
        return der.encode(der.BIT_STRING, b"\x00")
    size = max(set_bits) // 8 + 1
    value = sum(1 << (size * 8 - 1 - bit) for bit in set_bits).to_bytes(size, "big")
    return der.encode(der.BIT_STRING, bytes([size * 8 - 1 - max(set_bits)]), value)


def purposes(*dotted: str, critical: bool = False) -> bytes:
    return extension("2.5.29.37", seq(*map(oid, dotted)), critical=critical)


def constraints(*values: bytes, critical: bool = True) -> bytes:
    return extension("2.5.29.19", seq(*values), critical=critical)


def public_key(key: PrivateKeyTypes) -> bytes:
    """The SubjectPublicKeyInfo of a private key."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def rsa_modulus(key_name: str) -> int:
    """The modulus of a test key."""
    numbers = vector_keys.load(key_name)[1].public_key().public_numbers()
    assert isinstance(numbers, rsa.RSAPublicNumbers)
    return numbers.n


def rsa_public_key(modulus: int, exponent: int = 65537) -> bytes:
    key = seq(integer(modulus), integer(exponent))
    return seq(algorithm("1.2.840.113549.1.1.1"), bits(key))


def ec_public_key(curve: str, point: bytes) -> bytes:
    return seq(algorithm("1.2.840.10045.2.1", oid(curve)), bits(point))


@cache
def held(key_name: str) -> bytes:
    """The SubjectPublicKeyInfo of a test key."""
    return public_key(vector_keys.load(key_name)[1])


def assemble(
    *,
    version: bytes = der.encode(0xA0, integer(2)),
    serial: bytes = integer(0x4D),
    signature: bytes = ECDSA_SHA256,
    signed_with: bytes | None = None,
    subject: bytes | None = None,
    issuer: bytes | None = None,
    validity: bytes | None = None,
    key: bytes | None = None,
    identifiers: bytes = b"",
    extensions: Sequence[bytes] | None = (),
) -> bytes:
    """The DER of a certificate that is accepted at NOW, unless an argument says otherwise.

    It is signed by the test key p-256-2, whatever it announces: nobody verifies a buyer's signature.
    """
    subject = called("Marie Dupont") if subject is None else subject
    body = seq(
        version,
        serial,
        signature,
        subject if issuer is None else issuer,
        years(2025, 2027) if validity is None else validity,
        subject,
        key or held("p-256"),
        identifiers,
        der.encode(0xA3, seq(*extensions)) if extensions else b"",
    )
    signer = vector_keys.load("p-256-2")[1]
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    signed = signer.sign(body, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return seq(body, signed_with or signature, bits(signed))
