# SPDX-License-Identifier: EUPL-1.2
"""A concluded report as its page shows it: judged anew from its facts, under both legal versions."""

from dataclasses import dataclass

from django.utils.functional import Promise

from signatures.findings import CONDITIONS, TIME_SOURCES
from signatures.models import Report
from signatures.validation import DocumentFacts, LegalFrame, Status, from_json, judge
from signatures.validation.facts import CertificateFacts, SignatureFacts
from signatures.validation.verdicts import (
    ConditionResult,
    LineResult,
    SignatureVerdict,
    Verdict,
)

FRAMES = (LegalFrame.ORDER_2019, LegalFrame.ORDER_2012)  # the one in force first


@dataclass(frozen=True)
class Line:
    """A line under the order in force, and its status under the former one where it differs."""

    result: LineResult
    former_status: Status | None


@dataclass(frozen=True)
class Signature:
    """One signature of the document: what it says of itself, and its lines."""

    verdict: SignatureVerdict
    facts: SignatureFacts
    certificate: CertificateFacts | None
    time_source: str | Promise
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Condition:
    """One of the five conditions, in the words of its order."""

    result: ConditionResult
    label: str | Promise


@dataclass(frozen=True)
class FrameSummary:
    frame: LegalFrame
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Summary:
    """`verdict` is that of the order in force."""

    facts: DocumentFacts
    verdict: Verdict
    frames: tuple[FrameSummary, ...]
    signatures: tuple[Signature, ...]


def summarise(report: Report) -> Summary:
    """The page of a report that is done: the same for ever, as its facts are."""
    facts = from_json(report.facts or {})
    current, former = (judge(facts, frame=frame, moment=report.moment) for frame in FRAMES)
    verdicts = zip(facts.signatures, current.signatures, former.signatures, strict=True)
    return Summary(
        facts=facts,
        verdict=current,
        frames=tuple(_frame(verdict) for verdict in (current, former)),
        signatures=tuple(_signature(facts, *each) for each in verdicts),
    )


def _frame(verdict: Verdict) -> FrameSummary:
    labelled = zip(verdict.conditions, CONDITIONS[verdict.frame], strict=True)
    return FrameSummary(verdict.frame, tuple(Condition(*each) for each in labelled))


def _signature(
    facts: DocumentFacts,
    signature: SignatureFacts,
    current: SignatureVerdict,
    former: SignatureVerdict,
) -> Signature:
    lines = (
        Line(now, then.status if then.status is not now.status else None)
        for now, then in zip(current.lines, former.lines, strict=True)
    )
    return Signature(
        verdict=current,
        facts=signature,
        certificate=facts.certificates.get(signature.certificate or ""),
        time_source=TIME_SOURCES[current.best_time.source],
        lines=tuple(lines),
    )
