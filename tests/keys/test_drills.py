# SPDX-License-Identifier: EUPL-1.2
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from keys import drills, editing, registration, tasks
from keys.editing import Description
from keys.errors import DrillAskedAlready, HolderGone, WrongAnswer
from keys.models import DrillRequest, KeyPair
from keys.registration import IssuedChallenge
from marketplace.models import JournalEntry
from tests.factories import DAY, NOW, SECOND, make_agent, make_key_pair, make_private_key
from tests.keys.test_registration import ORIGIN, answer_of

pytestmark = pytest.mark.django_db
MONTH = 30 * DAY


def disable(agent) -> None:
    agent.user.is_active = False
    agent.user.save()


def recipients() -> list[list[str]]:
    return [message.to for message in mail.outbox]


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE, settings.BASE_URL = "en", "https://bids.example.org"


def test_drill_that_a_colleague_asks_for_is_a_mail_that_says_what_to_do():
    key_pair = make_key_pair(name="Greffe")
    colleague = make_agent(service=key_pair.service)

    drills.ask(key_pair.pk, asked_by=colleague, now=NOW)
    sent = [drills.remind(now=NOW), drills.remind(now=NOW)]

    assert sent == [1, 0]
    message = mail.outbox[0]
    assert message.to == [key_pair.holder.user.email]
    assert message.subject == "Check that you still open bids with the key pair Greffe"
    assert f"{colleague} asks you for a decryption drill" in message.body
    address = f"https://bids.example.org/settings/encryption-keys/{key_pair.pk}/#drill"
    assert address in message.body
    actions = list(JournalEntry.objects.order_by("index").values_list("action", "actor"))
    assert actions == [
        ("key_pair.drill_asked", f"{colleague.user.email} {colleague.user.pk}"),
        ("key_pair.drill_request_sent", "system"),
    ]


def test_drill_is_asked_for_once_until_it_is_done():
    key_pair = make_key_pair()
    first = make_agent(service=key_pair.service)
    drills.ask(key_pair.pk, asked_by=first, now=NOW)

    with pytest.raises(DrillAskedAlready) as refused:
        drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW + DAY)

    assert str(first) in str(refused.value.user_message)
    assert DrillRequest.objects.count() == 1


def test_drill_is_not_asked_of_a_disabled_account():
    key_pair = make_key_pair()
    disable(key_pair.holder)

    with pytest.raises(HolderGone):
        drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW)

    assert DrillRequest.objects.count() == 0


def test_answered_challenge_closes_the_request_and_a_wrong_answer_does_not():
    private_key = make_private_key()
    key_pair = make_key_pair(private_key=private_key)
    drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW)

    def challenge() -> IssuedChallenge:
        return registration.issue_challenge(
            key_pair.pk, asked_by=key_pair.holder, origin=ORIGIN, now=NOW
        )

    wrong = challenge()
    with pytest.raises(WrongAnswer):
        registration.answer_challenge(wrong.id, answer="0" * 64, now=NOW)
    after_the_wrong_one = DrillRequest.objects.get().answered_at

    right = challenge()
    registration.answer_challenge(right.id, answer=answer_of(right, private_key), now=NOW + SECOND)

    assert after_the_wrong_one is None
    assert DrillRequest.objects.get().answered_at == NOW + SECOND
    assert drills.remind(now=NOW + SECOND) == 0
    assert drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW + DAY).answered_at is None


@pytest.mark.parametrize(("age", "sent"), [(MONTH - SECOND, 0), (MONTH, 1)])
def test_site_asks_by_itself_once_the_proof_is_a_month_old(age, sent):
    key_pair = make_key_pair(proven_at=NOW - age)

    assert drills.remind(now=NOW) == sent

    assert recipients() == [[key_pair.holder.user.email]] * sent
    assert [request.asked_by for request in DrillRequest.objects.all()] == [None] * sent


@pytest.mark.parametrize(
    "fields",
    [
        {"state": KeyPair.State.RETIRED, "retired_at": NOW},
        {"state": KeyPair.State.UNPROVEN},
        {"retires_at": NOW},
        {"not_after": NOW},
    ],
)
def test_site_asks_nothing_of_a_key_pair_to_which_nothing_is_sealed(fields):
    make_key_pair(proven_at=NOW - MONTH, **fields)

    assert drills.remind(now=NOW) == 0
    assert DrillRequest.objects.count() == 0


def test_site_asks_nothing_of_a_disabled_account():
    disable(make_key_pair(proven_at=NOW - MONTH).holder)

    assert drills.remind(now=NOW) == 0
    assert DrillRequest.objects.count() == 0


def test_site_asks_again_after_each_month_of_silence_and_no_sooner():
    make_key_pair(proven_at=NOW - MONTH)

    days = [day for day in range(100) if drills.remind(now=NOW + day * DAY)]

    assert days == [0, 30, 60, 90]
    assert DrillRequest.objects.count() == 1
    subjects = [message.subject.split()[0] for message in mail.outbox]
    assert subjects == ["Check", "Reminder:", "Reminder:", "Reminder:"]


@pytest.mark.parametrize(
    "fields",
    [{"state": "retired", "retired_at": NOW, "retirement_reason": "lost"}, {"not_after": NOW}],
)
def test_silence_on_a_key_pair_that_counts_no_more_is_left_alone(fields):
    key_pair = make_key_pair(proven_at=NOW - MONTH)
    drills.remind(now=NOW)
    KeyPair.objects.filter(pk=key_pair.pk).update(**fields)

    assert drills.remind(now=NOW + MONTH) == 0


def test_new_holder_and_former_one_are_told_in_one_mail():
    key_pair = make_key_pair(name="Greffe")
    former = key_pair.holder
    holder = make_agent(service=key_pair.service)
    wanted = Description("Greffe", is_backup=False, holder=holder)
    editing.edit(key_pair.pk, wanted, editor=former, now=NOW)

    assert drills.remind(now=NOW) == 1

    message = mail.outbox[0]
    assert message.to == [holder.user.email, former.user.email]
    assert message.subject == f"The key pair Greffe is now held by {holder}: prove it"
    assert f"{former}: give the key file and its password to {holder}" in message.body


def test_request_that_could_not_be_sent_is_sent_by_the_next_run(monkeypatch):
    key_pair = make_key_pair()
    drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW)

    def refuse(backend, outgoing):
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    with pytest.raises(SMTPServerDisconnected):
        drills.remind(now=NOW)
    monkeypatch.undo()

    assert drills.remind(now=NOW + DAY) == 1
    assert DrillRequest.objects.get().sent_at == NOW + DAY


def test_task_sends_what_was_asked():
    key_pair = make_key_pair()
    drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW)

    tasks.ask_for_drills()

    assert recipients() == [[key_pair.holder.user.email]]
