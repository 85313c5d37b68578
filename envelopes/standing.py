# SPDX-License-Identifier: EUPL-1.2
"""Which of the bids of one company for one consultation are opened, by what it said of each.

Source: CCP, art. R2151-6: of several bids, the last one received in time alone is opened; a later complement
is not another bid, so bidders are asked. docs/decisions/0008-second-deposits.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

COMPLETES: Final = "completes"


class State(StrEnum):
    STANDS = "stands"  # it is opened
    REPLACED = "replaced"  # by a later one, received in time
    WITHDRAWN = "withdrawn"
    LATE = "late"


@dataclass(frozen=True)
class Submitted:
    """A submitted deposit. A withdrawn one was received in time."""

    relation: str  # to the earlier one
    is_late: bool
    is_withdrawn: bool


@dataclass(frozen=True)
class Standing:
    """How a deposit stands among those of its company."""

    state: State
    replaced_by: int | None = None  # the rank of the first one that did, from 0


def standings(deposits: Sequence[Submitted]) -> list[Standing]:
    """Of all the deposits that a company submitted for a consultation, in their order of arrival.

    1. A deposit received in time, and which does not complete, replaces all the earlier ones.
    2. It does so for ever: that it is withdrawn afterwards brings none of them back.
    3. A late deposit replaces nothing.
    4. A deposit that completes is opened with what stands of the earlier ones, be it nothing.
    """
    found: list[Standing] = []
    replacing: int | None = None
    for rank in reversed(range(len(deposits))):
        deposit = deposits[rank]
        state = _state(deposit, is_replaced=replacing is not None)
        found.append(Standing(state, replacing if state == State.REPLACED else None))
        if not deposit.is_late and deposit.relation != COMPLETES:
            replacing = rank
    return found[::-1]


def _state(deposit: Submitted, *, is_replaced: bool) -> State:
    if deposit.is_late:
        return State.LATE
    if deposit.is_withdrawn:
        return State.WITHDRAWN
    return State.REPLACED if is_replaced else State.STANDS
