# SPDX-License-Identifier: EUPL-1.2
"""The submitted deposits of a company for a consultation, as one chain: each stands or not by the others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from envelopes.errors.opening import (
    DepositWithdrawn,
    LateNotConfirmed,
    OpeningRefused,
    ReplacedNotConfirmed,
)
from envelopes.models import Deposit
from envelopes.standing import State, Submitted, standings

_ON_PURPOSE: Final[dict[State, type[OpeningRefused]]] = {
    State.LATE: LateNotConfirmed,
    State.REPLACED: ReplacedNotConfirmed,
}


@dataclass(frozen=True)
class Link:
    """A deposit of a chain, and how it stands there."""

    deposit: Deposit
    state: State
    replaced_by: Deposit | None = None


def of_company(consultation_id: UUID, company_id: UUID) -> list[Link]:
    """In their order of arrival."""
    return _linked(list(_submitted(consultation_id, company_id)))


def locked(consultation_id: UUID, company_id: UUID) -> list[Link]:
    """The same, that stay as they are until the end of the transaction.

    Whoever locks several deposits of a company locks the earlier ones first.
    """
    rows = _submitted(consultation_id, company_id)
    return _linked(list(rows.select_for_update(no_key=True, of=("self",))))


def link_of(deposit: Deposit) -> Link:
    """Of a submitted deposit."""
    chain = of_company(deposit.consultation_id, deposit.company_id)
    return next(link for link in chain if link.deposit == deposit)


def links_of(some: Iterable[Deposit]) -> dict[UUID, Link]:
    """Of any deposits, by their ids, in one query; a draft has none."""
    wanted = Q(pk__in=[])
    for consultation, company in {(each.consultation_id, each.company_id) for each in some}:
        wanted |= Q(consultation=consultation, company=company)
    rows = Deposit.objects.filter(wanted, state=Deposit.State.SUBMITTED)
    rows = rows.select_related("consultation")
    return {link.deposit.pk: link for link in grouped(rows.order_by("number"))}


def grouped(deposits: Iterable[Deposit]) -> list[Link]:
    """Of whole chains, in the order given, which is that of arrival."""
    everything = list(deposits)
    chains: dict[tuple[UUID, UUID], list[Deposit]] = defaultdict(list)
    for deposit in everything:
        chains[deposit.consultation_id, deposit.company_id].append(deposit)
    found = {link.deposit.pk: link for chain in chains.values() for link in _linked(chain)}
    return [found[deposit.pk] for deposit in everything]


def followed(chain: Sequence[Link]) -> Deposit | None:
    """The earlier deposit that the bidder is asked about, if there is one: the last of those left."""
    deposits = left(chain)
    return deposits[-1] if deposits else None


def left(chain: Sequence[Link]) -> list[Deposit]:
    """Those that another deposit may replace or complete.

    One that is withdrawn or replaced is not completed: nobody opens it. A rehearsal follows none.
    """
    return [link.deposit for link in chain if _is_left(link)]


def _is_left(link: Link) -> bool:
    return link.state in {State.STANDS, State.LATE} and not link.deposit.consultation.is_test


def check_openable(deposit: Deposit, *, accepts: str = "") -> State:
    """The state of a submitted deposit, which may be opened; `accepts` is the one that is opened on purpose.

    Raises:
        DepositWithdrawn: whatever is accepted.
        LateNotConfirmed, ReplacedNotConfirmed: `accepts` does not say so.
    """
    state = link_of(deposit).state
    if state == State.WITHDRAWN:
        raise DepositWithdrawn
    if state != accepts and state in _ON_PURPOSE:
        raise _ON_PURPOSE[state]
    return state


def _submitted(consultation_id: UUID, company_id: UUID) -> QuerySet[Deposit]:
    rows = Deposit.objects.filter(consultation=consultation_id, company=company_id)
    rows = rows.select_related("consultation")
    return rows.filter(state=Deposit.State.SUBMITTED).order_by("number")


def _linked(chain: Sequence[Deposit]) -> list[Link]:
    """Rehearsals are each on its own: none replaces another."""
    if len(chain) > 1 and chain[0].consultation.is_test:
        return [link for deposit in chain for link in _linked([deposit])]
    said = [
        Submitted(each.relation, each.is_late, is_withdrawn=each.withdrawn_at is not None)
        for each in chain
    ]
    return [
        Link(deposit, found.state, None if found.replaced_by is None else chain[found.replaced_by])
        for deposit, found in zip(chain, standings(said), strict=True)
    ]
