# SPDX-License-Identifier: EUPL-1.2
"""Answering: the signatures of a released file are measured and judged, and its report concluded.

A report is taken up in a transaction of its own, before the document is read: one that kills its worker
is taken up again, a limited number of times, and then fails with a reference. It never stops the others.
"""

import io
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from envelopes import released
from envelopes.errors.opening import OpeningRefused, StoreUnavailable
from envelopes.models import ReleasedFile
from marketplace import journal
from signatures.models import Report
from signatures.validation import DocumentFacts, LegalFrame, extract, judge, to_json
from signatures.validation.facts import Form

MOST_ATTEMPTS: Final = 3
LEASE: Final = timedelta(minutes=10)  # what a worker may take before another one takes over
PATIENCE: Final = timedelta(minutes=1)  # what the first message in the queue may take
MOST_AT_ONCE: Final = 1000  # reports queued by one sweep

_logger = logging.getLogger(__name__)


def conclude(report_id: UUID, *, now: datetime) -> None:
    """Conclude one pending report. Twice, or by two workers at once, changes nothing.

    A store that does not answer is no conclusion: the report waits for the next sweep.
    """
    report = _take_up(report_id, now=now)
    if report is None:
        return
    try:
        facts = measure(report.file)
    except StoreUnavailable:
        _give_back(report)
    except OpeningRefused as refusal:
        _fail(report, refusal.code, now=now)
    else:
        _keep(report, facts, now=now)


def measure(file: ReleasedFile) -> DocumentFacts:
    """The facts of a released file, read as a stream.

    Raises:
        OpeningRefused: the file can no longer be read; a damaged block is no unreadable document.
    """
    stream = released.open_file(file)
    facts = extract(io.BufferedReader(stream))
    if stream.failure is not None:
        raise stream.failure
    return facts


def waiting(*, now: datetime) -> Iterable[UUID]:
    """Reports that nobody is concluding; those that the signal missed are asked for first."""
    Report.objects.ask_for(ReleasedFile.objects.all(), now=now)
    never_taken = Q(started_at=None, requested_at__lte=now - PATIENCE)
    abandoned = Q(started_at__lte=now - LEASE)
    pending = Report.objects.filter(never_taken | abandoned, state=Report.State.PENDING)
    return pending.order_by("requested_at").values_list("pk", flat=True)[:MOST_AT_ONCE]


@transaction.atomic
def _take_up(report_id: UUID, *, now: datetime) -> Report | None:
    """The report, counted as attempted; None where it is concluded, or another worker has it."""
    locked = Report.objects.select_for_update(no_key=True, of=("self",))
    report = locked.select_related("file__release").get(pk=report_id)
    is_taken = report.started_at is not None and report.started_at > now - LEASE
    if report.state != Report.State.PENDING or is_taken:
        return None
    if report.attempts >= MOST_ATTEMPTS:
        _fail(report, "interrupted", now=now)
        return None
    report.attempts += 1
    report.started_at = now
    report.save(update_fields=["attempts", "started_at"])
    return report


@transaction.atomic
def _give_back(report: Report) -> None:
    """Leave a report for later, as if it had not been taken up."""
    mine = Report.objects.filter(pk=report.pk, state=Report.State.PENDING)
    mine.filter(started_at=report.started_at).update(started_at=None, attempts=report.attempts - 1)


def _keep(report: Report, facts: DocumentFacts, *, now: datetime) -> None:
    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=report.moment)
    report.state = Report.State.DONE
    report.facts = to_json(facts)
    report.indication = verdict.indication.value
    report.signature_count = _signature_count(facts)
    _conclude(report, now=now)


def _signature_count(facts: DocumentFacts) -> int | None:
    """None where nothing was found in a document that could not be read: there may be some."""
    count = sum(item.form is Form.SIGNATURE for item in facts.signatures)
    return None if facts.problem is not None and not count else count


def _fail(report: Report, cause: str, *, now: datetime) -> None:
    report.state = Report.State.FAILED
    report.reference = f"{cause}-{report.pk.hex[:8]}"
    _logger.error("The analysis of report %s failed: %s", report.pk, report.reference)
    _conclude(report, now=now)


@transaction.atomic
def _conclude(report: Report, *, now: datetime) -> None:
    """Write a conclusion, unless another worker wrote one meanwhile."""
    locked = Report.objects.select_for_update(no_key=True, of=("self",)).get(pk=report.pk)
    if locked.state != Report.State.PENDING:
        return
    report.concluded_at = now
    report.save(
        update_fields=[
            "state",
            "concluded_at",
            "facts",
            "indication",
            "signature_count",
            "reference",
        ]
    )
    envelope = report.file.file.envelope
    journal.record(
        "report.concluded",
        report,
        actor=None,
        now=now,
        organisation_id=envelope.deposit.consultation.service.organisation_id,
        file=str(report.file_id),
        state=report.state,
        indication=report.indication,
        reference=report.reference,
    )
