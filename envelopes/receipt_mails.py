# SPDX-License-Identifier: EUPL-1.2
"""The receipt by mail, to the person who submitted: a copy, that no deposit waits for.

The row is the errand: a receipt without `mailed_at`. On PostgreSQL it is locked while its mail is handed
over, which holds nobody up, for nothing else is ever written to it. A worker that dies gives the lock back,
and the next run sends the same mail again, under the same `Message-ID` (`docs/decisions/0005-mails.md`).
"""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Q

from envelopes import notices, receipt_documents
from envelopes.models import Receipt
from keys import mails
from marketplace import journal
from marketplace.errors import PDFUnavailable
from marketplace.models import User

TOKEN_PATIENCE: Final = timedelta(minutes=2)  # how long the time-stamp token is waited for
GIVEN_UP_AFTER: Final = timedelta(days=7)  # a mail that no server takes
_RELATED = ("timestamp", "deposit__bidder__user", "deposit__consultation__service__organisation")

_logger = logging.getLogger(__name__)
_one_at_once = threading.Lock()  # where the database locks no row: one process does the jobs there


def tell(*, now: datetime) -> int:
    """Mail each receipt that was not mailed yet; how many were. Safe to run at once twice.

    None of a rehearsal: whoever makes it is looking at it.

    A mail that is refused for its address holds up no other; a server that is silent ends the run.

    Raises:
        OSError: the first failure to hand a mail over; the next run tries again.
    """
    waiting = Receipt.objects.filter(mailed_at=None, deposit__consultation__is_test=False)
    recent = waiting.filter(issued_at__gt=now - GIVEN_UP_AFTER)
    has_token, waited = Q(timestamp__token__isnull=False), Q(issued_at__lte=now - TOKEN_PATIENCE)
    due = recent.filter(has_token | waited).order_by("issued_at")
    sent, failures = 0, list[OSError]()
    for receipt_id in list(due.values_list("pk", flat=True)):
        try:
            sent += _tell(receipt_id, now)
        except (SMTPDataError, SMTPRecipientsRefused) as refused:
            failures.append(refused)
        except OSError as silent:
            failures.append(silent)
            break
    if failures:
        _logger.warning("%s receipts could not be mailed, or more.", len(failures))
        raise failures[0]
    return sent


def said_of_mail(receipt: Receipt, *, now: datetime) -> dict[str, object]:
    """What the page of a receipt says of its mail."""
    return {
        "recipient": recipient(receipt).email,
        "mailed_at": receipt.mailed_at,
        "is_given_up": receipt.issued_at <= now - GIVEN_UP_AFTER,
    }


def recipient(receipt: Receipt) -> User:
    """Who submitted; whoever began the deposit, where that person is no longer known."""
    said = json.loads(bytes(receipt.content))
    name = receipt_documents.submitter(said).rpartition(" ")[2]
    began: User = receipt.deposit.bidder.user
    if name in {str(began.pk), journal.SYSTEM, ""}:
        return began
    return User.objects.filter(pk=name).first() or began


def _tell(receipt_id: UUID, now: datetime) -> bool:
    with _taken(receipt_id) as receipt:
        if receipt is None:
            return False
        to = mails.active(recipient(receipt))
        if not to or not _letter(receipt, to).send():
            return False
        with transaction.atomic():
            Receipt.objects.filter(pk=receipt_id).update(mailed_at=now)
            journal.record("deposit.receipt_mailed", receipt.deposit, actor=None, now=now)
    return True


@contextmanager
def _taken(receipt_id: UUID) -> Iterator[Receipt | None]:
    """The receipt that waits for its mail; none where another worker has it, or had it."""
    waiting = Receipt.objects.filter(pk=receipt_id, mailed_at=None).select_related(*_RELATED)
    if connection.features.has_select_for_update_skip_locked:
        with transaction.atomic():
            yield waiting.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
        return
    is_alone = _one_at_once.acquire(blocking=False)
    try:  # without a transaction: SQLite has one writer, and deposits must not wait for a mail server
        yield waiting.first() if is_alone else None
    finally:
        if is_alone:
            _one_at_once.release()


def _letter(receipt: Receipt, to: list[str]) -> EmailMessage:
    """With the receipt, and its PDF where there can be one; never the annex, which the server has not."""
    deposit = receipt.deposit
    organisation = deposit.consultation.service.organisation
    context = {
        "receipt": json.loads(bytes(receipt.content)),
        "deposit": deposit,
        "consultation": deposit.consultation,
        "receipt_url": notices.link("envelopes:receipt", receipt.pk),
    }
    name = f"receipt-{receipt.pk}"
    message = mails.letter("envelopes/receipt", context, organisation=organisation, to=to)
    host = urlsplit(settings.BASE_URL).hostname
    message.extra_headers["Message-ID"] = f"<envelopes.receipt.{receipt.pk}@{host}>"
    message.attach(f"{name}.json", bytes(receipt.content), "application/json")
    try:
        document = receipt_documents.made_of(receipt)
    except PDFUnavailable:
        _logger.warning("A receipt is mailed without its PDF: pango is missing.")
    else:
        message.attach(f"{name}.pdf", document, "application/pdf")
    return message
