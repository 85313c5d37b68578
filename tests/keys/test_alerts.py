# SPDX-License-Identifier: EUPL-1.2
from datetime import timedelta
from itertools import pairwise
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from keys import alerts
from keys.models import ALERT_DAYS, Alert, KeyPair
from marketplace.models import JournalEntry
from tests.factories import (
    DAY,
    NOW,
    SECOND,
    make_administrator,
    make_agent,
    make_key_pair,
    make_service,
)

pytestmark = pytest.mark.django_db
EXPIRY = NOW + 730 * DAY


def thresholds(key_pair: KeyPair) -> list[int]:
    told = Alert.objects.filter(key_pair=key_pair, sent_at__isnull=False).order_by("sent_at")
    return list(told.values_list("days_before", flat=True))


def test_alerts_tell_each_threshold_once_over_the_days():
    """Over three years, hour by hour, with two workers and failures: `test_mails.py`."""
    key_pair = make_key_pair(not_after=EXPIRY)

    days = [day for day in range(600, 800) if alerts.raise_alerts(now=NOW + day * DAY)]

    assert [730 - day for day in days] == [90, 60, 30, 15, 7, 1, 0]
    assert thresholds(key_pair) == list(ALERT_DAYS)
    assert len(mail.outbox) == 7


def test_alerts_run_twice_send_nothing_more():
    make_key_pair(not_after=NOW + 30 * DAY)

    sent = [alerts.raise_alerts(now=NOW), alerts.raise_alerts(now=NOW)]

    assert sent == [1, 0]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("earlier", "days_before"), list(pairwise((None, *ALERT_DAYS))))
def test_alerts_begin_at_the_threshold_itself(earlier, days_before):
    key_pair = make_key_pair(not_after=EXPIRY)
    instant = EXPIRY - days_before * DAY

    alerts.raise_alerts(now=instant - SECOND)
    before = thresholds(key_pair)
    alerts.raise_alerts(now=instant)

    assert before == ([earlier] if earlier else [])
    assert thresholds(key_pair) == [*before, days_before]


def test_alerts_after_a_gap_tell_the_nearest_threshold_alone():
    key_pair = make_key_pair(not_after=EXPIRY)

    alerts.raise_alerts(now=EXPIRY - 89 * DAY)
    alerts.raise_alerts(now=EXPIRY - 5 * DAY)

    assert thresholds(key_pair) == [90, 7]


@pytest.mark.parametrize("state", [KeyPair.State.RETIRED, KeyPair.State.UNPROVEN])
def test_alerts_ignore_key_pairs_that_seal_nothing(state):
    retired_at = NOW if state == KeyPair.State.RETIRED else None
    make_key_pair(not_after=NOW + DAY, state=state, retired_at=retired_at)

    assert alerts.raise_alerts(now=NOW) == 0
    assert Alert.objects.count() == 0


def test_alert_goes_to_the_holder_and_the_administrators_of_the_organisation():
    holder = make_agent()
    organisation = holder.service.organisation
    administrator = make_administrator(service=make_service(organisation=organisation))
    gone = make_administrator(service=holder.service)
    gone.user.is_active = False
    gone.user.save()
    make_administrator()
    make_agent(service=holder.service)
    make_key_pair(holder=holder, not_after=NOW + 30 * DAY)

    alerts.raise_alerts(now=NOW)

    assert [message.to for message in mail.outbox] == [
        [holder.user.email, administrator.user.email]
    ]


def test_alert_of_an_administrators_own_key_pair_names_them_once():
    holder = make_administrator()
    make_key_pair(holder=holder, not_after=NOW + 30 * DAY)

    alerts.raise_alerts(now=NOW)

    assert mail.outbox[0].to == [holder.user.email]


def test_alert_says_what_to_do_with_links(settings):
    settings.BASE_URL, settings.LANGUAGE_CODE = "https://bids.example.org", "en"
    key_pair = make_key_pair(name="Greffe & Cie", not_after=NOW + timedelta(days=14, hours=1))

    alerts.raise_alerts(now=NOW)

    message = mail.outbox[0]
    base = "https://bids.example.org/settings/encryption-keys/"
    assert message.subject == "The key pair Greffe & Cie expires in 15 days"
    assert f"{base}{key_pair.pk}/" in message.body
    assert f"{base}new/?replaces={key_pair.pk}" in message.body


def test_alert_at_the_expiry_says_that_it_has_expired(settings):
    settings.LANGUAGE_CODE = "en"
    make_key_pair(name="Greffe", not_after=NOW)

    alerts.raise_alerts(now=NOW)

    assert mail.outbox[0].subject == "The key pair Greffe has expired"


def test_alert_is_in_the_journal_without_an_address():
    key_pair = make_key_pair(not_after=NOW)

    alerts.raise_alerts(now=NOW)

    entry = JournalEntry.objects.get(action="key_pair.expiry_told")
    assert entry.subject == f"KeyPair {key_pair.pk}"
    assert (entry.actor, entry.facts) == ("system", {"days_before": 0})


def test_alert_that_could_not_be_sent_holds_up_no_other_and_is_sent_by_the_next_run(monkeypatch):
    failing = make_key_pair(not_after=NOW + 30 * DAY)
    other = make_key_pair(not_after=NOW + 31 * DAY)
    deliver = EmailBackend.send_messages

    def refuse_one(backend, outgoing):
        if outgoing[0].to == [failing.holder.user.email]:
            raise SMTPServerDisconnected
        return deliver(backend, outgoing)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_one)
    with pytest.raises(SMTPServerDisconnected):
        alerts.raise_alerts(now=NOW)
    after_the_failure = [thresholds(failing), thresholds(other)]
    monkeypatch.undo()
    sent = alerts.raise_alerts(now=NOW + DAY)

    assert after_the_failure == [[], [60]]
    assert (sent, thresholds(failing)) == (2, [30])
    assert thresholds(other) == [60, 30]


def test_alerts_stop_once_a_successor_is_proven():
    key_pair = make_key_pair(not_after=NOW + 30 * DAY)
    successor = make_key_pair(replaces=key_pair, state=KeyPair.State.UNPROVEN, proven_at=None)

    told_before = alerts.raise_alerts(now=NOW)
    successor.state, successor.proven_at = KeyPair.State.ACTIVE, NOW
    successor.save()

    assert told_before == 1
    assert alerts.raise_alerts(now=NOW + 29 * DAY) == 0
    successor.state, successor.retired_at = KeyPair.State.RETIRED, NOW
    successor.retirement_reason = KeyPair.RetirementReason.COMPROMISED
    successor.save()
    assert alerts.raise_alerts(now=NOW + 29 * DAY) == 1


def test_alerts_ignore_a_key_pair_from_the_date_at_which_it_retires():
    key_pair = make_key_pair(not_after=NOW + 30 * DAY, retires_at=NOW + 10 * DAY)

    sent = [alerts.raise_alerts(now=NOW + days * DAY) for days in (0, 15, 23)]

    assert (sent, thresholds(key_pair)) == ([1, 0, 0], [30])


def test_alert_that_was_never_sent_gives_way_to_a_nearer_one(monkeypatch):
    key_pair = make_key_pair(not_after=NOW + 30 * DAY)

    def refuse(_backend, _outgoing):
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    with pytest.raises(SMTPServerDisconnected):
        alerts.raise_alerts(now=NOW)
    monkeypatch.undo()
    sent = [alerts.raise_alerts(now=NOW + 23 * DAY) for _ in range(2)]

    assert (sent, thresholds(key_pair)) == ([1, 0], [7])


def test_alerts_of_a_clock_that_goes_back_are_not_repeated():
    key_pair = make_key_pair(not_after=NOW + 7 * DAY)

    sent = [alerts.raise_alerts(now=now) for now in (NOW, NOW - DAY, NOW, NOW - 30 * DAY)]

    assert (sent, thresholds(key_pair)) == ([1, 0, 0, 0], [7])


def test_alert_without_anybody_to_tell_waits_for_somebody():
    holder = make_agent()
    holder.user.is_active = False
    holder.user.save()
    key_pair = make_key_pair(holder=holder, not_after=NOW + 30 * DAY)

    nobody = alerts.raise_alerts(now=NOW)
    administrator = make_administrator(service=holder.service)

    assert (nobody, alerts.raise_alerts(now=NOW)) == (0, 1)
    assert mail.outbox[0].to == [administrator.user.email]
    assert thresholds(key_pair) == [30]


def test_alerts_ask_as_many_questions_whatever_the_number_that_were_told(
    django_assert_max_num_queries,
):
    for _ in range(5):
        make_key_pair(not_after=NOW + 30 * DAY)
    alerts.raise_alerts(now=NOW)

    with django_assert_max_num_queries(5):
        assert alerts.raise_alerts(now=NOW) == 0
