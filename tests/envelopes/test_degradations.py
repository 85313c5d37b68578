# SPDX-License-Identifier: EUPL-1.2
from datetime import datetime
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError
from django.urls import reverse

from envelopes import degradations, departures, losses, tasks
from envelopes.models import CoverageNotice, Degradation
from keys.models import KeyPair
from marketplace.models import Consultation, JournalEntry, Right
from tests.factories import (
    DAY,
    DEADLINE,
    NOW,
    make_administrator,
    make_agent,
    make_consultation,
    make_online_consultation,
    make_user,
)

pytestmark = pytest.mark.django_db
Reason = KeyPair.RetirementReason
LATER = NOW + 1 * DAY
STALE_AT = NOW + 30 * DAY  # the key pairs of the factories were proven the day before NOW


def online_with(*rights: Right) -> Consultation:
    """On line for a year, with an administrator to tell, and an agent of these rights."""
    consultation = make_online_consultation(closes_at=NOW + 365 * DAY, opens_at=NOW + 365 * DAY)
    organisation = consultation.service.organisation
    user = make_user(email="admin@example.org")
    make_administrator(service=consultation.service, user=user)
    if rights:
        make_agent(*rights, service=consultation.service, user=make_user(email="agent@example.org"))
    assert organisation
    return consultation


def lose(key_pairs=None, *, at: datetime = NOW) -> KeyPair:
    key_pair: KeyPair = (key_pairs or KeyPair.objects.personal()).get()
    key_pair.state, key_pair.retired_at = KeyPair.State.RETIRED, at
    key_pair.retirement_reason = KeyPair.RetirementReason.LOST
    key_pair.save()
    return key_pair


def open_ones() -> list[tuple[str, bool]]:
    rows = Degradation.objects.filter(ended_at=None).order_by("weakness")
    return [(row.weakness, row.key_pair is not None) for row in rows]


def test_watch_finds_nothing_on_what_just_went_on_line():
    online_with()

    assert degradations.watch(now=NOW) == 0
    assert not Degradation.objects.exists()
    assert mail.outbox == []


def test_watch_keeps_and_tells_a_loss_once():
    consultation = online_with(Right.MANAGE_CONSULTATIONS)
    key_pair = lose()

    sent = [degradations.watch(now=LATER), degradations.watch(now=LATER + DAY)]

    [message] = mail.outbox
    assert sent == [1, 0]
    assert open_ones() == [("lost", True), ("one_key", True)]
    assert message.to == ["agent@example.org", "admin@example.org"]
    assert consultation.reference in message.subject
    assert key_pair.name in message.body
    assert (
        f"http://127.0.0.1:8000{reverse('envelopes:coverage', args=[consultation.pk])}"
        in message.body
    )
    assert CoverageNotice.objects.get().sent_at == LATER
    actions = JournalEntry.objects.order_by("index").values_list("action", flat=True)
    assert list(actions)[-2:] == ["consultation.coverage_degraded", "consultation.degradation_told"]
    degraded = JournalEntry.objects.get(action="consultation.coverage_degraded")
    assert degraded.facts == {"weaknesses": ["lost", "one_key"]}


@pytest.mark.parametrize(
    ("rights", "is_told"),
    [
        ((Right.MANAGE_KEYS,), True),
        ((Right.MANAGE_CONSULTATIONS,), True),
        ((Right.OPEN_BIDS,), False),
    ],
)
def test_watch_tells_those_who_can_do_something(rights, is_told):
    online_with(*rights)
    lose()

    degradations.watch(now=LATER)

    assert ("agent@example.org" in mail.outbox[0].to) is is_told


def test_watch_tells_nobody_of_another_organisation_nor_who_has_left():
    online_with(Right.MANAGE_KEYS)
    make_administrator()
    gone = make_administrator(service=Consultation.objects.get().service)
    gone.user.is_active = False
    gone.user.save()
    lose()

    degradations.watch(now=LATER)

    assert mail.outbox[0].to == ["agent@example.org", "admin@example.org"]


def test_watch_finds_the_proofs_that_grow_old():
    online_with()

    before = degradations.watch(now=STALE_AT - 1 * DAY)
    after = degradations.watch(now=STALE_AT)

    assert (before, after) == (0, 1)
    assert open_ones() == [
        ("no_backup", False),
        ("nothing_sure", False),
        ("stale", True),
        ("stale", True),
    ]


def test_watch_closes_what_is_repaired_and_tells_again_what_comes_back():
    online_with()
    degradations.watch(now=STALE_AT)
    KeyPair.objects.update(proven_at=STALE_AT)

    repaired = degradations.watch(now=STALE_AT + DAY)
    again = degradations.watch(now=STALE_AT + 32 * DAY)

    assert (repaired, again) == (0, 1)
    assert set(
        Degradation.objects.filter(found_at=STALE_AT).values_list("ended_at", flat=True)
    ) == {STALE_AT + DAY}
    assert len(open_ones()) == 4
    assert len(mail.outbox) == 2
    assert JournalEntry.objects.filter(action="consultation.coverage_repaired").count() == 1


def test_watch_tells_nothing_that_was_repaired_before_it_could_be_told(monkeypatch):
    online_with()

    def fail(_self, _messages):
        raise SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", fail)
        with pytest.raises(SMTPServerDisconnected):
            degradations.watch(now=STALE_AT)
    KeyPair.objects.update(proven_at=STALE_AT)

    assert degradations.watch(now=STALE_AT + DAY) == 0
    assert mail.outbox == []
    assert open_ones() == []


def test_watch_sends_again_what_the_mail_server_refused(monkeypatch):
    online_with()
    lose()

    def fail(_self, _messages):
        raise SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", fail)
        with pytest.raises(SMTPServerDisconnected):
            degradations.watch(now=LATER)
    sent = degradations.watch(now=LATER + DAY)

    assert (sent, len(mail.outbox)) == (1, 1)
    assert CoverageNotice.objects.get().sent_at == LATER + DAY


def test_watch_looks_after_the_deadline_until_the_opening_begins():
    consultation = make_online_consultation()
    make_administrator(service=consultation.service)
    lose()

    closed = degradations.watch(now=DEADLINE + DAY)
    Consultation.objects.update(state=Consultation.State.OPENING)
    opening = degradations.watch(now=DEADLINE + 2 * DAY)

    assert (closed, opening) == (1, 0)
    assert open_ones() == []


def test_watch_leaves_drafts_alone():
    make_consultation()

    assert degradations.watch(now=NOW) == 0
    assert not Degradation.objects.exists()


def test_watch_tells_each_consultation_in_a_mail_of_its_own():
    online_with()
    other = make_online_consultation()
    make_administrator(service=other.service)
    KeyPair.objects.update(proven_at=NOW - 40 * DAY)

    assert degradations.watch(now=NOW) == 2
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_watch_asks_the_same_number_of_questions_where_nothing_changes(
    django_assert_num_queries, count
):
    for _ in range(count):
        make_online_consultation()

    # open rows; consultations, recipients and their holders; mails that are due
    with django_assert_num_queries(4):
        degradations.watch(now=NOW)


def test_tasks_watch_and_tell(set_clock):
    set_clock(LATER)
    online_with()
    lost = KeyPair.objects.personal().get()
    losses.report(lost.pk, reason=Reason.LOST, actor=lost.holder, now=LATER)
    administrator = make_administrator(service=lost.service)
    departures.announce(lost.holder_id, leaves_on=LATER.date(), by=administrator, now=LATER)

    tasks.watch_coverage()
    tasks.tell_reports()
    tasks.tell_departures()

    assert len(mail.outbox) == 3


@pytest.mark.parametrize("with_key_pair", [True, False])
def test_degradation_of_a_kind_is_open_once(with_key_pair):
    consultation = make_online_consultation()
    notice = CoverageNotice.objects.create(consultation=consultation, found_at=NOW)
    key_pair = KeyPair.objects.personal().get() if with_key_pair else None
    fields = {"consultation": consultation, "weakness": "stale", "key_pair": key_pair}
    ended = Degradation(**fields, notice=notice, found_at=NOW, ended_at=NOW)
    first = Degradation(**fields, notice=notice, found_at=NOW)
    Degradation.objects.bulk_create([ended, first])

    with pytest.raises(IntegrityError):
        Degradation.objects.create(**fields, notice=notice, found_at=NOW)
