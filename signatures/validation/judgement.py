# SPDX-License-Identifier: EUPL-1.2
"""The judge: facts, a legal frame and a moment in; a verdict out. The same in, the same out, for ever."""

from datetime import datetime

from signatures.validation.facts import DocumentFacts, Form, Kind, Reading, SignatureFacts
from signatures.validation.findings import (
    Finding,
    FindingCode,
    find,
)
from signatures.validation.frames import LegalFrame, Line, conditions
from signatures.validation.judge_certificate import (
    choose_path,
    judge_category,
    judge_chain,
    judge_expiry,
    judge_signatory,
)
from signatures.validation.judge_revocation import evidence_of, judge_revocation
from signatures.validation.judge_technique import (
    judge_coverage,
    judge_format,
    judge_integrity,
    judge_presence,
)
from signatures.validation.judge_time import find_best_time, judge_time_source
from signatures.validation.strength import find_weaknesses
from signatures.validation.verdicts import (
    BestTime,
    ConditionResult,
    LineResult,
    SignatureVerdict,
    Verdict,
    conclude,
    conclude_line,
    worst,
)

_OF_TIMESTAMPS = {Line.PRESENCE, Line.FORMAT, Line.INTEGRITY, Line.COVERAGE}
_NOTHING_READ = {
    Reading.UNSUPPORTED: FindingCode.FORMAT_UNSUPPORTED,
    Reading.TOO_LARGE: FindingCode.TOO_LARGE,
    Reading.ENCRYPTED: FindingCode.PASSWORD_NEEDED,
    Reading.UNREADABLE: FindingCode.UNREADABLE,
}


def judge(facts: DocumentFacts, *, frame: LegalFrame, moment: datetime) -> Verdict:
    """Judge one document under one legal frame.

    `moment` is when the document was deposited on the platform (aware): the proof of existence that needs
    nobody else. A later judgement of the same facts passes the same moment.

    1. Each signature is judged alone.
    2. The document must hold a signature, and must have been read to its end.
    3. Lines fold into the five conditions of the frame, the worst signature deciding.
    4. The indication is failed when that is proven, passed when nothing is missing, indeterminate otherwise.
    """
    signatures = tuple(
        _judge_signature(facts, item, frame, moment) for item in facts.signatures
    )  # 1.
    document = _judge_document(facts, frame)  # 2.
    found = [item for line in (document, *_lines_of(signatures)) for item in line.findings]
    indication, subs = conclude(tuple(found))  # 4.
    return Verdict(
        frame=frame,
        moment=moment,
        indication=indication,
        sub_indication=subs[0] if subs else None,
        signatures=signatures,
        conditions=_fold(frame, document, signatures),  # 3.
        document=document,
        remarks=_list_remarks(facts),
    )


def _lines_of(signatures: tuple[SignatureVerdict, ...]) -> tuple[LineResult, ...]:
    return tuple(line for signature in signatures for line in signature.lines)


def _judge_document(facts: DocumentFacts, frame: LegalFrame) -> LineResult:
    """Whether there is anything to judge: a problem of the whole document stands before any signature."""
    has_signature = any(item.form is Form.SIGNATURE for item in facts.signatures)
    if facts.problem is not None:
        code, problem = _NOTHING_READ[facts.problem.reading], facts.problem
        findings = (find(code, detail=problem.detail, reference=problem.reference),)
    elif has_signature:
        findings = (find(FindingCode.SIGNATURE_FOUND),)
    elif facts.kind is Kind.PDF:
        findings = (find(FindingCode.NO_SIGNATURE_FOUND),)
    else:
        findings = (find(FindingCode.NO_SIGNATURE_RECOGNISED),)
    return conclude_line(Line.PRESENCE, frame, findings)


def _judge_signature(
    facts: DocumentFacts, signature: SignatureFacts, frame: LegalFrame, moment: datetime
) -> SignatureVerdict:
    best = find_best_time(facts, signature, moment)
    is_stamp = signature.form is Form.DOCUMENT_TIMESTAMP
    findings = {
        Line.PRESENCE: judge_presence(signature),
        Line.FORMAT: judge_format(signature),
        Line.INTEGRITY: judge_integrity(signature),
        Line.COVERAGE: judge_coverage(facts, signature),
    }
    if not is_stamp:
        findings |= _judge_signer(facts, signature, frame, best)
        findings[Line.TIME_SOURCE] = judge_time_source(facts, signature, best, moment)
    evidence = _name_evidence(facts, signature)
    lines = tuple(
        conclude_line(line, frame, findings.get(line, ()), evidence.get(line, ())) for line in Line
    )
    indication, subs = conclude(tuple(item for line in lines for item in line.findings))
    return SignatureVerdict(signature.name, is_stamp, best, lines, indication, subs)


def _judge_signer(
    facts: DocumentFacts, signature: SignatureFacts, frame: LegalFrame, best: BestTime
) -> dict[Line, tuple[Finding, ...]]:
    path, claimed = choose_path(signature), signature.cms.claimed_at if signature.cms else None
    weak = find_weaknesses(facts, signature, path, best.at)
    if signature.cms is None:
        weak = (find(FindingCode.NOT_EXAMINED),)
    if path is None or not path.certificates:
        revocation: tuple[Finding, ...] = (find(FindingCode.REVOCATION_UNKNOWN),)
    else:
        revocation = judge_revocation(facts, path, best.at, claimed)
    return {
        Line.STRENGTH: weak or (find(FindingCode.STRONG_ENOUGH),),
        Line.CATEGORY: judge_category(facts, signature, best.at, frame),
        Line.CHAIN: judge_chain(facts, signature, best.at),
        Line.EXPIRY: judge_expiry(facts, signature, best.at),
        Line.REVOCATION: revocation,
        Line.SIGNATORY: judge_signatory(facts, signature, frame),
    }


def _name_evidence(facts: DocumentFacts, signature: SignatureFacts) -> dict[Line, tuple[str, ...]]:
    if signature.certificate is None:
        return {}
    path, own = choose_path(signature), (f"certificate:{signature.certificate}",)
    chain = tuple(f"certificate:{item}" for item in path.certificates) if path else own
    revocation = evidence_of(facts, path) if path else ()
    return {
        Line.INTEGRITY: own,
        Line.CATEGORY: chain,
        Line.CHAIN: chain,
        Line.EXPIRY: own,
        Line.REVOCATION: revocation,
        Line.SIGNATORY: own,
    }


def _fold(
    frame: LegalFrame, document: LineResult, signatures: tuple[SignatureVerdict, ...]
) -> tuple[ConditionResult, ...]:
    """The five conditions; the document itself stands for a signature that is not there."""
    every = (document, *_lines_of(signatures))
    return tuple(
        ConditionResult(
            number, worst(tuple(item.status for item in every if item.line in lines)), lines
        )
        for number, lines in enumerate(conditions(frame), start=1)
    )


def _list_remarks(facts: DocumentFacts) -> tuple[Finding, ...]:
    remarks = []
    if facts.active_content:
        remarks.append(find(FindingCode.ACTIVE_CONTENT, kinds=", ".join(facts.active_content)))
    if facts.has_hybrid_references:
        remarks.append(find(FindingCode.HYBRID_REFERENCES))
    return tuple(remarks)
