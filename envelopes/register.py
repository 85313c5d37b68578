# SPDX-License-Identifier: EUPL-1.2
"""« Registre des dépôts »: what arrived, by the site or otherwise, in order; and what was tried. To be read.

Until the deadline it does not exist, whoever asks (CCP, art. R2132-9): each of these rules begins with it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from envelopes import chains
from envelopes.errors.opening import DeadlineNotReached
from envelopes.models import Attempt, Deposit, Envelope, PaperDeposit
from marketplace.models import Consultation, EnvelopeKind

BATCH: Final = 200  # rows of an export that are read at once
_TROUBLES: Final = (Attempt.Outcome.REFUSED, Attempt.Outcome.INTERRUPTED)


@dataclass(frozen=True)
class Arrival:
    """What orders a row, and names what it shows."""

    at: datetime
    number: int  # of a deposit; 0 of what an agent entered
    id: UUID


@dataclass(frozen=True)
class Part:
    """An envelope of a deposit; its size is that of the ciphertext, its index included."""

    kind: EnvelopeKind
    lot: int | None
    file_count: int
    sealed_size: int


@dataclass(frozen=True)
class Row:
    """One line of the register: of a `deposit`, or of what an agent entered, `paper`."""

    order: int  # from 1; another line entered later may move it
    arrived_at: datetime
    late_by: timedelta | None
    company: str
    registration: str
    deposit: Deposit | None = None
    replaced_by: int | None = None  # the number of the deposit that did
    paper: PaperDeposit | None = None
    parts: tuple[Part, ...] = ()

    @property
    def is_cancelled(self) -> bool:
        return self.paper is not None and self.paper.cancelled_at is not None


@dataclass(frozen=True)
class Trouble:
    """What a company tried with one deposit that it did not submit, or not at once."""

    deposit: Deposit
    first_at: datetime
    last_at: datetime
    attempt_count: int
    causes: tuple[tuple[str, int], ...]  # the codes of the refusals, and how often each came


def check_deadline(consultation: Consultation, *, now: datetime) -> None:
    """Nothing is read of a register before its deadline.

    Raises:
        DeadlineNotReached: the consultation is a draft or a test, or `now` is before its deadline.
    """
    if not consultation.is_closed(now):
        raise DeadlineNotReached(consultation.closes_at)


def arrivals(consultation: Consultation, *, now: datetime) -> list[Arrival]:
    """All the lines, in the order of arrival: the end of the transmission counts (CCP, art. R2151-5).

    Raises:
        DeadlineNotReached: see the module.
    """
    check_deadline(consultation, now=now)
    submitted = consultation.deposits.filter(submitted_at__isnull=False)
    found = [
        Arrival(at, number or 0, deposit_id)
        for at, number, deposit_id in submitted.values_list("submitted_at", "number", "pk")
        if at
    ]
    papers = consultation.paper_deposits.values_list("received_at", "pk")
    found += [Arrival(at, 0, paper_id) for at, paper_id in papers]
    return sorted(found, key=attrgetter("at", "number", "id"))


def rows(consultation: Consultation, shown: Sequence[Arrival], *, first: int = 1) -> list[Row]:
    """Some consecutive lines, `first` being the order of the first; as many queries for all as for one."""
    ids = [arrival.id for arrival in shown]
    deposits = Deposit.objects.filter(pk__in=ids).select_related("company", "follows", "receipt")
    by_id = deposits.defer("manifest", "follows__manifest").in_bulk()
    papers = PaperDeposit.objects.filter(pk__in=ids)
    papers_by_id = papers.select_related("recorded_by__user", "cancelled_by__user").in_bulk()
    parts, replaced = _parts(by_id), _replacements(consultation, by_id.values())
    found = []
    for order, arrival in enumerate(shown, first):
        late = arrival.at - consultation.closes_at
        late_by = late if late >= timedelta() else None
        if deposit := by_id.get(arrival.id):
            row = Row(
                order=order,
                arrived_at=arrival.at,
                late_by=late_by,
                company=deposit.company.name,
                registration=deposit.company.registration,
                deposit=deposit,
                replaced_by=replaced.get(deposit.pk),
                parts=parts[deposit.pk],
            )
        else:
            paper = papers_by_id[arrival.id]
            row = Row(order, arrival.at, late_by, paper.company_name, "", paper=paper)
        found.append(row)
    return found


def every_row(consultation: Consultation, *, now: datetime) -> Iterator[Row]:
    """The whole register, a batch in memory at a time.

    Raises:
        DeadlineNotReached: see the module; at once, not when the first row is asked for.
    """
    return _batches(consultation, arrivals(consultation, now=now))


def _batches(consultation: Consultation, found: list[Arrival]) -> Iterator[Row]:
    for start in range(0, len(found), BATCH):
        yield from rows(consultation, found[start : start + BATCH], first=start + 1)


def _replacements(
    consultation: Consultation, deposits: Iterable[Deposit]
) -> Mapping[UUID, int | None]:
    """Of those of these companies that were replaced, the number of the deposit that did."""
    companies = {deposit.company_id for deposit in deposits}
    submitted = consultation.deposits.filter(company__in=companies, state=Deposit.State.SUBMITTED)
    fields = ("consultation", "company", "number", "relation", "is_late", "withdrawn_at")
    links = chains.grouped(submitted.only(*fields).order_by("number"))
    return {link.deposit.pk: link.replaced_by.number for link in links if link.replaced_by}


def _parts(deposits: Iterable[UUID]) -> Mapping[UUID, tuple[Part, ...]]:
    is_index = Q(files__is_index=True)
    counted = Envelope.objects.filter(deposit__in=list(deposits)).annotate(
        file_count=Count("files", filter=~is_index, distinct=True),
        sealed_size=Coalesce(Sum("files__blocks__size"), 0),
    )
    found: dict[UUID, tuple[Part, ...]] = defaultdict(tuple)
    for deposit_id, kind, *figures in counted.order_by("kind", "lot__number").values_list(
        "deposit", "kind", "lot__number", "file_count", "sealed_size"
    ):
        found[deposit_id] += (Part(EnvelopeKind(kind), *figures),)
    return found


def troubled(consultation: Consultation, *, now: datetime) -> QuerySet[Deposit]:
    """Deposits that were begun and not submitted, or of which something was refused or interrupted.

    Raises:
        DeadlineNotReached: see the module.
    """
    check_deadline(consultation, now=now)
    stopped = Attempt.objects.filter(deposit=OuterRef("pk"), outcome__in=_TROUBLES)
    found = consultation.deposits.filter(Q(state=Deposit.State.DRAFT) | Exists(stopped))
    return found.select_related("company").defer("manifest").order_by("created_at", "pk")


def troubles(shown: Iterable[Deposit]) -> list[Trouble]:
    """What to say of some of the `troubled`; as many queries for all as for one."""
    deposits = list(shown)
    tried = Attempt.objects.filter(deposit__in=deposits)
    figures = tried.values_list("deposit").annotate(count=Count("pk"), last=Max("recorded_at"))
    found = {deposit_id: (count, last) for deposit_id, count, last in figures.order_by()}
    causes: dict[UUID, tuple[tuple[str, int], ...]] = defaultdict(tuple)
    grouped = tried.exclude(cause="").values_list("deposit", "cause").annotate(count=Count("pk"))
    for deposit_id, cause, count in grouped.order_by("-count", "cause"):
        causes[deposit_id] += ((cause, count),)
    return [
        Trouble(
            deposit=deposit,
            first_at=deposit.created_at,
            last_at=max(filter(None, (last, deposit.last_byte_at, deposit.created_at))),
            attempt_count=number,
            causes=causes[deposit.pk],
        )
        for deposit in deposits
        for number, last in [found.get(deposit.pk, (0, None))]
    ]


def every_trouble(consultation: Consultation, *, now: datetime) -> Iterator[Trouble]:
    """All of them, a batch in memory at a time.

    Raises:
        DeadlineNotReached: see the module; at once, not when the first is asked for.
    """
    found = troubled(consultation, now=now).iterator(chunk_size=BATCH)
    return _trouble_batches(found)


def _trouble_batches(found: Iterator[Deposit]) -> Iterator[Trouble]:
    while batch := list(islice(found, BATCH)):
        yield from troubles(batch)
