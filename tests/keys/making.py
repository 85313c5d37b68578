# SPDX-License-Identifier: EUPL-1.2
"""Certificates for the tests, valid at NOW unless an argument says otherwise."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from keys import der
from tools import vector_keys

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = vector_keys.load("rsa-2048")[1]
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*names):
    return x509.KeyUsage(**{name: name in names for name in USAGES})


def make_certificate(
    key=EC_KEY,
    *,
    common_name="Marie Dupont",
    issuer=None,
    serial=1,
    not_before=NOW - YEAR,
    not_after=NOW + YEAR,
    extensions=(),
    signer=None,
):
    """The DER of a certificate that is accepted at NOW, unless an argument says otherwise."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    issued_by = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer or common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    signed = builder.sign(
        signer or key,
        None if isinstance(signer or key, ed25519.Ed25519PrivateKey) else hashes.SHA256(),
    )
    return signed.public_bytes(serialization.Encoding.DER)


def pem(data, label="CERTIFICATE"):
    body = base64.encodebytes(data).decode()
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()


def with_rsa_key(modulus, exponent):
    """A certificate of an RSA key that no library would make."""

    def integer(value):
        return der.encode(der.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    data = make_certificate(RSA_KEY)
    spki = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    algorithm = der.Reader(spki).enter(der.SEQUENCE).element(der.SEQUENCE)
    key = der.encode(der.SEQUENCE, integer(modulus), integer(exponent))
    other = der.encode(der.SEQUENCE, algorithm, der.encode(der.BIT_STRING, b"\x00", key))
    certificate = der.Reader(data).enter(der.SEQUENCE)
    body = certificate.enter(der.SEQUENCE)
    start = body.position
    tbs = der.encode(der.SEQUENCE, data[start : body.end].replace(spki, other))
    return der.encode(der.SEQUENCE, tbs, data[body.end : certificate.end])
