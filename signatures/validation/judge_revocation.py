# SPDX-License-Identifier: EUPL-1.2
"""Was a certificate revoked at a moment? No, says its authority; yes, since a date; or nobody says."""

from datetime import datetime

from signatures.validation.facts import CertificateFacts, DocumentFacts, PathFacts, RevocationFacts
from signatures.validation.findings import Finding, FindingCode, find

_HOLD = "certificate_hold", "certificateHold"


def judge_revocation(
    facts: DocumentFacts, path: PathFacts, at: datetime, claimed_at: datetime | None
) -> tuple[Finding, ...]:
    """The signer's certificate first, then each authority between it and the anchor."""
    leaf, *authorities = path.certificates
    found = [_judge_leaf(facts, leaf, at, claimed_at)]
    for authority in authorities:
        found += _judge_authority(facts, authority, at)
    return tuple(found)


def is_known_good(facts: DocumentFacts, path: PathFacts, at: datetime) -> bool:
    """Whether every certificate of a chain is known not to have been revoked at `at`."""
    return all(
        _find_revoked(facts, item, at) is None and _find_good(facts, item, at) is not None
        for item in path.certificates
    )


def evidence_of(facts: DocumentFacts, path: PathFacts) -> tuple[str, ...]:
    """The CRLs and OCSP answers that speak of a chain."""
    return tuple(
        dict.fromkeys(
            f"{item.source}:{item.evidence}"
            for item in facts.revocations
            if item.certificate in path.certificates
        )
    )


def _judge_leaf(
    facts: DocumentFacts, leaf: str, at: datetime, claimed_at: datetime | None
) -> Finding:
    revoked = _find_earliest_revocation(facts, leaf)
    if revoked is not None and revoked.revoked_at is not None:
        return _judge_revoked(revoked, revoked.revoked_at, at, claimed_at)
    good = _find_good(facts, leaf, at)
    if good is None:
        return find(FindingCode.REVOCATION_UNKNOWN)
    return find(
        FindingCode.NOT_REVOKED, source=good.source, this_update=good.this_update.isoformat()
    )


def _judge_revoked(
    statement: RevocationFacts, revoked_at: datetime, at: datetime, claimed_at: datetime | None
) -> Finding:
    values: dict[str, str | int] = {
        "revoked_at": revoked_at.isoformat(),
        "reason": statement.reason,
    }
    if statement.reason in _HOLD:
        return Finding(FindingCode.ON_HOLD, values)
    if revoked_at > at:
        return Finding(FindingCode.REVOKED_LATER, values)
    if claimed_at is not None and claimed_at >= revoked_at:
        values["claimed_at"] = claimed_at.isoformat()
        return Finding(FindingCode.REVOKED_WHEN_CLAIMED, values)
    return Finding(FindingCode.REVOKED_NO_PROOF, values)


def _judge_authority(facts: DocumentFacts, authority: str, at: datetime) -> list[Finding]:
    certificate = facts.certificates.get(authority)
    subject = certificate.subject if certificate else authority
    revoked = _find_revoked(facts, authority, at)
    if revoked is not None and revoked.revoked_at is not None:
        revoked_at = revoked.revoked_at.isoformat()
        return [find(FindingCode.AUTHORITY_REVOKED, subject=subject, revoked_at=revoked_at)]
    if _find_good(facts, authority, at) is None:
        return [find(FindingCode.AUTHORITY_REVOCATION_UNKNOWN, subject=subject)]
    return []


def _find_earliest_revocation(facts: DocumentFacts, certificate: str) -> RevocationFacts | None:
    said = [
        item for item in facts.revocations if item.certificate == certificate and item.revoked_at
    ]
    return min(said, key=lambda item: str(item.revoked_at), default=None)


def _find_revoked(facts: DocumentFacts, certificate: str, at: datetime) -> RevocationFacts | None:
    said = _find_earliest_revocation(facts, certificate)
    return said if said and said.revoked_at and said.revoked_at <= at else None


def _find_good(facts: DocumentFacts, certificate: str, at: datetime) -> RevocationFacts | None:
    """The latest statement that speaks of `at` and does not call the certificate revoked by then."""
    described = facts.certificates.get(certificate)
    said = [
        item
        for item in facts.revocations
        if item.certificate == certificate and described and _speaks_of(item, described, at)
    ]
    return max(said, key=lambda item: item.this_update, default=None)


def _speaks_of(statement: RevocationFacts, certificate: CertificateFacts, at: datetime) -> bool:
    """Issued at `at` or later, or still in force then; and while the certificate was still listed at all.

    A statement made after the certificate expired may have forgotten it (RFC 5280, §3.3; RFC 6960, §4.4.4).
    """
    if statement.this_update > certificate.not_after and not statement.keeps_expired:
        return False
    if statement.this_update >= at:
        return True
    return statement.next_update is not None and at <= statement.next_update
