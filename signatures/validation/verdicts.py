# SPDX-License-Identifier: EUPL-1.2
"""The shape of a verdict: lines, conditions, indications. It is data, never a decision: the buyer decides."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signatures.validation.findings import (
    PROVEN_FAILURES,
    Finding,
    FindingCode,
    Indication,
    Status,
    SubIndication,
)
from signatures.validation.frames import LegalFrame, Line, legal_reference

_ORDER = tuple(Status)


class TimeSource(StrEnum):
    """Where the earliest proof of existence comes from."""

    QUALIFIED_TIMESTAMP = "qualified-timestamp"
    OTHER_TIMESTAMP = "other-timestamp"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class BestTime:
    """The earliest moment at which the signature is proven to have existed: EN 319 102-1 names it so."""

    at: datetime
    source: TimeSource


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line of the report. `evidence`: its ground: `certificate:`, `crl:` or `ocsp:` and a SHA-256."""

    line: Line
    status: Status
    findings: tuple[Finding, ...]
    reference: str  # a key of the legal text, rendered by the application
    evidence: tuple[str, ...] = ()

    @property
    def main(self) -> Finding | None:
        """The finding that gives the line its status."""
        return next((item for item in self.findings if item.status is self.status), None)

    @property
    def code(self) -> FindingCode | None:
        """The code of that finding; None when the line does not apply."""
        return self.main.code if self.main else None


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """The lines of one signature, and their technical conclusion."""

    name: str
    is_document_timestamp: bool
    best_time: BestTime
    lines: tuple[LineResult, ...]
    indication: Indication
    sub_indications: tuple[SubIndication, ...]

    def line(self, line: Line) -> LineResult:
        """The result of one line."""
        return next(item for item in self.lines if item.line is line)


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """One of the five conditions, folded from the lines of every signature."""

    number: int
    status: Status
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The technical result for one document under one legal frame, at one moment."""

    frame: LegalFrame
    moment: datetime
    indication: Indication
    sub_indication: SubIndication | None
    signatures: tuple[SignatureVerdict, ...]
    conditions: tuple[ConditionResult, ...]
    document: LineResult  # whether the document holds a signature at all
    remarks: tuple[Finding, ...] = ()


def worst(statuses: tuple[Status, ...]) -> Status:
    """The worst of several results; nothing at all is not applicable."""
    return max(statuses, key=_ORDER.index, default=Status.NOT_APPLICABLE)


def conclude_line(
    line: Line, frame: LegalFrame, findings: tuple[Finding, ...], evidence: tuple[str, ...] = ()
) -> LineResult:
    """A line has the worst status of its findings; without any it does not apply."""
    status = worst(tuple(item.status for item in findings))
    return LineResult(line, status, findings, legal_reference(frame, line), evidence)


def conclude(findings: tuple[Finding, ...]) -> tuple[Indication, tuple[SubIndication, ...]]:
    """EN 319 102-1: failed when that is proven, passed when nothing is missing, indeterminate otherwise."""
    found = tuple(dict.fromkeys(item.sub_indication for item in findings if item.sub_indication))
    proven = tuple(item for item in found if item in PROVEN_FAILURES)
    if proven:
        return Indication.TOTAL_FAILED, proven + tuple(item for item in found if item not in proven)
    # An earlier line explains a line that could not be examined: its name comes first.
    named = tuple(item for item in found if item is not SubIndication.GENERIC)
    return (Indication.INDETERMINATE, named or found) if found else (Indication.TOTAL_PASSED, ())


def not_examined(line: Line, frame: LegalFrame) -> LineResult:
    """A line that an earlier one made impossible."""
    return conclude_line(line, frame, (Finding(FindingCode.NOT_EXAMINED),))
