# SPDX-License-Identifier: EUPL-1.2
"""Two people, or two workers, at the same instant: one wins, and the other is told why."""

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from django.core import mail

from keys import drills, editing, registration, retirement
from keys.editing import Description
from keys.errors import AlreadyRetired, DrillAskedAlready, KeyPairGone, RenewedAlready
from keys.models import DrillRequest, KeyPair
from keys.registration import Registration
from keys.renewal import Renewal
from marketplace.models import JournalEntry
from tests.factories import DAY, NOW, make_agent, make_certificate, make_key_pair, make_private_key
from tests.keys.test_registration import ORIGIN, answer_of
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5  # the order in which threads run differs from one to the next


def kinds(answers: list[object]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


def offers(old: KeyPair, count: int) -> list[Registration]:
    """Of as many agents, each with a key of its own."""
    return [
        Registration(
            make_certificate(make_private_key()),
            old.name,
            old.is_backup,
            old.service,
            make_agent(service=old.service),
            Renewal(old.pk, date(2026, 12, 1)),
        )
        for _ in range(count)
    ]


def test_agents_who_renew_the_same_key_pair_at_once_make_one_successor():
    for _ in range(ROUNDS):
        old = make_key_pair()

        answers = race(
            *[
                partial(registration.register, offer, origin=ORIGIN, now=NOW)
                for offer in offers(old, 3)
            ]
        )

        assert kinds(answers) == {"IssuedChallenge": 1, RenewedAlready.__name__: 2}
        successor = KeyPair.objects.get(replaces=old)
        assert [a.key_pair for a in answers if not isinstance(a, Exception)] == [successor]


def test_successor_proven_while_the_earlier_key_pair_is_withdrawn():
    for _ in range(ROUNDS):
        old, private_key = make_key_pair(first_used_at=NOW), make_private_key()
        offer = replace(offers(old, 1)[0], certificate=make_certificate(private_key))
        issued = registration.register(offer, origin=ORIGIN, now=NOW)
        answer = answer_of(issued, private_key)

        answers = race(
            partial(registration.answer_challenge, issued.id, answer=answer, now=NOW),
            partial(retirement.remove, old.pk, remover=old.holder, now=NOW),
        )

        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        old.refresh_from_db()
        issued.key_pair.refresh_from_db()
        assert (old.state, issued.key_pair.state) == (KeyPair.State.RETIRED, KeyPair.State.ACTIVE)


@pytest.mark.parametrize("is_used", [True, False])
def test_edit_and_removal_at_once_lose_neither(is_used):
    for _ in range(ROUNDS):
        key_pair = make_key_pair(first_used_at=NOW if is_used else None)
        holder = make_agent(service=key_pair.service)
        wanted = Description("Greffe", is_backup=True, holder=holder)

        edited, removal = race(
            partial(editing.edit, key_pair.pk, wanted, editor=holder, now=NOW),
            partial(retirement.remove, key_pair.pk, remover=holder, now=NOW),
        )

        left = KeyPair.objects.filter(pk=key_pair.pk).first()
        if is_used:
            assert left is not None
            assert (left.name, left.holder, left.state) == ("Greffe", holder, "retired")
        else:
            assert left is None
            assert isinstance(edited, KeyPair | KeyPairGone)
        assert isinstance(removal, retirement.Removal)


def test_two_removals_at_once_of_a_key_pair_that_sealed():
    for _ in range(ROUNDS):
        key_pair = make_key_pair(first_used_at=NOW)

        answers = race(
            *[partial(retirement.remove, key_pair.pk, remover=key_pair.holder, now=NOW)] * 2
        )

        assert kinds(answers) == {"Removal": 1, AlreadyRetired.__name__: 1}


def test_drill_asked_for_twice_at_once_is_one_request_and_one_mail():
    for number in range(ROUNDS):
        key_pair = make_key_pair()
        colleagues = [make_agent(service=key_pair.service) for _ in range(2)]

        answers = race(
            *[partial(drills.ask, key_pair.pk, asked_by=by, now=NOW) for by in colleagues]
        )
        race(*[partial(drills.remind, now=NOW)] * 2)

        assert kinds(answers) == {"DrillRequest": 1, DrillAskedAlready.__name__: 1}
        assert len(mail.outbox) == number + 1


def test_reminders_of_two_workers_over_a_year_are_each_sent_once():
    """Of keys that nobody proves: a request at a month, a mail each month."""
    key_pairs = [make_key_pair(proven_at=NOW - days * DAY) for days in (0, 1, 29, 30, 31)]

    for day in range(0, 366, 3):
        race(*[partial(drills.remind, now=NOW + day * DAY)] * 2)

    sent = Counter(message.to[0] for message in mail.outbox)
    assert set(sent) == {key_pair.holder.user.email for key_pair in key_pairs}
    assert set(sent.values()) == {12, 13}
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == sum(
        sent.values()
    )
    assert DrillRequest.objects.count() == len(key_pairs)
    told = JournalEntry.objects.filter(action="key_pair.drill_request_sent").count()
    assert told == sum(sent.values())


def test_two_sweeps_at_once_retire_each_renewed_key_pair_once():
    key_pairs = [make_key_pair(retires_at=NOW) for _ in range(4)]

    swept = race(*[partial(retirement.retire_replaced, now=NOW)] * 2)

    assert sum(swept) == len(key_pairs)
    assert JournalEntry.objects.filter(action="key_pair.retired").count() == len(key_pairs)
