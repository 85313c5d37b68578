# SPDX-License-Identifier: EUPL-1.2
"""Time-stamp tokens for the tests: good ones, and every way to make a bad one."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from marketplace.tokens import Query
from tests.factories import DAY, NOW

POLICY = "1.3.6.1.4.1.99999.1"
STAMPED = b"what is stamped"
NONCE = 2**60 + 7
QUERY = Query("sha256", hashlib.sha256(STAMPED).digest(), NONCE, POLICY)
TIME_STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])


@dataclass(frozen=True)
class Party:
    """A certificate with its private key."""

    certificate: x509.Certificate
    private_key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def make_party(
    name: str,
    issuer: Party | None = None,
    *,
    is_authority: bool = False,
    usage: x509.ExtendedKeyUsage | None = TIME_STAMPING,
    is_critical: bool = True,
    validity: tuple[datetime, datetime] = (NOW - DAY, NOW + 365 * DAY),
    key_size: int = 2048,
) -> Party:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=key_size)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if usage and not is_authority:
        builder = builder.add_extension(usage, critical=is_critical)
    signer = issuer.private_key if issuer else private_key
    return Party(builder.sign(signer, hashes.SHA256()), private_key)


@dataclass
class Forge:
    """How a token is made; `forge(**changes)` makes one that differs from a good one by these changes."""

    party: Party
    others: list[Party] = field(default_factory=list)
    at: datetime = NOW
    imprint: tuple[str, bytes] = (QUERY.algorithm, QUERY.digest)
    nonce: int | None = NONCE
    policy: str = POLICY
    version: int = 1
    content_type: str = "tst_info"
    attributes: dict[str, Any] = field(default_factory=dict)  # None leaves one out
    signs_with: rsa.RSAPrivateKey | None = None
    digest: str = "sha256"
    signatures: int = 1
    sends_certificate: bool = True

    def token(self) -> bytes:
        info = self._info()
        attributes = self._attributes(info)
        signer = self._signer(attributes)
        certificates = [self.party] * self.sends_certificate + self.others
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": self.digest}],
            "encap_content_info": {
                "content_type": self.content_type,
                "content": core.ParsableOctetString(info),
            },
            "certificates": [asn1_x509.Certificate.load(one.der) for one in certificates],
            "signer_infos": [signer] * self.signatures,
        }
        wrapped = cms.ContentInfo({"content_type": "signed_data", "content": signed})
        return bytes(wrapped.dump())

    def answer(self) -> bytes:
        token = cms.ContentInfo.load(self.token())
        return granted(token)

    def _info(self) -> bytes:
        info: dict[str, Any] = {
            "version": self.version,
            "policy": self.policy,
            "message_imprint": {
                "hash_algorithm": {"algorithm": self.imprint[0]},
                "hashed_message": self.imprint[1],
            },
            "serial_number": 1,
            "gen_time": self.at,
        }
        if self.nonce is not None:
            info["nonce"] = self.nonce
        return bytes(tsp.TSTInfo(info).dump())

    def _attributes(self, info: bytes) -> list[cms.CMSAttribute]:
        named = {"certs": [{"cert_hash": hashlib.sha256(self.party.der).digest()}]}
        values: dict[str, Any] = {
            "content_type": "tst_info",
            "message_digest": hashlib.new(self.digest, info).digest(),
            "signing_certificate_v2": tsp.SigningCertificateV2(named),
        } | self.attributes
        return [
            cms.CMSAttribute(
                {"type": kind, "values": value if isinstance(value, list) else [value]}
            )
            for kind, value in values.items()
            if value is not None
        ]

    def _signer(self, attributes: list[cms.CMSAttribute]) -> dict[str, Any]:
        certificate = asn1_x509.Certificate.load(self.party.der)
        key = self.signs_with or self.party.private_key
        algorithm = {
            "sha1": hashes.SHA1(),  # noqa: S303 - to be refused
            "sha256": hashes.SHA256(),
            "sha512": hashes.SHA512(),
        }
        signed = cms.CMSAttributes(attributes)
        signature = key.sign(signed.dump(), padding.PKCS1v15(), algorithm[self.digest])
        return {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
            ),
            "digest_algorithm": {"algorithm": self.digest},
            "signed_attrs": signed,
            "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
            "signature": signature,
        }


def granted(token: cms.ContentInfo, status: str = "granted") -> bytes:
    answer = {"status": {"status": status}, "time_stamp_token": token}
    return bytes(tsp.TimeStampResp(answer).dump())
