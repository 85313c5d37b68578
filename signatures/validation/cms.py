# SPDX-License-Identifier: EUPL-1.2
"""The cryptographic half of a signature: CMS SignedData with one signer (RFC 5652), measured, not judged."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, core, pdf, tsp, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.sign.general import check_ess_certid
from pyhanko_certvalidator.errors import AlgorithmNotSupported, PSSParameterMismatch
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from signatures.validation.facts import CertificateReference, CmsFacts

# Importing these two teaches asn1crypto the attributes of ESS (RFC 5035) and of Adobe's revocation archive.
ATTRIBUTE_MODULES = (tsp, pdf)
_VALIDATOR = DefaultSignatureValidator()
_ONCE = ("content_type", "message_digest")


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """One parsed SignedData. `signer` is None unless there is exactly one (RFC 5652 allows any number)."""

    data: cms.SignedData
    signer_count: int
    signer: cms.SignerInfo | None
    certificate: x509.Certificate | None
    certificates: tuple[x509.Certificate, ...]

    @property
    def digest_algorithm(self) -> str:
        """The algorithm by which the content is digested, as `hashlib` names it."""
        return str(self.signer["digest_algorithm"]["algorithm"].native) if self.signer else ""


def load(der: bytes) -> SignedMessage:
    """Parse a ContentInfo that holds SignedData; zero padding after it is allowed, as PDF needs it.

    Raises:
        ValueError: it is something else, or not well formed.
    """
    info = cms.ContentInfo.load(der)
    if info["content_type"].native != "signed_data":
        raise ValueError("the signature is not CMS SignedData")
    return wrap(info["content"])


def wrap(data: cms.SignedData) -> SignedMessage:
    """The same, of a SignedData that is already parsed."""
    certificates = tuple(
        choice.chosen for choice in (data["certificates"] or ()) if choice.name == "certificate"
    )
    signers = list(data["signer_infos"])
    signer = signers[0] if len(signers) == 1 else None
    certificate = _find_signer(signer, certificates) if signer is not None else None
    return SignedMessage(data, len(signers), signer, certificate, certificates)


def measure(message: SignedMessage, digest: bytes, content_type: str) -> CmsFacts:
    """Check the one signer of `message` against the digest of what it should sign.

    1. The signed attributes name the content type and the digest, each once.
    2. The attribute `message-digest` is the digest of the content.
    3. The signature value verifies under the certificate found.
    4. The attribute `signing-certificate` names that certificate.
    """
    signer = message.signer
    if signer is None:
        return CmsFacts(signer_count=message.signer_count)
    attributes = signer["signed_attrs"]
    # 1. and 2.
    stated = _read_attribute(attributes, "message_digest") if attributes else digest
    is_sound = bool(attributes) and _are_sound(signer, content_type)
    # 3.
    is_valid, detail = _verify(message, digest)
    return CmsFacts(
        signer_count=1,
        digest_algorithm=message.digest_algorithm,
        signature_algorithm=signer["signature_algorithm"]["algorithm"].native,
        digest_matches=stated == digest,
        signature_is_valid=is_valid,
        attributes_are_sound=is_sound,
        certificate_reference=_compare_reference(message),  # 4.
        claimed_at=_read_claimed_time(attributes),
        detail=detail,
    )


def verify_bytes(
    certificate: x509.Certificate, algorithm: Any, digest_name: str, data: bytes, signature: bytes
) -> bool | None:
    """Whether a signature over `data` verifies; None when the key or the algorithm is not supported."""
    context = SignatureValidationContext(contextual_md_algorithm=digest_name, prehashed=False)
    try:
        _VALIDATOR.validate_signature(signature, data, certificate.public_key, algorithm, context)
    except InvalidSignature:
        return False
    except (
        UnsupportedAlgorithm,
        AlgorithmNotSupported,
        PSSParameterMismatch,
        ValueError,
        TypeError,
    ):
        return None  # old keys with a negative modulus, and digests that nobody implements any more
    return True


def digest_of(data: bytes, algorithm: str) -> bytes:
    """The digest of bytes in memory, by the name CMS uses.

    Raises:
        ValueError: the algorithm is unknown.
    """
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def unsigned_attributes(message: SignedMessage, name: str) -> list[Any]:
    """Every value of an unsigned attribute."""
    attributes = message.signer["unsigned_attrs"] if message.signer else ()
    named = [item for item in attributes or () if item["type"].native == name]
    return [value for item in named for value in item["values"]]


def signed_attribute(message: SignedMessage, name: str) -> Any:
    """The first value of a signed attribute, or None."""
    signer = message.signer
    return _read_attribute(signer["signed_attrs"], name, native=False) if signer else None


def _find_signer(
    signer: cms.SignerInfo, certificates: tuple[x509.Certificate, ...]
) -> x509.Certificate | None:
    identifier = signer["sid"].chosen
    for certificate in certificates:
        if signer["sid"].name == "issuer_and_serial_number":
            same_issuer = certificate.issuer.hashable == identifier["issuer"].hashable
            if same_issuer and certificate.serial_number == identifier["serial_number"].native:
                return certificate
        elif certificate.key_identifier == identifier.native:
            return certificate
    return None


def _are_sound(signer: cms.SignerInfo, content_type: str) -> bool:
    """RFC 5652, §5.3: both attributes present, once, with one value; and RFC 6211 where it is used."""
    names = [attribute["type"].native for attribute in signer["signed_attrs"]]
    if any(names.count(name) != 1 for name in _ONCE) or len(set(names)) != len(names):
        return False
    if _read_attribute(signer["signed_attrs"], "content_type") != content_type:
        return False
    protection = _read_attribute(signer["signed_attrs"], "cms_algorithm_protection", native=False)
    return protection is None or _protects(protection, signer)


def _protects(protection: Any, signer: cms.SignerInfo) -> bool:
    same_digest = protection["digest_algorithm"].native == signer["digest_algorithm"].native
    stated = protection["signature_algorithm"].native
    return same_digest and (stated is None or stated == signer["signature_algorithm"].native)


def _verify(message: SignedMessage, digest: bytes) -> tuple[bool | None, str]:
    signer: Any = message.signer
    certificate = message.certificate
    if certificate is None:
        return None, "certificate-not-found"
    if not signer["signed_attrs"]:
        return None, "no-signed-attributes"
    # The attributes byte for byte as they were written, under the tag of a SET (RFC 5652, §5.4).
    signed = signer["signed_attrs"].untag().dump()
    is_valid = verify_bytes(
        certificate,
        signer["signature_algorithm"],
        message.digest_algorithm,
        signed,
        signer["signature"].native,
    )
    return is_valid, "algorithm-not-supported" if is_valid is None else ""


def _read_attribute(attributes: Any, name: str, *, native: bool = True) -> Any:
    if not attributes:
        return None
    for attribute in attributes:
        if attribute["type"].native == name and len(attribute["values"]):
            value = attribute["values"][0]
            return value.native if native else value
    return None


def _read_claimed_time(attributes: Any) -> datetime | None:
    claimed = _read_attribute(attributes, "signing_time")
    return claimed.astimezone(UTC) if isinstance(claimed, datetime) else None


def _compare_reference(message: SignedMessage) -> CertificateReference:
    if message.certificate is None:
        return (
            CertificateReference.ABSENT
        )  # nothing to compare: the missing certificate is told elsewhere
    for name in ("signing_certificate_v2", "signing_certificate"):
        reference = signed_attribute(message, name)
        if reference is None or isinstance(reference, core.Void):
            continue
        matches = check_ess_certid(message.certificate, reference["certs"][0])
        return CertificateReference.MATCHES if matches else CertificateReference.DIFFERS
    return CertificateReference.ABSENT
