# SPDX-License-Identifier: EUPL-1.2
from datetime import date
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from keys import key_search
from keys.key_search import BACKUP, IN_SERVICE, KEPT, NEVER, OUT_OF_SERVICE, PERSONAL, Criteria
from keys.models import EXPIRING, Health, KeyPair
from tests.factories import (
    DAY,
    NOW,
    SECOND,
    make_agent,
    make_many_key_pairs,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db
FINGERPRINT = "0123456789abcdef" * 4


@pytest.fixture
def holder():
    return make_agent(user=make_user(name="Claire Martin", email="c.martin@example.org"))


def make_one(holder, **fields: object) -> KeyPair:
    return make_many_key_pairs(1, holder=holder, **fields)[0]


def names(key_pairs) -> list[str]:
    return [key_pair.name for key_pair in key_pairs]


def found(**criteria: Any) -> list[str]:
    return names(key_search.search(KeyPair.objects.order_by("name"), Criteria(**criteria), now=NOW))


@pytest.mark.parametrize(
    "text",
    [
        "greffe",
        "GREFFE",
        "rue des Lilas",
        "claire mart",
        FINGERPRINT,
        FINGERPRINT.upper(),
        " ".join(FINGERPRINT[place : place + 4] for place in range(0, 64, 4)),
        ":".join(FINGERPRINT[place : place + 2] for place in range(0, 64, 2)),
        "0123 4567",
        "cdef\N{NO-BREAK SPACE}0123",
    ],
)
def test_text_is_found_in_the_name_the_cn_the_holder_and_the_fingerprint(holder, text):
    make_one(holder, name="Greffe", common_name="CN de la rue des Lilas", fingerprint=FINGERPRINT)
    make_one(make_agent(user=make_user(name="Paul")), name="Voirie", fingerprint="9" * 64)

    assert found(text=text) == ["Greffe"]


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1", "0123456789abcde0", "99 9x"])
def test_text_that_nothing_says_finds_nothing(holder, text):
    make_one(holder, name="Greffe", fingerprint=FINGERPRINT)

    assert found(text=text) == []


def test_three_hexadecimal_digits_are_looked_for_as_words_alone(holder):
    make_one(holder, name="Greffe", fingerprint=FINGERPRINT)
    make_one(holder, name="Lot 012", fingerprint="9" * 64)

    assert found(text="012") == ["Lot 012"]
    assert found(text="0123") == ["Greffe"]


def make_one_of_each_health(holder) -> dict[str, KeyPair]:
    """Every combination of state, reason, expiry, succession: what `health` distinguishes, on both sides."""
    reasons = KeyPair.RetirementReason.values
    states: list[dict[str, object]] = [
        {"state": "unproven", "proven_at": None},
        {"state": "active"},
        *(
            {"state": "retired", "retired_at": NOW, "retirement_reason": reason}
            for reason in reasons
        ),
    ]
    expiries = [NOW - SECOND, NOW, NOW + SECOND, NOW + EXPIRING, NOW + EXPIRING + SECOND]
    takeovers = [None, NOW - SECOND, NOW, NOW + SECOND]
    made = [
        make_one(holder, not_after=not_after, retires_at=retires_at, **state)
        for state, not_after, retires_at in product(states, expiries, takeovers)
    ]
    return {key_pair.name: key_pair for key_pair in made}


@pytest.mark.parametrize("health", Health)
def test_state_is_the_health_that_the_lists_show(holder, health):
    made = make_one_of_each_health(holder)

    expected = [name for name, key_pair in made.items() if key_pair.health(NOW) is health]

    assert expected
    assert found(state=health.value) == sorted(expected)


def test_state_is_in_service_or_out_of_it(holder):
    made = make_one_of_each_health(holder)
    retired = {Health.RETIRED, Health.RENEWED, Health.LOST, Health.COMPROMISED}

    out = [name for name, key_pair in made.items() if key_pair.health(NOW) in retired]

    assert found(state=OUT_OF_SERVICE) == sorted(out)
    assert found(state=KEPT) == sorted({*made} - {*out})


@pytest.mark.parametrize("is_descending", [False, True])
def test_order_by_state_puts_the_gravest_first(holder, is_descending):
    make_one_of_each_health(holder)

    shown = key_search.ordered(KeyPair.objects.all(), "state", is_descending=is_descending, now=NOW)

    healths = list(dict.fromkeys(key_pair.health(NOW) for key_pair in shown))
    expected = list(key_search.GRAVEST_FIRST)
    assert healths == (expected[::-1] if is_descending else expected)


def test_order_by_a_column_then_by_name(holder):
    for name, common_name in [("B", "x"), ("A", "x"), ("C", "w")]:
        make_one(holder, name=name, common_name=common_name)

    ascending, descending = (
        names(
            key_search.ordered(
                KeyPair.objects.all(), "common_name", is_descending=is_descending, now=NOW
            )
        )
        for is_descending in (False, True)
    )

    assert (ascending, descending) == (["C", "A", "B"], ["A", "B", "C"])


def test_use_service_and_holder_narrow(holder):
    colleague = make_agent(service=make_service(organisation=holder.service.organisation))
    make_one(holder, name="P", is_backup=False)
    make_one(holder, name="S", is_backup=True)
    make_one(colleague, name="C", is_backup=False)

    assert (found(use=PERSONAL), found(use=BACKUP)) == (["C", "P"], ["S"])
    assert found(service=holder.service.pk) == ["P", "S"]
    assert found(holder="MARTIN") == found(holder="c.martin@") == ["P", "S"]
    assert found(holder="martin", use=BACKUP, service=colleague.service.pk) == []


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, ["0", "1", "2", "3"]),
        (date(2026, 11, 2), None, ["1", "2", "3"]),
        (None, date(2026, 11, 2), ["0", "1", "2"]),
        (date(2026, 11, 2), date(2026, 11, 2), ["1", "2"]),
        (date(2026, 11, 4), date(2026, 11, 3), []),
    ],
)
def test_expiry_window_is_of_whole_days_of_the_active_zone(holder, first, last, expected):
    with timezone.override("Europe/Paris"):
        midnight = NOW.astimezone(timezone.get_current_timezone()).replace(hour=0, minute=0)
        instants = [midnight - SECOND, midnight, midnight + DAY - SECOND, midnight + DAY]
        for name, not_after in enumerate(instants):
            make_one(holder, name=str(name), not_after=not_after)

        assert found(expires_from=first, expires_to=last) == expected


def test_last_proof_older_than_some_days_or_that_never_was(holder):
    make_one(holder, name="recent", proven_at=NOW - 30 * DAY)
    make_one(holder, name="old", proven_at=NOW - 30 * DAY - SECOND)
    make_one(holder, name="never", state="unproven", proven_at=None)

    assert found(proven_before=30) == ["never", "old"]
    assert found(proven_before=NEVER) == ["never"]
    assert found(proven_before=31) == ["never"]
    assert found(proven_before=29) == ["never", "old", "recent"]


def test_criteria_that_ask_nothing_are_false():
    assert not Criteria()
    assert Criteria(text="a")
    assert Criteria(proven_before=NEVER)


@pytest.mark.parametrize("is_descending", [False, True])
def test_order_by_the_last_proof_begins_or_ends_with_those_never_proven(holder, is_descending):
    for name, proven_at in [("Old", NOW - DAY), ("Never", None), ("New", NOW)]:
        make_one(holder, name=name, state="unproven", proven_at=proven_at)

    shown = key_search.ordered(
        KeyPair.objects.all(), "proven_at", is_descending=is_descending, now=NOW
    )

    expected = ["Never", "Old", "New"]
    assert names(shown) == (expected[::-1] if is_descending else expected)


def test_counts_are_those_of_the_searches(holder, django_assert_num_queries):
    make_one_of_each_health(holder)
    asked = {
        "all": Criteria(),
        "in_service": Criteria(state=IN_SERVICE),
        "late": Criteria(proven_before=30),
        "none": Criteria(text="nothing of that kind"),
    }

    with django_assert_num_queries(1):
        numbers = key_search.counts(KeyPair.objects.all(), asked, now=NOW)

    searches = {
        name: key_search.search(KeyPair.objects.all(), criteria, now=NOW).count()
        for name, criteria in asked.items()
    }
    assert numbers == searches
    assert numbers["in_service"] == len(
        [
            pair
            for pair in KeyPair.objects.all()
            if pair.health(NOW) in {Health.GOOD, Health.EXPIRING}
        ]
    )


def test_search_takes_the_first_and_the_last_days_of_the_calendar(holder):
    make_one(holder, name="A")

    assert found(expires_from=date.min, expires_to=date.max) == ["A"]
    assert found(expires_from=date.max) == []
    assert found(expires_to=date.min) == []
