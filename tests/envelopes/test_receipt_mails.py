# SPDX-License-Identifier: EUPL-1.2
"""The receipt by mail: once, to who submitted, and no deposit waits for it."""

import signal
import subprocess
import sys
import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.urls import reverse
from pytest_django.asserts import assertContains

from envelopes import receipt_mails, submission, tasks
from envelopes.models import Deposit, Receipt
from marketplace import pdf, timestamps
from marketplace.models import JournalEntry, User
from tests.envelopes.deposits import ready_to_submit
from tests.factories import DAY, DEADLINE, NOW, SECOND, make_deposit, make_online_consultation
from tests.installation import PATIENCE
from tests.keys.test_mails import identifiers, installation_of_this_test
from tests.killed_worker import POINTS
from tests.marketplace.test_pdf import without_pango
from tests.racing import race

LATER = NOW + receipt_mails.TOKEN_PATIENCE  # when a receipt without its token is mailed as it is
MINUTE = timedelta(minutes=1)


def make_receipt(*, at=NOW, **fields: object) -> Receipt:
    deposit = make_deposit(**fields)
    announcement = ready_to_submit(deposit, name="prix-secret.xlsx")
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=at)
    return Receipt.objects.get(pk=deposit.pk)


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(NOW)


@pytest.mark.django_db
def test_receipt_is_mailed_once_to_who_submitted(settings):
    settings.BASE_URL = "https://bids.example.org"
    receipt = make_receipt()

    counts = [receipt_mails.tell(now=LATER), receipt_mails.tell(now=LATER + MINUTE)]

    [message] = mail.outbox
    receipt.refresh_from_db()
    assert counts == [1, 0]
    assert receipt.mailed_at == LATER
    assert message.to == [receipt.deposit.bidder.user.email]
    reference = receipt.deposit.consultation.reference
    assert message.subject == f"Accusé de réception de votre pli : {reference}"
    assert f"https://bids.example.org/deposits/{receipt.pk}/receipt/" in message.body
    assert "10:00:00,000 (Europe/Paris)" in message.body
    assert message.message()["Message-ID"] == f"<envelopes.receipt.{receipt.pk}@bids.example.org>"
    entry = JournalEntry.objects.latest("index")
    assert (entry.action, entry.actor) == ("deposit.receipt_mailed", "system")
    assert (entry.subject, entry.organisation_id) == (f"Deposit {receipt.pk}", None)


@pytest.mark.django_db
def test_receipt_and_its_pdf_are_attached_and_nothing_of_the_annex():
    receipt = make_receipt()

    receipt_mails.tell(now=LATER)

    [message] = mail.outbox
    assert [(name, kind) for name, _content, kind in message.attachments] == [
        (f"receipt-{receipt.pk}.json", "application/json"),
        (f"receipt-{receipt.pk}.pdf", "application/pdf"),
    ]
    assert message.attachments[0][1] == bytes(receipt.content)
    assert message.attachments[1][1].startswith(b"%PDF-")
    assert b"prix-secret" not in message.message().as_bytes() + bytes(receipt.content)


@pytest.mark.django_db
def test_without_pango_the_receipt_is_mailed_without_its_pdf(monkeypatch):
    receipt = make_receipt()
    monkeypatch.setattr(pdf, "import_module", without_pango)

    assert receipt_mails.tell(now=LATER) == 1

    [message] = mail.outbox
    assert [attachment[0] for attachment in message.attachments] == [f"receipt-{receipt.pk}.json"]


@pytest.mark.django_db
def test_late_bid_is_told_to_be_late():
    make_receipt(at=DEADLINE + SECOND)

    receipt_mails.tell(now=DEADLINE + DAY)

    assert "remis après la date limite" in mail.outbox[0].body


@pytest.mark.django_db
def test_mail_waits_for_the_token_but_not_for_long():
    receipt = make_receipt()

    early = receipt_mails.tell(now=LATER - SECOND)
    timestamps.obtain_waiting(clock=lambda: NOW)
    stamped = receipt_mails.tell(now=LATER - SECOND)

    assert (early, stamped) == (0, 1)
    assert Receipt.objects.get(pk=receipt.pk).mailed_at == LATER - SECOND


@pytest.mark.django_db
@pytest.mark.parametrize(("elapsed", "count"), [(timedelta(), 0), (-SECOND, 1)])
def test_mail_that_no_server_takes_is_given_up_after_a_week(elapsed, count):
    make_receipt()

    assert receipt_mails.tell(now=NOW + receipt_mails.GIVEN_UP_AFTER + elapsed) == count


@pytest.mark.django_db
def test_who_has_left_is_not_written_to():
    receipt = make_receipt()
    User.objects.filter(pk=receipt.deposit.bidder.user_id).update(is_active=False)

    assert receipt_mails.tell(now=LATER) == 0
    assert Receipt.objects.get().mailed_at is None


@pytest.mark.django_db
def test_server_that_is_silent_leaves_all_to_the_next_run(monkeypatch):
    consultation = make_online_consultation()
    for _ in range(3):
        make_receipt(consultation=consultation)
    asked: list[object] = []

    def hang_up(backend, messages):
        asked.extend(messages)
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "send_messages", hang_up)
    with pytest.raises(SMTPServerDisconnected):
        receipt_mails.tell(now=LATER)
    monkeypatch.undo()

    assert len(asked) == 1
    assert not Receipt.objects.exclude(mailed_at=None).exists()
    assert not JournalEntry.objects.filter(action="deposit.receipt_mailed").exists()
    assert receipt_mails.tell(now=LATER + MINUTE) == 3


@pytest.mark.django_db
def test_address_that_is_refused_holds_up_no_other(monkeypatch):
    consultation = make_online_consultation()
    refused, other = (make_receipt(consultation=consultation) for _ in range(2))
    deliver = EmailBackend.send_messages

    def refuse_one(backend, messages):
        if messages[0].to == [refused.deposit.bidder.user.email]:
            raise SMTPRecipientsRefused({})
        return deliver(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_one)
    with pytest.raises(SMTPRecipientsRefused):
        receipt_mails.tell(now=LATER)

    mailed = Receipt.objects.exclude(mailed_at=None)
    assert list(mailed.values_list("pk", flat=True)) == [other.pk]


@pytest.mark.django_db(transaction=True)
def test_receipt_that_a_worker_mails_is_left_to_it(monkeypatch):
    """A second worker runs whole, in the middle of the first one's hand-over."""
    make_receipt()
    deliver, meanwhile = EmailBackend.send_messages, list[int]()

    def run() -> None:
        try:
            meanwhile.append(receipt_mails.tell(now=LATER))
        finally:
            connection.close()

    def deliver_slowly(backend, messages):
        other = threading.Thread(target=run)
        other.start()
        other.join(timeout=PATIENCE)
        return deliver(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", deliver_slowly)

    assert receipt_mails.tell(now=LATER) == 1
    assert meanwhile == [0]
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_receipt_once():
    consultation = make_online_consultation()
    receipts = [make_receipt(consultation=consultation) for _ in range(4)]

    counts = race(*[lambda: receipt_mails.tell(now=LATER)] * 2)
    receipt_mails.tell(now=LATER + MINUTE)

    addresses = sorted(message.to[0] for message in mail.outbox)
    assert addresses == sorted(receipt.deposit.bidder.user.email for receipt in receipts)
    assert sum(counts) <= 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "before"), list(zip(POINTS, (0, 1, 1), strict=True)))
def test_receipt_whose_worker_is_killed_is_mailed_again_at_most_once(
    point, before, tmp_path, settings
):
    """Killed before the hand-over: mailed once. After it: a repetition, that mailboxes recognise."""
    receipt = make_receipt()
    command = [
        sys.executable,
        "-m",
        "tests.killed_worker",
        "envelopes.receipt_mails.tell",
        point,
        LATER.isoformat(),
    ]
    env = installation_of_this_test(tmp_path)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"

    worker = subprocess.run(command, cwd=settings.BASE_DIR, env=env, timeout=PATIENCE, check=False)
    told = [identifiers(tmp_path)]
    for minutes in (1, 2, 60):
        receipt_mails.tell(now=LATER + minutes * MINUTE)
        told.append(identifiers(tmp_path))

    assert worker.returncode == -signal.SIGKILL
    assert [len(ids) for ids in told] == [before, *[before + 1] * 3]
    assert len(set(told[-1])) == 1
    receipt.refresh_from_db()
    assert receipt.mailed_at == LATER + MINUTE


@pytest.mark.django_db(transaction=True)
def test_deposit_is_submitted_while_the_mail_server_thinks(monkeypatch):
    make_receipt()
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    failures: list[object] = []

    def submit() -> None:
        failures.extend(
            answer
            for answer in race(
                lambda: submission.submit(
                    deposit.pk, announcement, actor=deposit.bidder.user, now=NOW
                )
            )
            if isinstance(answer, Exception)
        )

    def submit_meanwhile(backend, messages):
        submitting = threading.Thread(target=submit)
        submitting.start()
        submitting.join(timeout=PATIENCE)
        assert Deposit.objects.get(pk=deposit.pk).state == Deposit.State.SUBMITTED
        return len(messages)

    monkeypatch.setattr(EmailBackend, "send_messages", submit_meanwhile)

    assert receipt_mails.tell(now=LATER) == 1
    assert failures == []


@pytest.mark.django_db
def test_page_of_the_receipt_says_what_becomes_of_its_mail(client, set_clock):
    receipt = make_receipt()
    client.force_login(receipt.deposit.bidder.user)
    address = reverse("envelopes:receipt", args=[receipt.pk])
    english = {"Accept-Language": "en"}
    email = receipt.deposit.bidder.user.email

    assertContains(client.get(address, headers=english), f"sent by e-mail to {email} within")
    set_clock(NOW + receipt_mails.GIVEN_UP_AFTER)
    client.force_login(receipt.deposit.bidder.user)  # the session is over since
    given_up = client.get(address, headers=english)
    set_clock(LATER)
    tasks.mail_receipts()
    mailed = client.get(address, headers=english)

    assertContains(given_up, f"could not be sent by e-mail to {email}")
    assertContains(mailed, f"Sent by e-mail to {email} on 2 Nov 2026 at 10:02 (Europe/Paris)")
