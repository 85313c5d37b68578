# SPDX-License-Identifier: EUPL-1.2
"""Lines on the signature itself: presence, format, integrity, coverage."""

from signatures.validation.facts import (
    CertificateReference,
    Change,
    ChangeFacts,
    CmsFacts,
    Coverage,
    DocumentFacts,
    Form,
    Reading,
    SignatureFacts,
)
from signatures.validation.findings import Finding, FindingCode, find

_BY_READING = {
    Reading.UNSUPPORTED: FindingCode.FORMAT_UNSUPPORTED,
    Reading.ENCRYPTED: FindingCode.PASSWORD_NEEDED,
    Reading.TOO_LARGE: FindingCode.TOO_LARGE,
    Reading.UNREADABLE: FindingCode.UNREADABLE,
    Reading.EMPTY: FindingCode.SIGNATURE_EMPTY,
    Reading.STRAY: FindingCode.SIGNATURE_STRAY,
}
_BY_COVERAGE = {
    Coverage.PARTIAL: FindingCode.COVERAGE_PARTIAL,
    Coverage.WHOLE_FILE: FindingCode.COVERS_FILE,
}
_PADES = {"ETSI.CAdES.detached", "ETSI.RFC3161"}


def judge_presence(signature: SignatureFacts) -> tuple[Finding, ...]:
    """Something must have been signed with something."""
    reading = signature.problem.reading if signature.problem else Reading.READ
    if reading in {Reading.EMPTY, Reading.STRAY}:
        return (find(_BY_READING[reading], name=signature.name),)
    return (find(FindingCode.SIGNATURE_FOUND, name=signature.name),)


def judge_format(signature: SignatureFacts) -> tuple[Finding, ...]:
    """XAdES, CAdES and PAdES are the formats of both orders; PDF signatures are read here."""
    problem = signature.problem
    if problem is not None:
        code = _BY_READING[problem.reading]
        return (
            find(code, format=signature.format, detail=problem.detail, reference=problem.reference),
        )
    if signature.cms is not None and signature.cms.signer_count != 1:
        return (find(FindingCode.SEVERAL_SIGNERS, count=signature.cms.signer_count),)
    code = FindingCode.FORMAT_PADES if signature.format in _PADES else FindingCode.FORMAT_PDF_CMS
    return (find(code, format=signature.format),)


def judge_integrity(signature: SignatureFacts) -> tuple[Finding, ...]:
    """Are the signed bytes those that were signed, by the holder of this certificate?"""
    if signature.form is Form.DOCUMENT_TIMESTAMP:
        return _judge_timestamp_integrity(signature)
    if signature.cms is None or signature.cms.signer_count != 1:
        return (find(FindingCode.NOT_EXAMINED),)
    return tuple(_list_defects(signature.cms)) or (
        find(
            FindingCode.INTACT,
            digest=signature.cms.digest_algorithm,
            algorithm=signature.cms.signature_algorithm,
        ),
    )


def _judge_timestamp_integrity(signature: SignatureFacts) -> tuple[Finding, ...]:
    if not signature.timestamps:
        return (find(FindingCode.NOT_EXAMINED),)
    (token,) = signature.timestamps
    if not token.imprint_matches:
        return (find(FindingCode.DIGEST_MISMATCH),)
    if token.signature_is_valid is None:
        return (find(FindingCode.ALGORITHM_UNSUPPORTED, algorithm=token.digest_algorithm),)
    if not token.signature_is_valid:
        return (find(FindingCode.SIGNATURE_VALUE_WRONG),)
    return (find(FindingCode.INTACT, digest=token.digest_algorithm, algorithm="RFC 3161"),)


def _list_defects(cms: CmsFacts) -> list[Finding]:
    defects = {
        FindingCode.DIGEST_MISMATCH: cms.digest_matches is False,
        FindingCode.SIGNATURE_VALUE_WRONG: cms.signature_is_valid is False,
        FindingCode.CERTIFICATE_SUBSTITUTED: cms.certificate_reference
        is CertificateReference.DIFFERS,
        FindingCode.CERTIFICATE_MISSING: cms.detail == "certificate-not-found",
        FindingCode.ATTRIBUTES_UNSOUND: cms.attributes_are_sound is not True,
    }
    found = [find(code) for code, is_there in defects.items() if is_there]
    if not found and (cms.signature_is_valid is None or cms.digest_matches is None):
        found.append(find(FindingCode.ALGORITHM_UNSUPPORTED, algorithm=cms.signature_algorithm))
    return found


def judge_coverage(facts: DocumentFacts, signature: SignatureFacts) -> tuple[Finding, ...]:
    """Is what is shown what was signed, all of it?"""
    placed = _judge_place(signature)
    if facts.unexplained_bytes:
        return (find(FindingCode.UNEXPLAINED_BYTES, count=facts.unexplained_bytes), *placed)
    return placed


def _judge_place(signature: SignatureFacts) -> tuple[Finding, ...]:
    span = signature.byte_range
    if span is None:
        return (find(FindingCode.NOT_EXAMINED),)
    if not span.is_well_formed:
        return (find(FindingCode.BYTE_RANGE_WRONG),)
    if not span.hole_is_contents:
        return (find(FindingCode.HOLE_NOT_CONTENTS),)
    if signature.coverage in _BY_COVERAGE:
        return (find(_BY_COVERAGE[signature.coverage]),)
    if signature.coverage is Coverage.UNKNOWN or signature.changes is None:
        return (find(FindingCode.COVERAGE_UNKNOWN),)
    return _judge_changes(signature.changes)


def _judge_changes(changes: ChangeFacts) -> tuple[Finding, ...]:
    if changes.change is Change.PAGES:
        return (find(FindingCode.PAGES_CHANGED, detail=changes.detail),)
    if changes.permission_is_respected is False:
        return (find(FindingCode.PERMISSION_EXCEEDED, permission=changes.permission or 0),)
    if changes.change is Change.FORM:
        return (find(FindingCode.FORM_FILLED_LATER, fields=", ".join(changes.fields)),)
    if changes.change is Change.UNEXPLAINED:
        return (find(FindingCode.CHANGES_UNEXPLAINED, detail=changes.detail),)
    if changes.change is Change.NOT_COMPARED:
        return (find(FindingCode.CHANGES_NOT_COMPARED, detail=changes.detail),)
    return (find(FindingCode.COVERS_REVISION, change=changes.change.value),)
