# SPDX-License-Identifier: EUPL-1.2
"""Two things at the same moment, in two threads: one comes first, and the other sees it."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core import mail
from django.db import connection

from envelopes import degradations, losses, publication
from envelopes.errors.publication import PublicationRefused
from envelopes.models import ChosenKey, Degradation, KeyReport, RecipientSet
from keys import registration, retirement
from keys.models import KeyPair
from marketplace import agents
from marketplace.errors import Refusal
from marketplace.models import Consultation, JournalEntry
from tests.factories import (
    DAY,
    NOW,
    make_administrator,
    make_agent,
    make_consultation,
    make_key_pair,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8
Reason = KeyPair.RetirementReason
Act = Callable[[Consultation, KeyPair], object]


def together(*acts: Callable[[], object]) -> list[Refusal | None]:
    """Do them at the same moment, each in a thread; what each was refused."""
    barrier = threading.Barrier(len(acts))
    refusals: list[Refusal | None] = [None] * len(acts)
    failures: list[BaseException] = []

    def run(rank: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=20)
            act()
        except Refusal as refusal:
            refusals[rank] = refusal
        except Exception as error:  # noqa: BLE001 - the test's own thread shows it
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return refusals


def make_draft() -> tuple[Consultation, KeyPair]:
    """A draft that lacks nothing, and its only backup key pair."""
    consultation = make_consultation()
    personal = make_key_pair(holder=consultation.created_by)
    ChosenKey.objects.create(consultation=consultation, key_pair=personal)
    return consultation, make_key_pair(service=consultation.service, is_backup=True)


def publish(consultation: Consultation) -> None:
    publication.publish(consultation.pk, actor=consultation.created_by, now=NOW)


def index_of(action: str, subject: object) -> int:
    entries = JournalEntry.objects.filter(action=action, subject__endswith=str(subject))
    return entries.latest("index").index


def withdraw(_consultation: Consultation, key_pair: KeyPair) -> object:
    return retirement.retire(key_pair.pk, reason=Reason.WITHDRAWN, actor=key_pair.holder, now=NOW)


def remove(_consultation: Consultation, key_pair: KeyPair) -> object:
    return retirement.remove(key_pair.pk, remover=key_pair.holder, now=NOW)


def report_lost(_consultation: Consultation, key_pair: KeyPair) -> object:
    return losses.report(key_pair.pk, reason=Reason.LOST, actor=key_pair.holder, now=NOW)


@pytest.mark.parametrize("out_of_service", [withdraw, remove, report_lost])
def test_going_on_line_against_a_backup_that_goes_out_of_service(out_of_service: Act):
    for _ in range(ROUNDS):
        consultation, backup = make_draft()

        refused, stopped = together(
            lambda: publish(consultation),  # noqa: B023 - done within the round
            lambda: out_of_service(consultation, backup),  # noqa: B023 - idem
        )

        consultation.refresh_from_db()
        is_online = consultation.state == Consultation.State.ONLINE
        assert stopped is None
        if is_online:  # then the key pair was in service at that moment, and stays to open
            assert refused is None
            backup.refresh_from_db()
            assert backup in consultation.recipient_set.key_pairs.all()
            published = index_of("consultation.published", consultation.pk)
            assert published < index_of("key_pair.retired", backup.pk)
        else:
            assert isinstance(refused, PublicationRefused)
            assert not RecipientSet.objects.filter(pk=consultation.pk).exists()


def test_going_on_line_against_the_end_of_a_holder_s_account():
    for _ in range(ROUNDS):
        consultation, backup = make_draft()
        administrator = make_administrator(service=consultation.service)

        refused, stopped = together(
            lambda: publish(consultation),  # noqa: B023 - done within the round
            lambda: agents.disable(backup.holder_id, by=administrator, now=NOW),  # noqa: B023 - idem
        )

        consultation.refresh_from_db()
        assert stopped is None
        if consultation.state == Consultation.State.ONLINE:
            published = index_of("consultation.published", consultation.pk)
            assert published < index_of("agent.edited", backup.holder_id)
        else:
            assert refused is not None
            assert refused.code == "holder_gone"


def test_going_on_line_against_the_announcement_of_a_departure():
    for _ in range(ROUNDS):
        consultation, backup = make_draft()
        administrator = make_administrator(service=consultation.service)
        leave = (backup.holder_id, NOW.date())

        refused, stopped = together(
            lambda: publish(consultation),  # noqa: B023 - done within the round
            lambda: agents.announce_departure(*leave, by=administrator, now=NOW),  # noqa: B023 - idem
        )

        consultation.refresh_from_db()
        assert stopped is None
        if consultation.state == Consultation.State.ONLINE:
            published = index_of("consultation.published", consultation.pk)
            assert published < index_of("agent.departure_announced", backup.holder_id)
        else:
            assert refused is not None
            assert refused.code == "holder_leaves"


def test_going_on_line_twice_at_once_freezes_once():
    consultation, _backup = make_draft()

    refusals = together(*[lambda: publish(consultation)] * 4)

    assert refusals == [None] * 4
    assert RecipientSet.objects.count() == 1
    assert JournalEntry.objects.filter(action="consultation.published").count() == 1


def test_loss_reported_by_two_people_at_once_is_one_report():
    key_pair = make_key_pair()
    other = make_agent(service=key_pair.service)

    refusals = together(
        *(
            lambda actor=actor: losses.report(key_pair.pk, reason=Reason.LOST, actor=actor, now=NOW)
            for actor in (key_pair.holder, other)
        )
    )

    assert sorted(refusal.code for refusal in refusals if refusal) == ["already_reported"]
    assert KeyReport.objects.count() == 1


def degraded(count: int, at: datetime) -> None:
    for _ in range(count):
        consultation = make_online_consultation()
        make_administrator(service=consultation.service)
    KeyPair.objects.update(proven_at=at - 40 * DAY)


def test_degradations_are_found_and_told_once_by_two_workers():
    degraded(5, NOW)

    for _ in range(3):
        together(*[lambda: degradations.watch(now=NOW)] * 2)

    kinds = Degradation.objects.values_list("consultation", "weakness", "key_pair")
    assert len(kinds) == len(set(kinds)) == 5 * 4  # two stale ones, nothing sure, no backup
    assert len(mail.outbox) == 5
    assert JournalEntry.objects.filter(action="consultation.degradation_told").count() == 5


def test_report_is_told_once_by_two_workers():
    make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    report_lost(Consultation.objects.get(), key_pair)

    together(*[lambda: losses.tell(now=NOW)] * 3)

    assert len(mail.outbox) == 1


def test_drill_during_a_watch_leaves_no_deadlock():
    """A proof locks a key pair, a watch a consultation: neither waits for the other for ever."""
    degraded(3, NOW)
    key_pairs = list(KeyPair.objects.all())

    def drill() -> None:
        for key_pair in key_pairs:
            registration.issue_challenge(
                key_pair.pk, asked_by=key_pair.holder, origin="https://example.org", now=NOW
            )

    together(drill, lambda: degradations.watch(now=NOW))

    assert len(mail.outbox) == 3
