# SPDX-License-Identifier: EUPL-1.2
"""Each mail once: two workers, a failing server, workers that are killed, years of hours."""

import itertools
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, connections

from keys import alerts, mails
from keys.models import ALERT_DAYS, Alert, DrillRequest
from tests.factories import DAY, NOW, SECOND, make_agent, make_key_pair, make_organisation
from tests.installation import PATIENCE, environ
from tests.killed_worker import POINTS

HOUR = timedelta(hours=1)


def make_request(**fields: object) -> DrillRequest:
    return DrillRequest.objects.create(**({"key_pair": make_key_pair(), "asked_at": NOW} | fields))


def send(
    due=None, *, now=NOW, compose=lambda _row: EmailMessage("Drill", "", to=["a@example.org"])
):
    """Send what is due of the drill requests; the rows that the journal was told of."""
    recorded: list[DrillRequest] = []
    due = DrillRequest.objects.filter(sent_at=None) if due is None else due
    mails.send_due(due, compose=compose, record=recorded.append, now=now)
    return recorded


@pytest.mark.django_db
def test_mail_is_sent_once_and_its_row_marked():
    request = make_request()

    recorded = [send(), send()]

    request.refresh_from_db()
    assert recorded == [[request], []]
    assert (request.sent_at, request.claimed_at) == (NOW, None)
    assert [message.subject for message in mail.outbox] == ["Drill"]


@pytest.mark.django_db
def test_mail_with_nobody_to_tell_waits():
    request = make_request()

    recorded = send(compose=lambda _row: None)

    request.refresh_from_db()
    assert recorded == []
    assert (request.sent_at, request.claimed_at, mail.outbox) == (None, None, [])
    assert send() == [request]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("elapsed", "is_sent"), [(mails.LEASE - SECOND, False), (mails.LEASE + SECOND, True)]
)
def test_mail_that_another_worker_has_claimed_is_left_to_it_until_the_lease_ends(elapsed, is_sent):
    make_request(claimed_at=NOW)

    recorded = send(now=NOW + elapsed)

    assert (len(recorded), len(mail.outbox)) == (is_sent, is_sent)


@pytest.mark.django_db
def test_mail_that_fails_holds_up_no_other_and_gives_its_claim_back(monkeypatch):
    failing, other = make_request(), make_request()
    deliver = EmailBackend.send_messages

    def refuse_one(backend, messages):
        if messages[0].subject == str(failing.pk):
            raise SMTPServerDisconnected
        return deliver(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_one)
    with pytest.raises(SMTPServerDisconnected):
        send(compose=lambda row: EmailMessage(str(row.pk), "", to=["a@example.org"]))

    failing.refresh_from_db()
    assert (failing.sent_at, failing.claimed_at) == (None, None)
    assert [message.subject for message in mail.outbox] == [str(other.pk)]
    monkeypatch.undo()
    assert send() == [failing]


@pytest.mark.django_db
def test_message_id_is_that_of_the_occasion(settings):
    settings.BASE_URL = "https://bids.example.org"
    request = make_request()

    send()
    DrillRequest.objects.update(sent_at=None)  # the mark was lost: the same sending, again
    send()
    DrillRequest.objects.update(sent_at=NOW)
    send(DrillRequest.objects.filter(sent_at=NOW), now=NOW + 7 * DAY)  # a reminder

    first, repeated, reminder = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == repeated == f"<keys.drillrequest.{request.pk}.0@bids.example.org>"
    assert reminder == f"<keys.drillrequest.{request.pk}.{int(NOW.timestamp())}@bids.example.org>"


@pytest.mark.django_db
def test_letter_is_in_one_line_of_subject_to_each_address_once(settings):
    settings.LANGUAGE_CODE = "en"
    key_pair = make_key_pair(name="Greffe\nBcc: rival@example.org")
    context = {
        "key_pair": key_pair,
        "is_expired": True,
        "days_left": 0,
        "key_url": "",
        "renew_url": "",
    }

    letter = mails.letter(
        "keys/expiry", context, organisation=key_pair.service.organisation, to=["a@b.fr", "a@b.fr"]
    )

    assert letter.subject == "The key pair Greffe Bcc: rival@example.org has expired"
    assert letter.to == ["a@b.fr"]


@pytest.mark.django_db
def test_letter_tells_times_in_the_zone_of_the_organisation():
    key_pair = make_key_pair(not_after=NOW)
    overseas = make_organisation(time_zone="America/Cayenne")
    context = {
        "key_pair": key_pair,
        "is_expired": True,
        "days_left": 0,
        "key_url": "",
        "renew_url": "",
    }

    letter = mails.letter("keys/expiry", context, organisation=overseas, to=["a@b.fr"])

    assert "06:00" in letter.body
    assert overseas.name in letter.body


@pytest.mark.django_db
def test_those_who_have_left_have_no_address():
    agent = make_agent()

    present = mails.active(agent.user)
    agent.user.is_active = False

    assert (present, mails.active(agent.user)) == ([agent.user.email], [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_read_the_same_row_send_one_mail(monkeypatch):
    request = make_request()
    both_have_read = threading.Barrier(2, timeout=PATIENCE)
    claim = mails._claim

    def claim_together(row, moment):
        both_have_read.wait()
        return claim(row, moment)

    def work(_number):
        try:
            return send()
        finally:
            connection.close()

    monkeypatch.setattr(mails, "_claim", claim_together)
    with ThreadPoolExecutor(2) as pool:
        recorded = sorted(pool.map(work, range(2)), key=len)

    assert recorded == [[], [request]]
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_mail_is_handed_over_outside_any_transaction(monkeypatch):
    make_key_pair(not_after=NOW + 5 * DAY)
    states: list[bool] = []

    def deliver(backend, messages):
        states.append(connection.in_atomic_block)
        return len(messages)

    monkeypatch.setattr(EmailBackend, "send_messages", deliver)
    alerts.raise_alerts(now=NOW)

    assert states == [False]


def installation_of_this_test(data_dir: Path) -> dict[str, str]:
    """The environment of a worker on the very database of this test."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        place = "{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
        url = f"postgresql://{place}"
    return environ(data_dir, {"SIGILLE_DATABASE_URL": url, "SIGILLE_BROKER_URL": "memory://"})


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("point", "before", "after"), list(zip(POINTS, (0, 1, 1), (1, 2, 2), strict=True))
)
def test_alert_whose_worker_is_killed_is_told_again_at_most_once(
    point, before, after, tmp_path, settings
):
    """Killed before the hand-over: told once. After it: a repetition, that mailboxes recognise."""
    make_key_pair(not_after=NOW + 30 * DAY)
    command = [
        sys.executable,
        "-m",
        "tests.killed_worker",
        "keys.alerts.raise_alerts",
        point,
        NOW.isoformat(),
    ]
    env = installation_of_this_test(tmp_path)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"

    worker = subprocess.run(command, cwd=settings.BASE_DIR, env=env, timeout=PATIENCE, check=False)
    told = [identifiers(tmp_path)]
    for minutes in (0, 5, 49, 51, 60, 120):
        alerts.raise_alerts(now=NOW + timedelta(minutes=minutes))
        told.append(identifiers(tmp_path))

    assert worker.returncode == -signal.SIGKILL
    assert [len(ids) for ids in told] == [before] * 4 + [after] * 3
    assert len(set(told[-1])) == 1
    assert Alert.objects.get().sent_at is not None


def identifiers(data_dir: Path) -> list[str]:
    """Those of the messages that were written into files."""
    folder = data_dir / "mail"
    messages = (
        [message_from_bytes(path.read_bytes()) for path in folder.iterdir()]
        if folder.exists()
        else []
    )
    return [str(message["Message-ID"]) for message in messages]


def instants(expiries):
    """Three years, each day; each hour near the thresholds, and a second on each side of them."""
    days = {NOW + day * DAY for day in range(3 * 365)}
    for expiry, threshold in itertools.product(expiries, ALERT_DAYS):
        at = expiry - threshold * DAY
        days |= {at + hours * HOUR for hours in range(-3, 4)} | {at - SECOND, at + SECOND}
    return sorted(day for day in days if day >= NOW)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_over_three_years_tell_each_threshold_once_and_miss_none(monkeypatch):
    """Both wake at each instant; one hand-over in three fails, and is tried again at the next."""
    expiries = [NOW + timedelta(days=days, hours=days % 24) for days in (91, 365, 366, 730, 731)]
    key_pairs = [make_key_pair(not_after=expiry) for expiry in expiries]
    clock = instants(expiries)
    together = threading.Barrier(2, timeout=PATIENCE)
    deliver, attempts = EmailBackend.send_messages, itertools.count(1)
    outbox: list[str] = []

    def deliver_or_fail(backend, messages):
        if next(attempts) % 3 == 0:
            raise SMTPServerDisconnected
        outbox.append(messages[0].message()["Message-ID"])
        return deliver(backend, messages)

    def work(_number):
        try:
            for now in clock:
                together.wait()
                with suppress(SMTPServerDisconnected):
                    alerts.raise_alerts(now=now)
        finally:
            connections.close_all()

    monkeypatch.setattr(EmailBackend, "send_messages", deliver_or_fail)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    told = Alert.objects.values_list("key_pair", "days_before", "sent_at")
    at = {(pair.pk, days): pair.not_after - days * DAY for pair in key_pairs for days in ALERT_DAYS}
    assert sorted((pk, days) for pk, days, _sent_at in told) == sorted(at)
    late = {sent_at - at[pk, days] for pk, days, sent_at in told if sent_at is not None}
    assert late == {0 * DAY, SECOND}
    assert Counter(outbox).most_common(1)[0][1] == 1
    assert len(outbox) == len(at)
