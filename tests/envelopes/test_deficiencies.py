# SPDX-License-Identifier: EUPL-1.2
"""Promise P5: consultations that lack something, none of which goes on line, and their neighbours."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from envelopes import publication
from envelopes.errors.publication import PublicationRefused
from envelopes.models import ChosenKey, RecipientSet
from keys.models import KeyPair
from marketplace.models import Consultation, JournalEntry
from tests.factories import (
    DAY,
    DEADLINE,
    NOW,
    SECOND,
    make_agent,
    make_consultation,
    make_key_pair,
)

pytestmark = pytest.mark.django_db
OPENING = DEADLINE + timedelta(hours=1)  # 2 December 2026, in Paris as in UTC
Fields = dict[str, Any]
Reason = KeyPair.RetirementReason
State = KeyPair.State

UNPROVEN: Fields = {"state": State.UNPROVEN, "proven_at": None}
STALE: Fields = {"proven_at": NOW - 30 * DAY - SECOND}
VERY_STALE: Fields = {"proven_at": NOW - 400 * DAY}
EXPIRED: Fields = {"not_after": NOW}
BEFORE_THE_DEADLINE: Fields = {"not_after": DEADLINE - DAY}
AT_THE_OPENING: Fields = {"not_after": OPENING}
WITHIN_60_DAYS: Fields = {"not_after": OPENING + 60 * DAY}
REPLACED: Fields = {"retires_at": NOW}


def retired(reason: Reason) -> Fields:
    return {"state": State.RETIRED, "retired_at": NOW, "retirement_reason": reason}


def make_draft() -> Consultation:
    """A draft that lacks nothing: a chosen personal key pair, and a colleague's backup one."""
    consultation = make_consultation()
    add_personal(consultation, holder=consultation.created_by)
    add_backup(consultation)
    return consultation


def add_personal(consultation: Consultation, **fields: Any) -> KeyPair:
    fields.setdefault("holder", make_agent(service=consultation.service))
    key_pair = make_key_pair(**fields)
    ChosenKey.objects.create(consultation=consultation, key_pair=key_pair)
    return key_pair


def add_backup(consultation: Consultation, **fields: Any) -> KeyPair:
    return make_key_pair(service=consultation.service, is_backup=True, **fields)


def change(key_pairs: Any, **fields: Any) -> None:
    assert key_pairs.update(**fields) == 1


def personal(fields: Fields) -> Callable[[Consultation], None]:
    """The only personal key pair has these fields."""
    return lambda _draft: change(KeyPair.objects.personal(), **fields)


def backup(fields: Fields) -> Callable[[Consultation], None]:
    """The only backup key pair has these fields."""
    return lambda _draft: change(KeyPair.objects.backup(), **fields)


def second_personal(fields: Fields) -> Callable[[Consultation], None]:
    """The others are in order; one more was chosen, with these fields."""

    def seed(draft: Consultation) -> None:
        add_personal(draft, **fields)

    return seed


def second_backup(fields: Fields) -> Callable[[Consultation], None]:
    """The others are in order; the service has one more in service, with these fields."""

    def seed(draft: Consultation) -> None:
        add_backup(draft, **fields)

    return seed


def holder(key_pairs: Any, *, is_active: bool = True, leaves_on: date | None = None) -> Any:
    """The holder of that key pair is gone, or is known to leave."""

    def seed(_draft: Consultation) -> None:
        agent = key_pairs().get().holder
        agent.user.is_active, agent.leaves_on = is_active, leaves_on
        agent.user.save()
        agent.save()

    return seed


def nothing_chosen(draft: Consultation) -> None:
    draft.chosen_keys.all().delete()


def no_backup(_draft: Consultation) -> None:
    KeyPair.objects.backup().delete()


def same_holder(draft: Consultation) -> None:
    change(KeyPair.objects.backup(), holder=draft.created_by)


def same_holder_of_three(draft: Consultation) -> None:
    same_holder(draft)
    add_personal(draft, holder=draft.created_by)


def same_certificate_twice(_draft: Consultation) -> None:
    certificate = KeyPair.objects.personal().get().certificate
    change(KeyPair.objects.backup(), certificate=certificate)


def backup_made_personal(_draft: Consultation) -> None:
    change(KeyPair.objects.backup(), is_backup=False)


def chosen_of_another_service(draft: Consultation) -> None:
    nothing_chosen(draft)
    ChosenKey.objects.create(consultation=draft, key_pair=make_key_pair())


def backup_of_another_service(draft: Consultation) -> None:
    no_backup(draft)
    make_key_pair(is_backup=True)


PERSONAL, BACKUP = KeyPair.objects.personal, KeyPair.objects.backup
DAY_BEFORE = date(2026, 12, 1)
DEFICIENCIES: list[tuple[str, Callable[[Consultation], None], list[str]]] = [
    ("nothing chosen", nothing_chosen, ["no_personal_key"]),
    ("chosen of another service", chosen_of_another_service, ["no_personal_key"]),
    ("personal never proven", personal(UNPROVEN), ["key_not_proven"]),
    ("personal proven 30 days and a second ago", personal(STALE), ["proof_stale"]),
    ("personal proven last year", personal(VERY_STALE), ["proof_stale"]),
    ("personal expired", personal(EXPIRED), ["key_expires_early"]),
    ("personal expires first", personal(BEFORE_THE_DEADLINE), ["key_expires_early"]),
    ("personal expires at the opening", personal(AT_THE_OPENING), ["key_expires_early"]),
    ("personal expires 60 days later", personal(WITHIN_60_DAYS), ["key_expires_early"]),
    ("personal withdrawn", personal(retired(Reason.WITHDRAWN)), ["key_withdrawn"]),
    ("personal renewed", personal(retired(Reason.RENEWED)), ["key_withdrawn"]),
    ("personal lost", personal(retired(Reason.LOST)), ["key_lost"]),
    ("personal compromised", personal(retired(Reason.COMPROMISED)), ["key_compromised"]),
    ("successor of the personal took over", personal(REPLACED), ["key_withdrawn"]),
    ("holder of the personal disabled", holder(PERSONAL, is_active=False), ["holder_gone"]),
    ("holder of the personal leaves", holder(PERSONAL, leaves_on=DAY_BEFORE), ["holder_leaves"]),
    ("no backup", no_backup, ["no_backup_key"]),
    ("backup of another service", backup_of_another_service, ["no_backup_key"]),
    ("backup made personal", backup_made_personal, ["no_backup_key"]),
    ("backup never proven", backup(UNPROVEN), ["no_backup_key"]),
    ("backup proven 30 days and a second ago", backup(STALE), ["proof_stale"]),
    ("backup proven last year", backup(VERY_STALE), ["proof_stale"]),
    ("backup expired", backup(EXPIRED), ["no_backup_key"]),
    ("backup expires first", backup(BEFORE_THE_DEADLINE), ["key_expires_early"]),
    ("backup expires at the opening", backup(AT_THE_OPENING), ["key_expires_early"]),
    ("backup expires 60 days later", backup(WITHIN_60_DAYS), ["key_expires_early"]),
    ("backup withdrawn", backup(retired(Reason.WITHDRAWN)), ["no_backup_key"]),
    ("backup renewed", backup(retired(Reason.RENEWED)), ["no_backup_key"]),
    ("backup lost", backup(retired(Reason.LOST)), ["no_backup_key"]),
    ("backup compromised", backup(retired(Reason.COMPROMISED)), ["no_backup_key"]),
    ("successor of the backup took over", backup(REPLACED), ["no_backup_key"]),
    ("holder of the backup disabled", holder(BACKUP, is_active=False), ["holder_gone"]),
    ("holder of the backup leaves", holder(BACKUP, leaves_on=DAY_BEFORE), ["holder_leaves"]),
    ("one holder", same_holder, ["one_holder"]),
    ("one holder of three", same_holder_of_three, ["one_holder"]),
    ("the same certificate twice", same_certificate_twice, ["twin_certificates"]),
    ("one personal of two stale", second_personal(STALE), ["proof_stale"]),
    ("one personal of two lost", second_personal(retired(Reason.LOST)), ["key_lost"]),
    ("one personal of two short", second_personal(WITHIN_60_DAYS), ["key_expires_early"]),
    ("one backup of two stale", second_backup(STALE), ["proof_stale"]),
    ("one backup of two short", second_backup(WITHIN_60_DAYS), ["key_expires_early"]),
    ("stale and short", personal(STALE | WITHIN_60_DAYS), ["proof_stale", "key_expires_early"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "codes"), [pytest.param(*row, id=name) for name, *row in DEFICIENCIES]
)
def test_deficient_consultation_does_not_go_on_line(seed, codes):
    draft = make_draft()
    seed(draft)
    entries = JournalEntry.objects.count()

    found = publication.readiness(draft, now=NOW)
    with pytest.raises(PublicationRefused) as refused:
        publication.publish(draft.pk, actor=draft.created_by, now=NOW)

    draft.refresh_from_db()
    assert [problem.code for problem in found.problems] == codes
    assert all(str(problem.user_message) and str(problem.remedy) for problem in found.problems)
    assert refused.value.code == codes[0]
    assert draft.state == Consultation.State.DRAFT
    assert not RecipientSet.objects.exists()
    assert not KeyPair.objects.exclude(first_used_at=None).exists()
    assert JournalEntry.objects.count() == entries


SOUND: list[tuple[str, Callable[[Consultation], None], int]] = [
    ("as it is", lambda _draft: None, 2),
    ("proven 30 days ago", personal({"proven_at": NOW - 30 * DAY}), 2),
    ("expires 60 days and a second later", backup({"not_after": OPENING + 60 * DAY + SECOND}), 2),
    ("holder leaves on the day of the opening", holder(BACKUP, leaves_on=date(2026, 12, 2)), 2),
    ("personal renewed later", personal({"retires_at": NOW + SECOND}), 2),
    ("backup renewed later", backup({"retires_at": NOW + SECOND}), 2),
    ("one more personal", second_personal({}), 3),
    ("one more backup", second_backup({}), 3),
]


@pytest.mark.parametrize(("seed", "count"), [pytest.param(*row, id=name) for name, *row in SOUND])
def test_sound_consultation_goes_on_line(seed, count):
    draft = make_draft()
    seed(draft)

    found = publication.readiness(draft, now=NOW)
    publication.publish(draft.pk, actor=draft.created_by, now=NOW)

    assert (found.problems, found.left_out) == ((), ())
    assert draft.recipient_set.key_pairs.count() == count


@pytest.mark.parametrize(
    "fields",
    [
        UNPROVEN,
        EXPIRED,
        STALE | {"retires_at": NOW + DAY},
        WITHIN_60_DAYS | {"retires_at": NOW + DAY},
    ],
)
def test_second_backup_that_is_not_in_service_is_left_out_and_named(fields):
    draft = make_draft()
    left_out = add_backup(draft, **fields)

    found = publication.readiness(draft, now=NOW)
    publication.publish(draft.pk, actor=draft.created_by, now=NOW)

    assert (found.problems, found.left_out) == ((), (left_out,))
    assert left_out.fingerprint not in draft.recipient_set.fingerprints


def test_deficiency_names_the_key_pair_and_its_holder():
    draft = make_draft()
    change(KeyPair.objects.backup(), **STALE)
    backup_key = KeyPair.objects.backup().get()

    [problem] = publication.readiness(draft, now=NOW).problems

    assert isinstance(problem, PublicationRefused)
    assert problem.key_pair == backup_key
    assert backup_key.name in str(problem.user_message)
    assert str(backup_key.holder) in str(problem.remedy)
    assert problem.facts == {"fingerprint": backup_key.fingerprint}


def test_last_day_of_a_holder_is_that_of_the_organisation():
    """At 11 p.m. UTC, it is the next day in Paris: who leaves on the former has left."""
    draft = make_draft()
    Consultation.objects.update(opens_at=datetime(2026, 12, 2, 23, 30, tzinfo=UTC))
    draft.refresh_from_db()
    holder(BACKUP, leaves_on=date(2026, 12, 2))(draft)

    [problem] = publication.readiness(draft, now=NOW).problems

    assert problem.code == "holder_leaves"
