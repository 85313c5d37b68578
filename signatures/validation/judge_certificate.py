# SPDX-License-Identifier: EUPL-1.2
"""Lines on the certificate: category, chain, dates, and whom it names."""

from datetime import datetime

from signatures.validation.facts import (
    AnchorFacts,
    CertificateFacts,
    DocumentFacts,
    PathFacts,
    Service,
    SignatureFacts,
)
from signatures.validation.findings import Finding, FindingCode, find
from signatures.validation.frames import LegalFrame

_LEGAL_PERSON_POLICIES = {
    "0.4.0.194112.1.1",
    "0.4.0.194112.1.3",
}  # QCP-l, QCP-l-qscd (ETSI EN 319 411-2)
_NATURAL_PERSON_POLICIES = {"0.4.0.194112.1.0", "0.4.0.194112.1.2"}  # QCP-n, QCP-n-qscd
_SIGNING_USAGES = {"non_repudiation"}


def choose_path(signature: SignatureFacts) -> PathFacts | None:
    """The best chain: sound before unsound, qualified service before any other."""
    return max(
        signature.paths,
        key=lambda path: (path.is_sound, path.anchor.service is Service.QUALIFIED_CERTIFICATES),
        default=None,
    )


def judge_category(
    facts: DocumentFacts, signature: SignatureFacts, at: datetime, frame: LegalFrame
) -> tuple[Finding, ...]:
    """Qualified, or not, or not known: independent of expiry and revocation.

    The two orders differ on seals alone: that of 2012 asks for a listed category and refuses a legal person
    further down, that of 2019 asks for a qualified certificate for signatures.
    """
    certificate = facts.certificates.get(signature.certificate or "")
    if certificate is None:
        return (find(FindingCode.NOT_EXAMINED),)
    if facts.trusted_list is None:
        return (find(FindingCode.NO_TRUSTED_LIST),)
    path = choose_path(signature)
    if path is None:
        code = (
            FindingCode.SELF_SIGNED
            if certificate.is_self_signed
            else FindingCode.NOT_ON_TRUSTED_LIST
        )
        return (find(code, list=facts.trusted_list),)
    return (_judge_listed(certificate, path.anchor, at, frame),)


def _judge_listed(
    certificate: CertificateFacts, anchor: AnchorFacts, at: datetime, frame: LegalFrame
) -> Finding:
    if anchor.service is not Service.QUALIFIED_CERTIFICATES:
        return find(FindingCode.SERVICE_NOT_QUALIFIED, service=anchor.service.value)
    if not all(_was_granted(anchor, moment) for moment in (certificate.not_before, at)):
        return find(FindingCode.SERVICE_NOT_GRANTED)
    if not certificate.is_declared_qualified:
        return find(FindingCode.NOT_QUALIFIED)
    if is_seal(certificate):
        is_refused = frame is LegalFrame.ORDER_2019
        return find(
            FindingCode.QUALIFIED_OTHER if is_refused else FindingCode.QUALIFIED_SEAL, types="eseal"
        )
    types = certificate.qualified_types
    if types and "esign" not in types:
        return find(FindingCode.QUALIFIED_OTHER, types=", ".join(types))
    return find(FindingCode.QUALIFIED)


def _was_granted(anchor: AnchorFacts, at: datetime) -> bool:
    started = anchor.granted_from is None or anchor.granted_from <= at
    return started and (anchor.granted_until is None or at <= anchor.granted_until)


def judge_chain(
    facts: DocumentFacts, signature: SignatureFacts, at: datetime
) -> tuple[Finding, ...]:
    """Does a chain lead to an anchor, by the rules of RFC 5280, through authorities within their dates?"""
    certificate = facts.certificates.get(signature.certificate or "")
    if certificate is None:
        return (find(FindingCode.NOT_EXAMINED),)
    usage = _judge_usage(certificate)
    path = choose_path(signature)
    if path is None:
        is_configured = facts.trusted_list is not None
        return (
            find(FindingCode.NO_CHAIN if is_configured else FindingCode.NO_TRUSTED_LIST),
            *usage,
        )
    if any(item not in facts.certificates for item in path.certificates):
        return (find(FindingCode.NOT_EXAMINED), *usage)
    if not path.is_sound:
        return (find(FindingCode.CHAIN_UNSOUND, detail=path.problem), *usage)
    late = tuple(
        find(FindingCode.AUTHORITY_OUT_OF_DATE, subject=authority.subject)
        for authority in map(facts.certificates.get, path.certificates[1:])
        if authority is not None and not authority.not_before <= at <= authority.not_after
    )
    return (*(late or (find(FindingCode.CHAIN_SOUND, anchor=path.anchor.fingerprint),)), *usage)


def _judge_usage(certificate: CertificateFacts) -> tuple[Finding, ...]:
    usage = certificate.key_usage
    if usage and not _SIGNING_USAGES & set(usage):
        return (find(FindingCode.NOT_FOR_SIGNING, usage=", ".join(usage)),)
    return ()


def judge_expiry(
    facts: DocumentFacts, signature: SignatureFacts, at: datetime
) -> tuple[Finding, ...]:
    """Was the certificate within its dates when the signature was made?

    `at` is the latest that can have been. A signature proven to exist before its certificate began was not
    made under it; one first seen after the end may have been, or not.
    """
    certificate = facts.certificates.get(signature.certificate or "")
    if certificate is None:
        return (find(FindingCode.NOT_EXAMINED),)
    start, end = certificate.not_before.isoformat(), certificate.not_after.isoformat()
    if at < certificate.not_before:
        return (find(FindingCode.NOT_YET_VALID, not_before=start),)
    if at <= certificate.not_after:
        return (find(FindingCode.IN_DATE, not_before=start, not_after=end),)
    claimed = signature.cms.claimed_at if signature.cms else None
    if claimed is not None and claimed > certificate.not_after:
        return (
            find(FindingCode.EXPIRED_WHEN_CLAIMED, not_after=end, claimed_at=claimed.isoformat()),
        )
    return (find(FindingCode.EXPIRED_NO_PROOF, not_after=end),)


def is_seal(certificate: CertificateFacts) -> bool:
    """Proven to stand for a legal person: by its declared types, or by its policy."""
    if certificate.qualified_types:
        return certificate.qualified_types == ("eseal",)
    policies = set(certificate.policies)
    return bool(policies & _LEGAL_PERSON_POLICIES) and not policies & _NATURAL_PERSON_POLICIES


def judge_signatory(
    facts: DocumentFacts, signature: SignatureFacts, frame: LegalFrame
) -> tuple[Finding, ...]:
    """Whom the certificate names. Who that is, and whether they may sign, a human decides in both orders."""
    certificate = facts.certificates.get(signature.certificate or "")
    if certificate is None:
        return (find(FindingCode.NOT_EXAMINED),)
    names = certificate.names
    values: dict[str, str | int] = {
        "name": names.pseudonym
        or f"{names.given_name} {names.surname}".strip()
        or names.common_name,
        "title": names.title,
        "organisation": names.organisation,
        "organisation_identifier": names.organisation_identifier
        or ", ".join(names.organisational_units),
    }
    return (Finding(_name_signatory(certificate, frame), values),)


def _name_signatory(certificate: CertificateFacts, frame: LegalFrame) -> FindingCode:
    names = certificate.names
    if is_seal(certificate):
        is_automatic = (
            frame is LegalFrame.ORDER_2012
        )  # the order of 2019 leaves identity to the buyer, always
        return FindingCode.SEAL_NOT_PERSON if is_automatic else FindingCode.NO_PERSON_NAMED
    if names.pseudonym:
        return FindingCode.PSEUDONYM
    is_person = bool(names.given_name and names.surname) or "esign" in certificate.qualified_types
    is_person = is_person or bool(set(certificate.policies) & _NATURAL_PERSON_POLICIES)
    return FindingCode.PERSON_NAMED if is_person else FindingCode.NO_PERSON_NAMED
