# SPDX-License-Identifier: EUPL-1.2
"""What CRLs and OCSP answers say of a certificate. Only those whose own signature holds say anything.

Written here and not taken from the path library, whose CRL check refuses every list when the anchor is an
intermediate authority, as the anchors of the European trusted lists are.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from asn1crypto import ocsp, x509
from cryptography import x509 as pyca
from cryptography.exceptions import UnsupportedAlgorithm

from signatures.validation.certificates import fingerprint
from signatures.validation.cms import digest_of, verify_bytes
from signatures.validation.facts import RevocationFacts

_EXPIRED_CERTIFICATES_ON_CRL = pyca.ObjectIdentifier("2.5.29.60")
_KNOWN_CRITICAL = {
    pyca.IssuingDistributionPoint.oid,
    pyca.AuthorityKeyIdentifier.oid,
    pyca.CRLNumber.oid,
}
_OCSP_SIGNING = "ocsp_signing"


def read_crl(
    der: bytes, certificate: x509.Certificate, issuer: x509.Certificate
) -> RevocationFacts | None:
    """What a direct, complete CRL says of `certificate`; None when that is nothing (RFC 5280, §6.3.3).

    1. Its issuer is the issuer of the certificate, and may sign lists.
    2. It is neither a delta nor a partial list, and has no critical extension unknown here.
    3. Its scope includes the certificate.
    4. Its signature verifies.
    """
    try:
        crl = pyca.load_der_x509_crl(der)
        key = pyca.load_der_x509_certificate(issuer.dump()).public_key()
        # 1.
        if crl.issuer.public_bytes() != certificate.issuer.dump() or not _may(issuer, "crl_sign"):
            return None
        # 2. and 3.
        if not _has_known_form(crl) or not _covers(crl, certificate):
            return None
        # 4.
        if not crl.is_signature_valid(key):  # type: ignore[arg-type] # an unsuitable key raises, caught below
            return None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return _state_of(crl, der, certificate)


def read_ocsp(
    der: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    others: Iterable[x509.Certificate] = (),
) -> RevocationFacts | None:
    """What an OCSP answer says of `certificate`; None when that is nothing (RFC 6960, §3.2).

    1. It answers for this certificate of this issuer.
    2. Its signer is the issuer, or was given the right to answer by the issuer, in a valid certificate.
    3. Its signature verifies.
    """
    try:
        response = ocsp.OCSPResponse.load(der)
        if response["response_status"].native != "successful":
            return None
        basic = response.basic_ocsp_response
        data = basic["tbs_response_data"]
        answers = [item for item in data["responses"] if _is_about(item, certificate, issuer)]  # 1.
        signers = _find_responders(basic, issuer, others)  # 2.
        if len(answers) != 1 or not any(_signed_by(basic, signer) for signer in signers):  # 3.
            return None
        return _answer_of(answers[0], der, certificate)
    except (ValueError, TypeError, KeyError):
        return None


def _may(certificate: x509.Certificate, usage: str) -> bool:
    stated = certificate.key_usage_value
    return stated is None or usage in stated.native


def _has_known_form(crl: pyca.CertificateRevocationList) -> bool:
    oids = {item.oid for item in crl.extensions}
    critical = {item.oid for item in crl.extensions if item.critical}
    return pyca.DeltaCRLIndicator.oid not in oids and critical <= _KNOWN_CRITICAL


def _covers(crl: pyca.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    try:
        scope = crl.extensions.get_extension_for_class(pyca.IssuingDistributionPoint).value
    except pyca.ExtensionNotFound:
        return True
    if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs:
        return False
    if scope.only_contains_ca_certs if not certificate.ca else scope.only_contains_user_certs:
        return False
    return _shares_distribution_point(scope, certificate)


def _shares_distribution_point(
    scope: pyca.IssuingDistributionPoint, certificate: x509.Certificate
) -> bool:
    """RFC 5280, §6.3.3 (b)(2)(i): a list that names its place is the one the certificate points to."""
    if scope.full_name is None:
        return scope.relative_name is None
    places = {str(name.value) for name in scope.full_name}
    stated = certificate.crl_distribution_points_value
    if stated is None:
        return False
    points = (point["distribution_point"] for point in stated)
    names = (
        name for point in points if point and point.name == "full_name" for name in point.chosen
    )
    return any(str(name.native) in places for name in names)


def _state_of(
    crl: pyca.CertificateRevocationList, der: bytes, certificate: x509.Certificate
) -> RevocationFacts:
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return RevocationFacts(
        certificate=fingerprint(certificate.dump()),
        source="crl",
        evidence=fingerprint(der),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        revoked_at=entry.revocation_date_utc if entry else None,
        reason=_reason_of(entry) if entry else "",
        keeps_expired=any(item.oid == _EXPIRED_CERTIFICATES_ON_CRL for item in crl.extensions),
    )


def _reason_of(entry: pyca.RevokedCertificate) -> str:
    try:
        return entry.extensions.get_extension_for_class(pyca.CRLReason).value.reason.value
    except pyca.ExtensionNotFound:
        return "unspecified"


def _is_about(
    answer: ocsp.SingleResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    identifier = answer["cert_id"]
    digest = partial(digest_of, algorithm=identifier["hash_algorithm"]["algorithm"].native)
    return bool(
        identifier["serial_number"].native == certificate.serial_number
        and identifier["issuer_name_hash"].native == digest(certificate.issuer.dump())
        and identifier["issuer_key_hash"].native == digest(bytes(issuer.public_key["public_key"]))
    )


def _find_responders(
    basic: ocsp.BasicOCSPResponse, issuer: x509.Certificate, others: Iterable[x509.Certificate]
) -> Iterator[x509.Certificate]:
    """The issuer itself, or those it delegated (RFC 6960, §4.2.2.2), valid when they answered."""
    produced_at = basic["tbs_response_data"]["produced_at"].native
    identifier = basic["tbs_response_data"]["responder_id"]
    embedded = list(basic["certs"]) if basic["certs"] else []
    for candidate in [issuer, *embedded, *others]:
        if not _is_named(identifier, candidate):
            continue
        if candidate.dump() == issuer.dump() or _is_delegated(candidate, issuer, produced_at):
            yield candidate


def _is_named(identifier: ocsp.ResponderId, certificate: x509.Certificate) -> bool:
    if identifier.name == "by_name":
        return bool(identifier.chosen.hashable == certificate.subject.hashable)
    return bool(identifier.native == digest_of(bytes(certificate.public_key["public_key"]), "sha1"))


def _is_delegated(
    responder: x509.Certificate, issuer: x509.Certificate, produced_at: datetime
) -> bool:
    usage = responder.extended_key_usage_value
    if usage is None or _OCSP_SIGNING not in usage.native or responder.issuer != issuer.subject:
        return False
    if not responder.not_valid_before <= produced_at <= responder.not_valid_after:
        return False
    algorithm = responder["signature_algorithm"]
    signed = responder["tbs_certificate"].dump()
    return verify_bytes(issuer, algorithm, "", signed, responder["signature_value"].native) is True


def _signed_by(basic: ocsp.BasicOCSPResponse, responder: x509.Certificate) -> bool:
    signed = basic["tbs_response_data"].dump()
    algorithm = basic["signature_algorithm"]
    return verify_bytes(responder, algorithm, "", signed, basic["signature"].native) is True


def _answer_of(
    answer: ocsp.SingleResponse, der: bytes, certificate: x509.Certificate
) -> RevocationFacts | None:
    status = answer["cert_status"]
    if status.name == "unknown":
        return None
    revoked = status.chosen if status.name == "revoked" else None
    next_update = answer["next_update"].native
    return RevocationFacts(
        certificate=fingerprint(certificate.dump()),
        source="ocsp",
        evidence=fingerprint(der),
        this_update=answer["this_update"].native.astimezone(UTC),
        next_update=next_update.astimezone(UTC) if next_update else None,
        revoked_at=revoked["revocation_time"].native.astimezone(UTC) if revoked else None,
        reason=str(revoked["revocation_reason"].native or "unspecified") if revoked else "",
        keeps_expired=_has_archive_cutoff(answer),
    )


def _has_archive_cutoff(answer: ocsp.SingleResponse) -> bool:
    extensions = answer["single_extensions"]
    return bool(extensions) and any(
        item["extn_id"].native == "archive_cutoff" for item in extensions
    )
