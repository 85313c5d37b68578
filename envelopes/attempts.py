# SPDX-License-Identifier: EUPL-1.2
"""What a bidder tried, and what became of it: court cases turn on it (CCP, art. R2151-5)."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Case, Max, OuterRef, QuerySet, Subquery, Sum, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from envelopes import alarms
from envelopes.errors.submission import (
    BadAnnouncement,
    StoreSilent,
    SubmissionCut,
    SubmissionRefused,
)
from envelopes.errors.uploads import StoreFailed, TransferCut, UploadRefused
from envelopes.errors.withdrawal import WithdrawalRefused
from envelopes.models import Attempt, Deposit, SealedFile
from marketplace.errors import Refusal
from marketplace.models import Consultation

logger = logging.getLogger(__name__)

CHECKED_FOR: Final = timedelta(minutes=30)  # a submission that says nothing for longer has died


class RequestUnfinished(UploadRefused):
    """The former request for this file ended without a word: its server was stopped, or its line hangs."""

    code = "unfinished"
    user_message = _("The former request for this file was never finished.")
    remedy = _(
        "Nothing is to be done: what was received is kept, and the upload went on from there."
    )


class Abandoned(UploadRefused):
    """The deposit was never submitted; its files are removed, long after its deadline."""

    code = "abandoned"
    user_message = _("The file was removed: the deposit was never submitted.")
    remedy = _(
        "Files are kept for a while after the deadline, as the page of the consultation says."
    )


class ServerFailed(UploadRefused):
    """Something unexpected; the log of the server says what."""

    code = "server_error"
    user_message = _("The server met an unexpected error.")
    remedy = _("What was received is kept. Try again; if it happens again, tell support.")


INTERRUPTIONS = {
    refusal.code
    for refusal in (
        TransferCut,
        SubmissionCut,
        StoreFailed,
        StoreSilent,
        RequestUnfinished,
        ServerFailed,
    )
}

NOT_BEGUN = {refusal.code for refusal in (SubmissionCut, BadAnnouncement)}  # nothing was to check


@dataclass(frozen=True)
class Line:
    """An attempt, in words."""

    attempt: Attempt
    message: str | Promise = ""  # why it was refused or interrupted
    remedy: str | Promise = ""


def record(
    deposit: Deposit,
    step: Attempt.Step,
    outcome: Attempt.Outcome,
    *,
    now: datetime,
    file: SealedFile | None = None,
    cause: str = "",
) -> Attempt:
    """Append an attempt to a deposit that the caller has locked: that is what numbers them."""
    last = Attempt.objects.filter(deposit=deposit).aggregate(Max("number"))["number__max"] or 0
    return Attempt.objects.create(
        deposit=deposit,
        number=last + 1,
        step=step,
        file=file.pk if file else None,
        outcome=outcome,
        cause=cause,
        offset=file.received_size if file else 0,
        recorded_at=now,
    )


def being_checked(consultation: Consultation, *, now: datetime) -> QuerySet[Attempt]:
    """Submissions that arrived in time, lately, and of which nothing says how they ended.

    Nothing says either which start an end is of: there are as many of both once all have ended.
    """
    since = Attempt.objects.filter(
        deposit=OuterRef("deposit"), step=Attempt.Step.SUBMISSION, number__gte=OuterRef("number")
    ).exclude(cause__in=NOT_BEGUN)
    started = When(outcome=Attempt.Outcome.STARTED, then=1)
    unfinished = since.order_by().values("deposit").annotate(n=Sum(Case(started, default=-1)))
    begun = Attempt.objects.filter(
        deposit__consultation=consultation,
        deposit__state=Deposit.State.DRAFT,
        step=Attempt.Step.SUBMISSION,
        outcome=Attempt.Outcome.STARTED,
        recorded_at__lt=consultation.closes_at,
        recorded_at__gt=now - CHECKED_FOR,
    )
    return begun.annotate(unfinished=Subquery(unfinished.values("n"))).filter(unfinished__gt=0)


@contextmanager
def remembered(
    deposit_id: UUID, step: Attempt.Step, clock: Callable[[], datetime], file_id: UUID | None = None
) -> Iterator[None]:
    """Keep an attempt of whatever stops what is done inside; whatever it was goes through."""
    try:
        yield
    except Refusal as refusal:
        now = _stopped_at(clock)
        alarms.raise_alarm(refusal, now=now)
        remember(deposit_id, step, refusal.code, now=now, file_id=file_id)
        raise
    except Exception:  # whatever it was: kept as an attempt, then raised again
        remember(deposit_id, step, ServerFailed.code, now=_stopped_at(clock), file_id=file_id)
        raise


def _stopped_at(clock: Callable[[], datetime]) -> datetime:
    """The instant; by this machine, where the clock is the database's and the database is what fails."""
    try:
        return clock()
    except DatabaseError:
        return timezone.now()


def remember(
    deposit_id: UUID, step: Attempt.Step, cause: str, *, now: datetime, file_id: UUID | None = None
) -> None:
    """Keep an attempt that changed nothing else; without the database, the log alone tells of it."""
    try:
        _remember(deposit_id, step, cause, now=now, file_id=file_id)
    except DatabaseError:
        logger.exception("An attempt on deposit %s could not be kept: %s", deposit_id, cause)


@transaction.atomic
def _remember(
    deposit_id: UUID, step: Attempt.Step, cause: str, *, now: datetime, file_id: UUID | None
) -> None:
    deposits = Deposit.objects.select_for_update(no_key=True, of=("self",))
    deposit = deposits.filter(pk=deposit_id).first()
    if deposit is None:
        return
    is_interruption = cause in INTERRUPTIONS
    outcome = Attempt.Outcome.INTERRUPTED if is_interruption else Attempt.Outcome.REFUSED
    file = SealedFile.objects.filter(pk=file_id).first() if file_id else None
    if file is None and file_id:
        file = SealedFile(pk=file_id)  # removed meanwhile
    record(deposit, step, outcome, now=now, file=file, cause=cause)


def history(deposit: Deposit) -> list[Line]:
    """All that was tried on a deposit, in its order, each with why it stopped and what to do."""
    return lines(deposit.attempts.order_by("number"))


def lines(some: Iterable[Attempt]) -> list[Line]:
    """Some attempts, in words."""
    known = reasons()
    found = []
    for attempt in some:
        reason = known.get(attempt.cause)
        found.append(Line(attempt, reason.user_message, reason.remedy) if reason else Line(attempt))
    return found


def reasons() -> dict[str, type[Refusal]]:
    """What may have stopped an attempt, by its code."""
    told = _descendants(UploadRefused, SubmissionRefused, WithdrawalRefused)
    return {refusal.code: refusal for refusal in told}


def _descendants(*bases: type[Refusal]) -> Iterator[type[Refusal]]:
    for base in bases:
        yield base
        yield from _descendants(*base.__subclasses__())
