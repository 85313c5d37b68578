# SPDX-License-Identifier: EUPL-1.2
"""RFC 3161 time-stamp tokens: what is asked of an authority, and what its answer is worth.

Revocation is not looked at: an authority is trusted by its roots, that the operator names.

Source: RFC 3161, § 2.4; RFC 5652, § 5; RFC 5816.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LARGEST: Final = 64 * 1024  # bytes of an answer
DIGESTS: Final = {"sha256": 32, "sha512": 64}  # of what is stamped: bytes
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
DEEPEST: Final = 5  # certificates between the authority's and a root
SMALLEST_RSA: Final = 2048  # bits
_MALFORMED = (
    *(ValueError, TypeError, KeyError, AttributeError, OverflowError),
    *(x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm),
)


class _Answer(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """TimeStampResp, whose token a refusal leaves out."""

    _fields = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class BadToken(ValueError):
    """The answer, or the token in it, does not stamp what was asked; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Query:
    """What is to be stamped. `nonce` is None for a token that was verified before with its own."""

    algorithm: str  # "sha256" or "sha512"
    digest: bytes
    nonce: int | None = None
    policy: str | None = None  # an OID, when only one is accepted

    def to_der(self) -> bytes:
        """The request (TimeStampReq); the authority's certificates are wanted."""
        fields: dict[str, Any] = {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": self.algorithm},
                "hashed_message": self.digest,
            },
            "nonce": self.nonce,
            "cert_req": True,
        }
        if self.policy:
            fields["req_policy"] = self.policy
        return bytes(tsp.TimeStampReq(fields).dump())


@dataclass(frozen=True)
class Trust:
    """Who may stamp, and when the stamp must have been made, the two instants included."""

    roots: Sequence[x509.Certificate]
    between: tuple[datetime, datetime] | None = None


@dataclass(frozen=True)
class Stamp:
    """What a verified token says."""

    generated_at: datetime
    authority: str  # the common name of the certificate that signed
    policy: str  # an OID
    certificate: bytes  # DER


def token_of(answer: bytes) -> bytes:
    """The token of an authority's answer (TimeStampResp).

    Raises:
        BadToken: the answer is no such thing, or a refusal.
    """
    if len(answer) > LARGEST:
        raise BadToken("too_long")
    try:
        response = _Answer.load(answer, strict=True)
        status = response["status"]["status"].native
        if status not in {"granted", "granted_with_mods"}:
            raise BadToken("refused_by_authority")
        return bytes(response["time_stamp_token"].dump())
    except _MALFORMED as error:
        raise _as_bad(error) from error


def verify(token: bytes, query: Query, trust: Trust) -> Stamp:
    """Check a token.

    1. It is one CMS SignedData, holding one TSTInfo, signed once.
    2. It stamps this digest, for this query, under this policy.
    3. Its time is where it must be.
    4. The signature holds, over the attributes and by the certificate that they name.
    5. That certificate is for time-stamping alone, and a root vouches for it at that time.

    Raises:
        BadToken: one of these does not hold.
    """
    if len(token) > LARGEST:
        raise BadToken("too_long")
    try:
        return _verified(token, query, trust)
    except _MALFORMED as error:
        raise _as_bad(error) from error


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _as_bad(error: Exception) -> BadToken:
    return error if isinstance(error, BadToken) else BadToken("malformed")


def _verified(token: bytes, query: Query, trust: Trust) -> Stamp:
    # 1.
    outer = cms.ContentInfo.load(token, strict=True)
    if outer["content_type"].native != "signed_data":
        raise BadToken("malformed")
    signed = outer["content"]
    content = signed["encap_content_info"]
    if content["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise BadToken("malformed")
    encapsulated = bytes(content["content"])
    info = tsp.TSTInfo.load(encapsulated, strict=True)
    if info["version"].native != "v1":
        raise BadToken("malformed")
    # 2. and 3.
    _check_answers(info, query)
    generated_at = info["gen_time"].native.astimezone(UTC)
    if trust.between and not trust.between[0] <= generated_at <= trust.between[1]:
        raise BadToken("wrong_time")
    # 4.
    certificates = _certificates(signed)
    signer = signed["signer_infos"][0]
    certificate = _signer_certificate(signer, certificates)
    _check_attributes(signer, encapsulated, certificate)
    _check_signature(signer, certificate)
    # 5.
    _check_purpose(certificate)
    _check_chain(certificate, certificates, trust.roots, generated_at)
    return Stamp(
        generated_at,
        common_name(certificate),
        info["policy"].dotted,
        certificate.public_bytes(Encoding.DER),
    )


def _check_answers(info: tsp.TSTInfo, query: Query) -> None:
    imprint = info["message_imprint"]
    stamped = (imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native)
    if stamped != (query.algorithm, query.digest):
        raise BadToken("wrong_imprint")
    if query.nonce is not None and info["nonce"].native != query.nonce:
        raise BadToken("wrong_nonce")
    if query.policy and info["policy"].dotted != query.policy:
        raise BadToken("wrong_policy")


def _certificates(signed: cms.SignedData) -> list[x509.Certificate]:
    return [
        x509.load_der_x509_certificate(choice.chosen.dump())
        for choice in signed["certificates"]
        if choice.name == "certificate"
    ]


def _signer_certificate(
    signer: cms.SignerInfo, certificates: Iterable[x509.Certificate]
) -> x509.Certificate:
    named = signer["sid"]
    if named.name != "issuer_and_serial_number":
        raise BadToken("unsupported")
    issuer, serial = named.chosen["issuer"].dump(), named.chosen["serial_number"].native
    for certificate in certificates:
        if (certificate.issuer.public_bytes(), certificate.serial_number) == (issuer, serial):
            return certificate
    raise BadToken("no_certificate")


def _check_attributes(
    signer: cms.SignerInfo, content: bytes, certificate: x509.Certificate
) -> None:
    """What is signed besides: the type and digest of the content, and which certificate signs."""
    if signer["digest_algorithm"]["algorithm"].native not in HASHES:
        raise BadToken("unsupported")
    digest = hashlib.new(signer["digest_algorithm"]["algorithm"].native, content).digest()
    if _attribute(signer, "content_type").native != "tst_info":
        raise BadToken("wrong_attributes")
    if _attribute(signer, "message_digest").native != digest:
        raise BadToken("wrong_attributes")
    named = _signing_certificate(signer)
    der = certificate.public_bytes(Encoding.DER)
    if hashlib.new(named[0], der, usedforsecurity=False).digest() != named[1]:
        raise BadToken("wrong_certificate")


def _signing_certificate(signer: cms.SignerInfo) -> tuple[str, bytes]:
    """The digest of the certificate that signs, RFC 2634 or RFC 5035: it cannot be exchanged."""
    names = {attribute["type"].native for attribute in signer["signed_attrs"]}
    if "signing_certificate_v2" in names:
        first = _attribute(signer, "signing_certificate_v2")["certs"][0]
        return first["hash_algorithm"]["algorithm"].native, first["cert_hash"].native
    return "sha1", _attribute(signer, "signing_certificate")["certs"][0]["cert_hash"].native


def _attribute(signer: cms.SignerInfo, name: str) -> Any:
    found = [a["values"] for a in signer["signed_attrs"] if a["type"].native == name]
    if len(found) != 1 or len(found[0]) != 1:
        raise BadToken("wrong_attributes")
    return found[0][0]


def _check_signature(signer: cms.SignerInfo, certificate: x509.Certificate) -> None:
    algorithm = signer["signature_algorithm"]
    signature, signed = signer["signature"].native, signer["signed_attrs"].untag().dump()
    key, kind = certificate.public_key(), algorithm.signature_algo
    digest = HASHES[signer["digest_algorithm"]["algorithm"].native]
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA:
            key.verify(signature, signed, _padding(kind, digest), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and kind == "ecdsa":
            key.verify(signature, signed, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey) and kind == "ed25519":
            key.verify(signature, signed)
        else:
            raise BadToken("unsupported")
    except InvalidSignature as error:
        raise BadToken("wrong_signature") from error


def _padding(kind: str, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if kind == "rsassa_pkcs1v15":
        return padding.PKCS1v15()
    if kind == "rsassa_pss":
        return padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    raise BadToken("unsupported")


def _check_purpose(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise BadToken("not_for_timestamping") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadToken("not_for_timestamping")


def _check_chain(
    certificate: x509.Certificate,
    others: Iterable[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    """From the certificate to a root, each valid at that time and vouched for by the next."""
    current, pool = certificate, [*roots, *others]
    for _ in range(DEEPEST):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise BadToken("certificate_expired")
        if current in roots:
            return
        issuers = [one for one in pool if one != current and _vouches(one, current)]
        if not issuers:
            break
        current = issuers[0]
    raise BadToken("not_trusted")


def _vouches(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return constraints.value.ca
