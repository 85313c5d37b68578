# SPDX-License-Identifier: EUPL-1.2
from datetime import date, timedelta
from typing import Any

import pytest

from envelopes.coverage import Answer, Coverage, Moment, Verdict, coverage
from envelopes.models import Weakness
from keys.models import KeyPair
from marketplace.models import Consultation
from tests.factories import DAY, DEADLINE, NOW, SECOND, make_key_pair, make_online_consultation

pytestmark = pytest.mark.django_db
OPENING = DEADLINE + timedelta(hours=1)
Reason = KeyPair.RetirementReason
ALL = [Moment.TODAY, Moment.DEADLINE, Moment.OPENING]


def coverage_of(consultation: Consultation, now=NOW) -> Coverage:
    recipients = consultation.recipient_set.key_pairs.select_related("holder__user")
    return coverage(consultation, recipients.order_by("is_backup", "name"), now=now)


def of_three() -> Consultation:
    """On line, sealed to the key pairs of three people: two personal ones, and a backup."""
    consultation = make_online_consultation()
    consultation.recipient_set.key_pairs.add(make_key_pair(service=consultation.service))
    return consultation


def change(key_pairs: Any, **fields: Any) -> KeyPair:
    key_pair: KeyPair = key_pairs.earliest("created_at", "pk")
    KeyPair.objects.filter(pk=key_pair.pk).update(**fields)
    return key_pair


def retire(key_pairs: Any, reason: Reason) -> KeyPair:
    return change(key_pairs, state="retired", retired_at=NOW, retirement_reason=reason)


def answers(found: Coverage, key_pair: KeyPair) -> list[Answer]:
    [line] = [line for line in found.lines if line.key_pair == key_pair]
    return [cell.answer for cell in line.cells]


def told(found: Coverage) -> list[tuple[str, str]]:
    return [(verdict.weakness.value, verdict.moment.value) for verdict in found.verdicts]


def test_coverage_of_what_just_went_on_line_has_nothing_to_repair():
    found = coverage_of(make_online_consultation())

    assert found.moments == tuple(ALL)
    assert {cell.answer for line in found.lines for cell in line.cells} == {Answer.OPENS}
    assert (found.verdicts, found.is_red, found.counts) == ((), False, (2, 2))


@pytest.mark.parametrize("reason", [Reason.WITHDRAWN, Reason.RENEWED])
def test_withdrawn_key_pair_still_opens_and_says_so(reason):
    consultation = make_online_consultation()
    key_pair = retire(KeyPair.objects.personal(), reason)

    found = coverage_of(consultation)

    assert answers(found, key_pair) == [Answer.OPENS] * 3
    assert found.verdicts == ()
    assert [len(cell.notes) for cell in found.lines[0].cells] == [1, 1, 1]


def test_expired_key_pair_still_opens_what_was_sealed_to_it():
    consultation = of_three()
    key_pair = change(KeyPair.objects.personal(), not_after=DEADLINE)

    found = coverage_of(consultation)

    [line] = [line for line in found.lines if line.key_pair == key_pair]
    assert [cell.answer for cell in line.cells] == [Answer.OPENS] * 3
    assert [len(cell.notes) for cell in line.cells] == [1, 2, 2]  # first only that it expires
    assert told(found) == [("expiring", "today")]


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.COMPROMISED])
def test_reported_key_pair_does_not_count(reason):
    consultation = of_three()
    key_pair = retire(KeyPair.objects.personal(), reason)

    found = coverage_of(consultation)

    assert answers(found, key_pair) == [Answer.CANNOT] * 3
    assert told(found) == [(reason.value, "today")]
    assert (found.is_red, found.counts) == (False, (2, 2))


def test_key_pair_whose_holder_is_disabled_does_not_count():
    consultation = of_three()
    key_pair = KeyPair.objects.personal().earliest("created_at", "pk")
    key_pair.holder.user.is_active = False
    key_pair.holder.user.save()

    found = coverage_of(consultation)

    assert answers(found, key_pair) == [Answer.CANNOT] * 3
    assert told(found) == [("holder_gone", "today")]


def test_key_pair_counts_until_the_last_day_of_its_holder():
    consultation = of_three()
    consultation.opens_at = DEADLINE + 2 * DAY
    key_pair = KeyPair.objects.personal().earliest("created_at", "pk")
    key_pair.holder.leaves_on = DEADLINE.date()
    key_pair.holder.save()

    found = coverage_of(consultation)

    assert answers(found, key_pair) == [Answer.OPENS, Answer.OPENS, Answer.CANNOT]
    assert told(found) == [("holder_leaves", "opening")]


@pytest.mark.parametrize(("ago", "answer"), [(30 * DAY, "opens"), (30 * DAY + SECOND, "unsure")])
def test_proof_of_more_than_30_days_leaves_a_doubt(ago, answer):
    consultation = of_three()
    key_pair = change(KeyPair.objects.personal(), proven_at=NOW - ago)

    found = coverage_of(consultation)

    assert answers(found, key_pair) == [Answer(answer)] * 3
    assert told(found) == ([] if answer == "opens" else [("stale", "today")])


HANGING: list[tuple[str, list[dict[str, Any]], str]] = [
    ("a lost key pair of two", [{"retirement_reason": "lost"}, {}], "one_key"),
    ("a stale key pair of two", [{"proven_at": NOW - 31 * DAY}, {}], "one_key"),
    ("an expiring key pair of two", [{"not_after": OPENING + 60 * DAY}, {}], "one_key"),
    ("two stale ones", [{"proven_at": NOW - 31 * DAY}] * 2, "nothing_sure"),
    ("one lost, one stale", [{"retirement_reason": "lost"}, {"proven_at": NOW - 31 * DAY}], "nothing_sure"),
    ("two lost ones", [{"retirement_reason": "lost"}] * 2, "nobody"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "weakness"), [pytest.param(*row, id=name) for name, *row in HANGING]
)
def test_coverage_is_red_where_the_opening_hangs_on_too_little(changes, weakness):
    consultation = make_online_consultation()
    for key_pair, fields in zip(KeyPair.objects.order_by("is_backup"), changes, strict=True):
        retired = {"state": "retired", "retired_at": NOW} if "retirement_reason" in fields else {}
        KeyPair.objects.filter(pk=key_pair.pk).update(
            is_backup=key_pair.is_backup, **fields, **retired
        )

    found = coverage_of(consultation)

    assert found.is_red
    assert [verdict.weakness for verdict in found.verdicts if verdict.is_grave] == [weakness]
    assert found.verdicts[0].is_grave


def test_coverage_is_red_where_one_person_holds_everything():
    consultation = make_online_consultation()
    change(KeyPair.objects.backup(), holder=consultation.created_by)

    found = coverage_of(consultation)

    assert (told(found), found.is_red, found.counts) == ([("one_person", "today")], True, (2, 1))


def test_coverage_of_no_key_pair_is_red():
    found = coverage(make_online_consultation(), [], now=NOW)

    assert (told(found), found.is_red, found.counts) == ([("nobody", "today")], True, (0, 0))


def test_coverage_names_the_first_moment_of_the_gravest_trouble():
    """Today one person of two is left; by the opening, none: the gravest is told, with its moment."""
    consultation = make_online_consultation()
    personal = retire(KeyPair.objects.personal(), Reason.LOST)
    backup = KeyPair.objects.backup().get()
    backup.holder.leaves_on = date(2026, 11, 10)
    backup.holder.save()

    found = coverage_of(consultation)

    assert answers(found, personal) == [Answer.CANNOT] * 3
    assert told(found)[0] == ("nobody", "deadline")


def test_coverage_misses_a_sure_backup():
    consultation = of_three()
    retire(KeyPair.objects.backup(), Reason.LOST)

    found = coverage_of(consultation)

    assert told(found) == [("no_backup", "today"), ("lost", "today")]
    assert not found.is_red


@pytest.mark.parametrize(
    ("now", "moments"),
    [
        (DEADLINE - SECOND, ALL),
        (DEADLINE, [Moment.TODAY, Moment.OPENING]),
        (OPENING, [Moment.TODAY]),
    ],
)
def test_coverage_forgets_the_moments_that_are_over(now, moments):
    assert coverage_of(make_online_consultation(), now=now).moments == tuple(moments)


@pytest.mark.parametrize("weakness", Weakness)
def test_each_weakness_is_explained_with_its_remedy(weakness):
    verdict = Verdict(weakness, Moment.TODAY, make_key_pair(name="Clé {de} Claire"))

    assert verdict.message
    assert verdict.remedy
    assert "{name}" not in verdict.message + verdict.remedy


@pytest.mark.parametrize("lost", ["personal", "backup"])
def test_loss_of_any_one_key_pair_leaves_one_that_is_sure_to_open(lost):
    """Promise P6, at going on line."""
    consultation = make_online_consultation()
    retire(getattr(KeyPair.objects, lost)(), Reason.LOST)

    assert coverage_of(consultation).counts == (1, 1)
