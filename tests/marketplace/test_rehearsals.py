# SPDX-License-Identifier: EUPL-1.2
from datetime import timedelta

import pytest

from marketplace import rehearsals
from marketplace.models import Consultation, JournalEntry, Phase
from tests.factories import DAY, NOW, SECOND, make_consultation

pytestmark = pytest.mark.django_db
MONTH = 30 * DAY


def make_test(closes_at, **fields) -> Consultation:
    defaults = {
        "is_test": True,
        "state": Consultation.State.ONLINE,
        "published_at": NOW,
        "opens_at": closes_at + timedelta(hours=2),
    }
    return make_consultation(closes_at=closes_at, **(defaults | fields))


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (MONTH, MONTH),
        (MONTH - SECOND, 2 * MONTH - SECOND),
        (DAY, MONTH + DAY),
        (timedelta(0), MONTH),
        (-SECOND, 2 * MONTH - SECOND),
        (-400 * DAY, 50 * DAY),
    ],
)
def test_roll_keeps_the_deadline_of_a_test_away(left, expected):
    consultation = make_test(NOW + left)

    moved = rehearsals.roll(now=NOW)

    consultation.refresh_from_db()
    assert moved == (left < MONTH)
    assert consultation.closes_at - NOW == expected >= rehearsals.NEAREST
    assert consultation.opens_at - consultation.closes_at == timedelta(hours=2)


def test_roll_is_journalled_once():
    consultation = make_test(NOW + DAY)

    assert [rehearsals.roll(now=NOW), rehearsals.roll(now=NOW)] == [1, 0]

    consultation.refresh_from_db()
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.actor, entry.organisation) == (
        "consultation.test_extended",
        "system",
        consultation.service.organisation,
    )
    assert entry.facts == {"closes_at": consultation.closes_at.isoformat()}


@pytest.mark.parametrize(
    "fields", [{"is_test": False}, {"state": Consultation.State.DRAFT, "published_at": None}]
)
def test_roll_leaves_true_consultations_and_drafts_alone(fields):
    consultation = make_test(NOW + DAY, **fields)

    assert rehearsals.roll(now=NOW) == 0

    consultation.refresh_from_db()
    assert consultation.closes_at == NOW + DAY
    assert not JournalEntry.objects.exists()


def test_test_consultation_is_never_closed_even_if_nothing_moved_its_deadline():
    consultation = make_test(NOW)

    assert not consultation.is_closed(NOW + DAY)
    assert consultation.phase(NOW + DAY) == Phase.ONLINE


def test_rehearsals_are_the_tests_on_line_the_oldest_first():
    later = make_test(NOW + DAY, published_at=NOW + SECOND)
    first = make_test(NOW + MONTH)
    make_test(NOW + DAY, is_test=False)
    make_test(NOW + DAY, state=Consultation.State.DRAFT, published_at=None)

    assert list(Consultation.objects.rehearsals()) == [first, later]
