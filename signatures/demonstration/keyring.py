# SPDX-License-Identifier: EUPL-1.2
"""Key pairs of the demonstration, registered and proven as an agent's browser would."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from django.utils.text import slugify

from keys import challenges, cms, registration
from keys.certificates import read_certificate
from keys.models import KeyPair
from marketplace.models import Agent

ORIGIN = "http://127.0.0.1:8000"
VALIDITY = timedelta(days=730)


@dataclass(frozen=True)
class Key:
    """What the holder keeps: the PKCS#12 file and its password. The site keeps `key_pair`."""

    key_pair: KeyPair
    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    password: str

    @property
    def file_name(self) -> str:
        return slugify(self.key_pair.name) + ".p12"

    @property
    def pkcs12(self) -> bytes:
        return pkcs12.serialize_key_and_certificates(
            self.key_pair.name.encode(),
            self.private_key,
            self.certificate,
            None,
            BestAvailableEncryption(self.password.encode()),
        )


def make(holder: Agent, name: str, *, is_backup: bool, now: datetime) -> Key:
    """Make, register and prove a key pair at `now`."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    certificate = _self_signed(private_key, name, now)
    offered = registration.Registration(
        certificate=certificate.public_bytes(Encoding.DER),
        name=name,
        is_backup=is_backup,
        service=holder.service,
        holder=holder,
    )
    challenge = registration.register(offered, origin=ORIGIN, now=now)
    key_pair = _prove(challenge, certificate, private_key, now)
    return Key(key_pair, private_key, certificate, password=_password(name))


def drill(key: Key, *, now: datetime) -> None:
    """Prove a key pair again (« exercice de déchiffrement »)."""
    challenge = registration.issue_challenge(
        key.key_pair.pk, asked_by=key.key_pair.holder, origin=ORIGIN, now=now
    )
    _prove(challenge, key.certificate, key.private_key, now)


def _prove(
    challenge: registration.IssuedChallenge,
    certificate: x509.Certificate,
    private_key: rsa.RSAPrivateKey,
    now: datetime,
) -> KeyPair:
    answer = _answer(challenge.block, certificate, private_key)
    return registration.answer_challenge(challenge.id, answer=answer, now=now)


def _answer(block: bytes, certificate: x509.Certificate, private_key: rsa.RSAPrivateKey) -> str:
    known = read_certificate(certificate.public_bytes(Encoding.DER))
    opened = cms.open_message(block, known, private_key)
    nonce, context = challenges.read(opened, fingerprint=known.sha256, origin=ORIGIN)
    return challenges.answer(nonce, context)


def _password(name: str) -> str:
    """The same at each run, so that a newcomer's notes stay true; it protects nothing real."""
    return "Sigille-" + hashlib.sha256(name.encode()).hexdigest()[:10]


def _self_signed(private_key: rsa.RSAPrivateKey, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    uses = ("digital_signature", "content_commitment", "key_agreement", "key_cert_sign", "crl_sign")
    usage = x509.KeyUsage(
        key_encipherment=True,
        data_encipherment=True,
        encipher_only=False,
        decipher_only=False,
        **dict.fromkeys(uses, False),
    )
    builder = (
        x509.CertificateBuilder(subject, subject, private_key.public_key())
        .serial_number(int.from_bytes(secrets.token_bytes(15)))
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(private_key, hashes.SHA256())
