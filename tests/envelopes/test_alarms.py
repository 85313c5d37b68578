# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.core import mail

from envelopes import alarms
from envelopes.errors.store import BlockLost, BlockRepaired, ScrubStopped
from envelopes.errors.submission import StoreSilent
from envelopes.errors.uploads import BeyondLength, NoRoom, StoreFailed
from envelopes.models import StoreAlarm
from marketplace.models import JournalEntry
from tests.factories import DAY, NOW, SECOND, make_administrator

pytestmark = pytest.mark.django_db
ALARMING = (NoRoom(), StoreFailed(5), StoreSilent(), BlockRepaired(), BlockLost(), ScrubStopped(5))


def test_alarm_is_kept_journalled_and_logged(caplog):
    alarms.raise_alarm(StoreFailed(5), now=NOW)

    alarm = StoreAlarm.objects.get()
    entry = JournalEntry.objects.get(action="store.failed")
    assert (alarm.cause, alarm.raised_at, alarm.occurrence_count) == ("store_failed", NOW, 1)
    assert (entry.facts, entry.organisation) == ({"cause": "store_failed"}, None)
    assert "'errno': 5" in caplog.text


def test_alarm_of_one_cause_and_day_is_one():
    for now in (NOW, NOW + SECOND):
        alarms.raise_alarm(StoreFailed(5), now=now)

    alarm = StoreAlarm.objects.get()
    assert (alarm.occurrence_count, alarm.last_at) == (2, NOW + SECOND)
    assert JournalEntry.objects.filter(action="store.failed").count() == 1


def test_alarm_of_another_cause_or_day_is_another():
    alarms.raise_alarm(StoreFailed(5), now=NOW)
    alarms.raise_alarm(NoRoom(), now=NOW)
    alarms.raise_alarm(StoreFailed(5), now=NOW + DAY)

    assert StoreAlarm.objects.count() == 3


def test_what_bidders_do_wrong_is_no_alarm():
    alarms.raise_alarm(BeyondLength(), now=NOW)

    assert not StoreAlarm.objects.exists()


def test_tell_mails_the_operators_once(settings):
    settings.OPERATORS = ["operator@example.org"]
    alarms.raise_alarm(StoreFailed(5), now=NOW)

    told = [alarms.tell(now=NOW + SECOND), alarms.tell(now=NOW + 2 * SECOND)]

    [message] = mail.outbox
    assert told == [1, 0]
    assert message.to == ["operator@example.org"]
    assert "store_failed" in message.body
    assert settings.BASE_URL in message.body
    assert StoreAlarm.objects.get().told_at == NOW + SECOND


@pytest.mark.parametrize("refusal", ALARMING, ids=lambda refusal: refusal.code)
def test_alarm_is_told_to_no_administrator_and_waits_for_an_operator(settings, caplog, refusal):
    make_administrator()
    for now in (NOW, NOW + SECOND):
        alarms.raise_alarm(refusal, now=now)

    assert alarms.tell(now=NOW) == 0
    assert mail.outbox == []
    alarm = StoreAlarm.objects.get()
    assert (alarm.cause, alarm.told_at) == (refusal.code, None)
    [error] = [entry for entry in caplog.records if entry.levelname == "ERROR"]
    assert error.getMessage() == f"Nobody is told of {refusal.code}: SIGILLE_OPERATORS is empty."

    settings.OPERATORS = ["operator@example.org"]
    assert alarms.tell(now=NOW + SECOND) == 1
    assert [message.to for message in mail.outbox] == [["operator@example.org"]]


def test_each_alarm_is_tried_here():
    assert {refusal.code for refusal in ALARMING} == set(alarms.ALARMING)


def test_tell_tries_again_after_a_mail_server_that_does_not_answer(settings):
    settings.OPERATORS = ["operator@example.org"]
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    alarms.raise_alarm(NoRoom(), now=NOW)

    with pytest.raises(OSError, match="refused"):
        alarms.tell(now=NOW)
    settings.EMAIL_BACKEND = working

    assert alarms.tell(now=NOW) == 1
