# SPDX-License-Identifier: EUPL-1.2
"""The statement of attempts: all that a company tried on one deposit, to show to a judge if need be.

As data, as a table and on paper, each made now and dated; the data and the paper carry the last signed head
of the journal, so that they cannot be older than it. Court cases turn on such lists (CCP, art. R2151-5).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from envelopes import attempts
from envelopes.attempts import Line
from envelopes.models import Attempt, Deposit
from envelopes.receipts import instant
from marketplace import canonical, heads, pdf
from marketplace.canonical import JSONValue
from marketplace.models import SignedHead
from marketplace.pdf import Attachment

VERSION: Final = 2  # 1 did not say whether the consultation is a test
READ_AT_ONCE: Final = 500  # rows
MOST_ON_PAPER: Final = 500  # rows, some seconds of work; the data inside has all of them


@dataclass(frozen=True)
class Statement:
    """Of one deposit, with its company, and its consultation up to the buyer; made at `made_at`."""

    deposit: Deposit
    made_at: datetime

    @property
    def zone(self) -> str:
        return self.deposit.consultation.service.organisation.time_zone

    @cached_property
    def count(self) -> int:
        return self.deposit.attempts.count()

    @cached_property
    def head(self) -> SignedHead | None:
        """The last one signed when it is first asked for."""
        return SignedHead.objects.order_by("size").last()

    def lines(self) -> Iterator[Line]:
        """All of them in their order, a few rows in memory at once."""
        return _in_words(self.deposit.attempts.order_by("number").iterator(READ_AT_ONCE))


def rows(statement: Statement) -> Iterator[Sequence[str]]:
    """What the table says of each attempt, below `headings`."""
    zone = ZoneInfo(statement.zone)
    for line in statement.lines():
        attempt = line.attempt
        yield [
            str(attempt.number),
            attempt.recorded_at.astimezone(zone).isoformat(timespec="milliseconds"),
            str(attempt.get_step_display()),
            str(attempt.file or ""),
            str(attempt.get_outcome_display()),
            attempt.cause,
            str(line.message),
            str(line.remedy),
            str(attempt.offset) if attempt.file else "",
        ]


def headings() -> list[str]:
    return [
        _("Number"),
        _("Time"),
        _("Step"),
        _("File"),
        _("Outcome"),
        _("Code of the cause"),
        _("Cause"),
        _("Remedy"),
        _("Bytes received by then"),
    ]


def data(statement: Statement) -> bytes:
    """Canonical JSON; its sentences are in the language of the site."""
    deposit = statement.deposit
    consultation = deposit.consultation
    with translation.override(settings.LANGUAGE_CODE):
        lines: list[JSONValue] = [_datum(line) for line in statement.lines()]
    return canonical.dumps(
        {
            "attempts": lines,
            "buyer": {
                "organisation": consultation.service.organisation.name,
                "service": consultation.service.name,
            },
            "company": {
                "name": deposit.company.name,
                "registration": deposit.company.registration,
            },
            "consultation": {
                "closes_at": instant(consultation.closes_at),
                "id": str(consultation.pk),
                "is_test": consultation.is_test,
                "reference": consultation.reference,
                "title": consultation.title,
            },
            "deposit": str(deposit.pk),
            "journal": _journal(statement.head),
            "made_at": instant(statement.made_at),
            "state": deposit.state,
            "submitted_at": instant(deposit.submitted_at),
            "version": VERSION,
        }
    )


def document(statement: Statement) -> bytes:
    """The PDF: the last attempts, and the data of all of them inside.

    Raises:
        PDFUnavailable: documents cannot be made here.
    """
    first = max(statement.count - MOST_ON_PAPER, 0)
    shown = statement.deposit.attempts.order_by("number")[first:]
    with translation.override(settings.LANGUAGE_CODE):
        inside = Attachment(
            f"attempts-{statement.deposit.pk}.json",
            data(statement),
            _("All the attempts, as data"),
        )
        context = {"statement": statement, "lines": attempts.lines(shown), "left_out": first}
        return pdf.render("attempts", context, made_at=statement.made_at, attachments=[inside])


def _in_words(found: Iterator[Attempt]) -> Iterator[Line]:
    while lines := attempts.lines(islice(found, READ_AT_ONCE)):
        yield from lines


def _datum(line: Line) -> JSONValue:
    attempt = line.attempt
    return {
        "cause": attempt.cause,
        "file": str(attempt.file) if attempt.file else None,
        "message": str(line.message),
        "number": attempt.number,
        "outcome": attempt.outcome,
        "received": attempt.offset,
        "recorded_at": instant(attempt.recorded_at),
        "remedy": str(line.remedy),
        "step": attempt.step,
    }


def _journal(head: SignedHead | None) -> JSONValue:
    return {"head": head.note, "key": str(heads.verifier_key())} if head else None
