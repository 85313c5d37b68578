# SPDX-License-Identifier: EUPL-1.2
"""Which bids of a company are opened: what the law says of each case, then what is always so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envelopes.standing import Standing, State, Submitted, standings

FIRST = Submitted("", is_late=False, is_withdrawn=False)
REPLACES = Submitted("replaces", is_late=False, is_withdrawn=False)
COMPLETES = Submitted("completes", is_late=False, is_withdrawn=False)
STANDS, WITHDRAWN, LATE = (Standing(state) for state in (State.STANDS, State.WITHDRAWN, State.LATE))


def withdrawn(deposit: Submitted) -> Submitted:
    return Submitted(deposit.relation, deposit.is_late, is_withdrawn=True)


def late(relation: str = "") -> Submitted:
    return Submitted(relation, is_late=True, is_withdrawn=False)


def replaced_by(rank: int) -> Standing:
    return Standing(State.REPLACED, rank)


CASES = {
    "none": ([], []),
    "one": ([FIRST], [STANDS]),
    "one late": ([late()], [LATE]),
    "one withdrawn": ([withdrawn(FIRST)], [WITHDRAWN]),
    "replaced": ([FIRST, REPLACES], [replaced_by(1), STANDS]),
    "completed": ([FIRST, COMPLETES], [STANDS, STANDS]),
    "completed twice": ([FIRST, COMPLETES, COMPLETES], [STANDS, STANDS, STANDS]),
    "completed, then all replaced": (
        [FIRST, COMPLETES, REPLACES],
        [replaced_by(2), replaced_by(2), STANDS],
    ),
    "replaced twice": ([FIRST, REPLACES, REPLACES], [replaced_by(1), replaced_by(2), STANDS]),
    "replaced, then completed": ([FIRST, REPLACES, COMPLETES], [replaced_by(1), STANDS, STANDS]),
    "not asked: the last one in time": ([FIRST, FIRST], [replaced_by(1), STANDS]),
    "late replaces nothing": ([FIRST, late("replaces")], [STANDS, LATE]),
    "late completes nothing": ([FIRST, late("completes")], [STANDS, LATE]),
    "late after late": ([late(), late("replaces")], [LATE, LATE]),
    "the replacing one withdrawn": ([FIRST, withdrawn(REPLACES)], [replaced_by(1), WITHDRAWN]),
    "complement of a withdrawn one": ([withdrawn(FIRST), COMPLETES], [WITHDRAWN, STANDS]),
    "complement withdrawn": ([FIRST, withdrawn(COMPLETES)], [STANDS, WITHDRAWN]),
    "complement of a replaced one": (
        [FIRST, withdrawn(REPLACES), COMPLETES],
        [replaced_by(1), WITHDRAWN, STANDS],
    ),
    "anew after a withdrawal": ([withdrawn(FIRST), FIRST], [WITHDRAWN, STANDS]),
    "withdrawn although replaced": ([withdrawn(FIRST), REPLACES], [WITHDRAWN, STANDS]),
}


@pytest.mark.parametrize(("deposits", "expected"), CASES.values(), ids=CASES)
def test_standings(deposits, expected):
    assert standings(deposits) == expected


SUBMITTED = st.builds(
    Submitted,
    st.sampled_from(["", "replaces", "completes"]),
    st.just(value=False),
    st.booleans(),
)
RECEIVED_LATE = st.builds(
    Submitted,
    st.sampled_from(["", "replaces", "completes"]),
    st.just(value=True),
    st.just(value=False),
)
IN_TIME = st.lists(SUBMITTED, max_size=8)
CHAINS = st.tuples(IN_TIME, st.lists(RECEIVED_LATE, max_size=3))


@given(CHAINS)
def test_what_is_late_or_withdrawn_never_stands_and_changes_no_other(chain):
    in_time, too_late = chain

    found = standings([*in_time, *too_late])

    assert found[len(in_time) :] == [LATE] * len(too_late)
    assert found[: len(in_time)] == standings(in_time)
    for deposit, standing in zip(in_time, found, strict=False):
        assert (standing.state == State.WITHDRAWN) is deposit.is_withdrawn


@given(IN_TIME)
def test_what_stands_is_the_last_bid_and_its_complements(chain):
    """From the last deposit that is no complement on; nothing before it, ever."""
    starts = [rank for rank, one in enumerate(chain) if one.relation != "completes"]
    start = starts[-1] if starts else 0

    found = standings(chain)

    standing = [rank for rank, one in enumerate(found) if one.state == State.STANDS]
    assert standing == [rank for rank in range(start, len(chain)) if not chain[rank].is_withdrawn]


@given(IN_TIME.filter(bool), st.data())
def test_a_withdrawal_changes_the_standing_of_that_deposit_alone(chain, data):
    rank = data.draw(st.integers(0, len(chain) - 1))
    before = standings(chain)

    after = standings([*chain[:rank], withdrawn(chain[rank]), *chain[rank + 1 :]])

    assert after[rank] == WITHDRAWN
    assert [*after[:rank], *after[rank + 1 :]] == [*before[:rank], *before[rank + 1 :]]


@given(IN_TIME, SUBMITTED)
def test_a_later_deposit_brings_no_earlier_one_back(chain, later):
    before = standings(chain)

    after = standings([*chain, later])[:-1]

    for old, new in zip(before, after, strict=True):
        assert new == old or (old == STANDS and new == replaced_by(len(chain)))
    assert (after == before) or later.relation != "completes"


@given(IN_TIME)
def test_what_replaces_came_later_and_in_time(chain):
    for rank, found in enumerate(standings(chain)):
        if found.state == State.REPLACED:
            assert found.replaced_by is not None
            assert found.replaced_by > rank
            assert chain[found.replaced_by].relation != "completes"
