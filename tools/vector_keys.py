# SPDX-License-Identifier: EUPL-1.2
"""The test keys of tests/vectors/keys: read, or made when they are missing."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from keys.certificates import Certificate, read_certificate
from keys.cms import PrivateKey

FOLDER = Path(__file__).parents[1] / "tests" / "vectors" / "keys"
TEN = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", *(f"p-256-{n}" for n in range(2, 7)))
# The impostor has the issuer and the serial number of rsa-2048, and another key.
NAMES = (*TEN, "outsider-rsa-2048", "outsider-p-256", "impostor-rsa-2048")


@cache
def load(name: str) -> tuple[Certificate, PrivateKey]:
    certificate = read_certificate((FOLDER / f"{name}.crt").read_bytes())
    key = serialization.load_pem_private_key((FOLDER / f"{name}.key").read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(name)
    return certificate, key


def make_missing() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        if not (FOLDER / f"{name}.key").exists():
            _make(name)


def _make(name: str) -> None:
    key = _private_key(name)
    subject = name.removeprefix("impostor-")
    certificate = (
        _builder(subject, key.public_key())
        .serial_number(1 + NAMES.index(subject))
        .sign(key, hashes.SHA256())
    )
    (FOLDER / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (FOLDER / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _private_key(name: str) -> PrivateKey:
    if "rsa" in name:
        return rsa.generate_private_key(65537, int(name.rpartition("-")[2]))
    return ec.generate_private_key(ec.SECP384R1() if "384" in name else ec.SECP256R1())


def _builder(
    common_name: str, public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Sigille test keys"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
        ]
    )
    usages = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage = "key_encipherment" if isinstance(public_key, rsa.RSAPublicKey) else "key_agreement"
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{**usages, usage: True}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
