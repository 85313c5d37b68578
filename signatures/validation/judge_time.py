# SPDX-License-Identifier: EUPL-1.2
"""Since when a signature is proven to exist, and who proves it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from signatures.validation.facts import (
    Coverage,
    DocumentFacts,
    Form,
    Service,
    SignatureFacts,
    TimestampFacts,
)
from signatures.validation.findings import Finding, FindingCode, find
from signatures.validation.judge_revocation import is_known_good
from signatures.validation.verdicts import BestTime, TimeSource

CLOCK_TOLERANCE = timedelta(minutes=5)  # between a signer's clock and an authority's

_CODES = {
    TimeSource.QUALIFIED_TIMESTAMP: FindingCode.TIME_OF_QUALIFIED_TIMESTAMP,
    TimeSource.OTHER_TIMESTAMP: FindingCode.TIME_OF_OTHER_TIMESTAMP,
    TimeSource.DEPOSIT: FindingCode.TIME_OF_DEPOSIT,
}


def find_best_time(facts: DocumentFacts, signature: SignatureFacts, moment: datetime) -> BestTime:
    """The earliest of the valid timestamps over the signature and of its deposit on the platform."""
    proofs = [
        BestTime(token.generated_at, _source_of(token))
        for token in timestamps_over(facts, signature)
        if is_proof(facts, token, moment)
    ]
    return min([BestTime(moment, TimeSource.DEPOSIT), *proofs], key=lambda proof: proof.at)


def timestamps_over(facts: DocumentFacts, signature: SignatureFacts) -> Iterator[TimestampFacts]:
    """The tokens on the signature value, then the document timestamps that cover the signature."""
    if signature.form is Form.SIGNATURE:
        yield from signature.timestamps
    for other in facts.signatures:
        if other.form is Form.DOCUMENT_TIMESTAMP and _is_under(signature, other):
            yield from other.timestamps


def is_proof(facts: DocumentFacts, token: TimestampFacts, moment: datetime) -> bool:
    """Sound, not in the future, from a trusted service whose certificate still stands at `moment`."""
    if not _is_sound(token) or token.generated_at > moment or token.certificate is None:
        return False
    certificate = facts.certificates.get(token.certificate)
    if certificate is None or not certificate.not_before <= moment <= certificate.not_after:
        return False
    return any(path.is_sound and is_known_good(facts, path, moment) for path in token.paths)


def judge_time_source(
    facts: DocumentFacts, signature: SignatureFacts, best: BestTime, moment: datetime
) -> tuple[Finding, ...]:
    """Say which proof was used, and name each time that proves nothing."""
    found = [find(_CODES[best.source], at=best.at.isoformat())]
    for token in timestamps_over(facts, signature):
        if not _is_sound(token):
            found.append(
                find(FindingCode.TIMESTAMP_BROKEN, generated_at=token.generated_at.isoformat())
            )
        elif not is_proof(facts, token, moment):
            found.append(
                find(FindingCode.TIMESTAMP_NOT_TRUSTED, generated_at=token.generated_at.isoformat())
            )
    claimed = signature.cms.claimed_at if signature.cms else None
    if claimed is not None:
        late = claimed > best.at + CLOCK_TOLERANCE
        code = FindingCode.CLAIMED_AFTER_PROOF if late else FindingCode.CLAIMED_TIME
        found.append(find(code, claimed_at=claimed.isoformat()))
    return tuple(found)


def _is_sound(token: TimestampFacts) -> bool:
    return token.imprint_matches and token.signature_is_valid is True and token.is_for_timestamping


def _source_of(token: TimestampFacts) -> TimeSource:
    qualified = any(
        path.is_sound and path.anchor.service is Service.QUALIFIED_TIMESTAMPS
        for path in token.paths
    )
    return TimeSource.QUALIFIED_TIMESTAMP if qualified else TimeSource.OTHER_TIMESTAMP


def _is_under(signature: SignatureFacts, stamp: SignatureFacts) -> bool:
    """Whether a document timestamp, whole and in its place, covers a signature."""
    if signature.byte_range is None or stamp.byte_range is None or signature is stamp:
        return False
    if stamp.coverage not in {Coverage.WHOLE_FILE, Coverage.REVISION}:
        return False
    return signature.byte_range.is_well_formed and (
        sum(stamp.byte_range.values[2:]) > sum(signature.byte_range.values[2:])
    )
