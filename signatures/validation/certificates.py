# SPDX-License-Identifier: EUPL-1.2
"""What a certificate says, read without judging it."""

import hashlib
from typing import Any

from asn1crypto import core, x509

from signatures.validation.facts import CertificateFacts, Subject

_QC_COMPLIANCE = "0.4.0.1862.1.1"  # ETSI EN 319 412-5, §4.2
_QC_ON_SECURE_DEVICE = "0.4.0.1862.1.4"
_QC_TYPE = "0.4.0.1862.1.6"
_QC_LEGISLATION = "0.4.0.1862.1.7"
_EDWARDS_SIZES = {"ed25519": 256, "ed448": 456}  # bits, which asn1crypto does not tell
_QC_TYPES = {"0.4.0.1862.1.6.1": "esign", "0.4.0.1862.1.6.2": "eseal", "0.4.0.1862.1.6.3": "web"}


class _QcStatement(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    """RFC 3739, §3.2.6, with the information left unparsed."""

    _fields = [("statement_id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]


class _QcStatements(core.SequenceOf):  # type: ignore[misc] # asn1crypto has no types
    _child_spec = _QcStatement


class _Oids(core.SequenceOf):  # type: ignore[misc] # asn1crypto has no types
    _child_spec = core.ObjectIdentifier


class _Countries(core.SequenceOf):  # type: ignore[misc] # asn1crypto has no types
    _child_spec = core.PrintableString


def fingerprint(der: bytes) -> str:
    """The hexadecimal SHA-256 by which facts name a certificate, a CRL or an OCSP answer."""
    return hashlib.sha256(der).hexdigest()


def describe(certificate: x509.Certificate) -> CertificateFacts:
    """The facts of one certificate.

    Raises:
        ValueError, TypeError, KeyError: the certificate is not well formed.
    """
    key = certificate.public_key
    qualified = _read_qualified_statements(certificate)
    return CertificateFacts(
        der=certificate.dump(),
        subject=certificate.subject.human_friendly,
        issuer=certificate.issuer.human_friendly,
        serial_number=certificate.serial_number,
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
        key_algorithm=key.algorithm,
        key_size=_EDWARDS_SIZES.get(key.algorithm) or key.bit_size,
        signature_digest=_signature_digest(certificate),
        is_self_signed=certificate.self_signed in {"yes", "maybe"},
        names=_read_names(certificate),
        key_usage=_sorted_names(certificate.key_usage_value),
        extended_key_usage=_sorted_names(certificate.extended_key_usage_value),
        policies=_read_policies(certificate),
        is_declared_qualified=_QC_COMPLIANCE in qualified,
        qualified_types=_read_types(qualified),
        is_on_secure_device=_QC_ON_SECURE_DEVICE in qualified,
        qualified_countries=_read_countries(qualified),
    )


def _signature_digest(certificate: x509.Certificate) -> str:
    try:
        return str(certificate["signature_algorithm"].hash_algo)
    except ValueError:  # an algorithm whose digest is its own affair, or unknown
        return ""


def _sorted_names(extension: Any) -> tuple[str, ...]:
    return tuple(sorted(extension.native)) if extension is not None else ()


def _read_policies(certificate: x509.Certificate) -> tuple[str, ...]:
    extension = certificate.certificate_policies_value
    if extension is None:
        return ()
    return tuple(item["policy_identifier"].dotted for item in extension)


def _read_names(certificate: x509.Certificate) -> Subject:
    attributes: dict[str, list[str]] = {}
    for relative in certificate.subject.chosen:
        for attribute in relative:
            attributes.setdefault(attribute["type"].native, []).append(
                str(attribute.native["value"])
            )

    def first(name: str) -> str:
        return attributes.get(name, [""])[0]

    return Subject(
        common_name=first("common_name"),
        given_name=first("given_name"),
        surname=first("surname"),
        pseudonym=first("pseudonym"),
        title=first("title"),
        organisation=first("organization_name"),
        organisation_identifier=first("organization_identifier"),
        organisational_units=tuple(attributes.get("organizational_unit_name", ())),
        serial_number=first("serial_number"),
        country=first("country_name"),
    )


def _read_qualified_statements(certificate: x509.Certificate) -> dict[str, bytes]:
    for extension in certificate["tbs_certificate"]["extensions"]:
        if extension["extn_id"].native == "qc_statements":
            statements = _QcStatements.load(extension["extn_value"].contents)
            return {item["statement_id"].dotted: item["info"].dump() for item in statements}
    return {}


def _read_types(statements: dict[str, bytes]) -> tuple[str, ...]:
    if _QC_TYPE not in statements:
        return ()
    oids = [item.dotted for item in _Oids.load(statements[_QC_TYPE])]
    return tuple(_QC_TYPES.get(oid, oid) for oid in oids)


def _read_countries(statements: dict[str, bytes]) -> tuple[str, ...]:
    if _QC_LEGISLATION not in statements:
        return ()
    return tuple(item.native for item in _Countries.load(statements[_QC_LEGISLATION]))
