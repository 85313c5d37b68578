# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.core import mail
from django.urls import reverse

from envelopes import losses, publication
from envelopes.models import ChosenKey, KeyReport
from keys import retirement
from keys.errors import AlreadyReported
from keys.models import KeyPair
from marketplace.models import Consultation, JournalEntry, Right
from tests.envelopes.sealed import make_scene
from tests.factories import (
    DAY,
    NOW,
    make_administrator,
    make_agent,
    make_consultation,
    make_key_pair,
    make_online_consultation,
    make_user,
)

pytestmark = pytest.mark.django_db
Reason = KeyPair.RetirementReason


def report(key_pair: KeyPair, reason: Reason = Reason.LOST, now=NOW) -> KeyReport:
    return losses.report(key_pair.pk, reason=reason, actor=key_pair.holder, now=now)


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.COMPROMISED])
def test_report_takes_the_key_pair_out_of_new_sealings(reason):
    consultation = make_consultation()
    key_pair = make_key_pair(holder=consultation.created_by)
    ChosenKey.objects.create(consultation=consultation, key_pair=key_pair)

    report(key_pair, reason)

    key_pair.refresh_from_db()
    found = publication.readiness(consultation, now=NOW)
    assert (key_pair.state, key_pair.retirement_reason) == ("retired", reason)
    assert f"key_{reason.value}" in [problem.code for problem in found.problems]
    assert found.sealable == ()
    assert JournalEntry.objects.get(action="key_pair.retired").facts["reason"] == reason.value


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (Reason.WITHDRAWN, Reason.LOST),
        (Reason.WITHDRAWN, Reason.COMPROMISED),
        (Reason.RENEWED, Reason.LOST),
        (Reason.LOST, Reason.COMPROMISED),
    ],
)
def test_report_of_a_retired_key_pair_makes_its_reason_worse(before, reason):
    key_pair = make_key_pair()
    retirement.retire(key_pair.pk, reason=before, actor=None, now=NOW)

    report(key_pair, reason, now=NOW + DAY)

    key_pair.refresh_from_db()
    assert (key_pair.retired_at, key_pair.retirement_reason) == (NOW, reason)
    assert JournalEntry.objects.filter(action="key_pair.retired").count() == 2


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (Reason.LOST, Reason.LOST),
        (Reason.COMPROMISED, Reason.COMPROMISED),
        (Reason.COMPROMISED, Reason.LOST),
    ],
)
def test_report_again_is_refused_and_changes_nothing(before, reason):
    key_pair = make_key_pair()
    report(key_pair, before)
    entries = JournalEntry.objects.count()

    with pytest.raises(AlreadyReported):
        report(key_pair, reason, now=NOW + DAY)

    key_pair.refresh_from_db()
    assert (key_pair.retirement_reason, key_pair.retired_at) == (before, NOW)
    assert (KeyReport.objects.count(), JournalEntry.objects.count()) == (1, entries)


def test_tell_writes_once_to_the_holder_the_managers_and_the_administrators():
    consultation = make_online_consultation()
    service = consultation.service
    make_agent(Right.MANAGE_KEYS, service=service, user=make_user(email="keys@example.org"))
    make_agent(Right.OPEN_BIDS, service=service)
    make_administrator(service=service, user=make_user(email="admin@example.org"))
    make_administrator()
    key_pair = KeyPair.objects.personal().get()
    report(key_pair)

    sent = [losses.tell(now=NOW), losses.tell(now=NOW + DAY)]

    [message] = mail.outbox
    assert sent == [1, 0]
    assert message.to == [key_pair.holder.user.email, "keys@example.org", "admin@example.org"]
    assert consultation.reference in message.body
    assert reverse("envelopes:key_consultations", args=[key_pair.pk]) in message.body
    assert KeyReport.objects.get().sent_at == NOW
    assert JournalEntry.objects.get(action="key_pair.report_told").facts == {"reason": "lost"}


def test_tell_says_nothing_of_bids():
    scene = make_scene()
    make_administrator(service=scene.service)
    report(scene.holder.key_pair, Reason.COMPROMISED)

    losses.tell(now=NOW)

    assert scene.deposit.company.name not in mail.outbox[0].body
    assert scene.consultation.reference in mail.outbox[0].body


def test_tell_leaves_out_what_is_being_opened():
    scene = make_scene()
    Consultation.objects.update(state=Consultation.State.OPENING)
    report(scene.holder.key_pair)

    losses.tell(now=NOW)

    assert scene.consultation.reference not in mail.outbox[0].body


def test_tell_speaks_of_drafts_that_must_choose_another_key_pair():
    draft = make_consultation()
    key_pair = make_key_pair(holder=draft.created_by)
    ChosenKey.objects.create(consultation=draft, key_pair=key_pair)
    report(key_pair)

    losses.tell(now=NOW)

    assert draft.reference in mail.outbox[0].body
