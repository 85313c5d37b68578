# SPDX-License-Identifier: EUPL-1.2
"""The two legal versions of the five conditions, and the lines of the report that make each of them."""

from enum import StrEnum


class LegalFrame(StrEnum):
    """The text in force when the consultation was published."""

    ORDER_2012 = "order-2012"
    """Order of 15 June 2012 on electronic signatures in public procurement."""
    ORDER_2019 = "order-2019"
    """Order of 22 March 2019, annex 12 of the public procurement code."""


class Line(StrEnum):
    """The lines of a report, in the order in which they are shown."""

    PRESENCE = "presence"
    FORMAT = "format"
    INTEGRITY = "integrity"
    COVERAGE = "coverage"
    STRENGTH = "strength"
    CATEGORY = "category"
    CHAIN = "chain"
    EXPIRY = "expiry"
    REVOCATION = "revocation"
    TIME_SOURCE = "time-source"
    SIGNATORY = "signatory"


CONDITIONS: dict[LegalFrame, tuple[tuple[Line, ...], ...]] = {
    LegalFrame.ORDER_2012: (
        (Line.PRESENCE,),
        (Line.CATEGORY, Line.CHAIN),
        (Line.EXPIRY, Line.REVOCATION, Line.TIME_SOURCE),
        (Line.INTEGRITY, Line.COVERAGE, Line.STRENGTH),
        (Line.SIGNATORY,),
    ),
    LegalFrame.ORDER_2019: (
        (Line.SIGNATORY,),
        (Line.CATEGORY, Line.CHAIN),
        (Line.PRESENCE, Line.FORMAT),
        (Line.EXPIRY, Line.REVOCATION, Line.TIME_SOURCE),
        (Line.INTEGRITY, Line.COVERAGE, Line.STRENGTH),
    ),
}

_REFERENCES: dict[tuple[LegalFrame, Line], str] = {
    (LegalFrame.ORDER_2012, Line.CATEGORY): "order-2012-article-2-I",
    (LegalFrame.ORDER_2019, Line.CATEGORY): "order-2019-article-2",
    (LegalFrame.ORDER_2019, Line.FORMAT): "order-2019-article-3",
}
_DEFAULT_REFERENCES = {
    LegalFrame.ORDER_2012: "guide-2.3.8",  # the guide's five conditions under the order of 2012
    LegalFrame.ORDER_2019: "order-2019-article-5",
}


def conditions(frame: LegalFrame) -> tuple[tuple[Line, ...], ...]:
    """The lines that make each of the five conditions, the first condition first."""
    return CONDITIONS[frame]


def legal_reference(frame: LegalFrame, line: Line) -> str:
    """The key of the text that asks for a line; the application renders it."""
    return _REFERENCES.get((frame, line), _DEFAULT_REFERENCES[frame])
