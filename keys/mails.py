# SPDX-License-Identifier: EUPL-1.2
"""Sending a mail once for each row that is due, whatever restarts; `docs/decisions/0005-mails.md`.

A model with `sent_at` and `claimed_at` (both null) is a list of errands: `send_due(those that are due, …)`
claims each, hands its mail over outside any lock, then marks it. `letter` writes the mail itself.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from marketplace.models import Agent, Organisation, User

LEASE = timedelta(minutes=50)  # longer than a slow server takes, shorter than between two runs

Row = TypeVar("Row", bound=models.Model)

logger = logging.getLogger(__name__)


def send_due(
    due: models.QuerySet[Row],
    *,
    compose: Callable[[Row], EmailMessage | None],
    record: Callable[[Row], object],
    now: datetime,
) -> int:
    """Send the mail of each row of `due`, once; answers how many were sent.

    `compose` writes it, or answers none where there is nobody to tell yet. `record` journals it, in the
    transaction that sets `sent_at` to `now`. A row that fails is left to the next run, and holds up no
    other. A row that is sent again later (a reminder) is due again: `due` looks at its `sent_at`.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    started, sent, failures = time.monotonic(), 0, []
    for pk in list(due.values_list("pk", flat=True)):
        # The run may last longer than a lease: its own time passes, too.
        moment = now + timedelta(seconds=time.monotonic() - started)
        row = due.filter(pk=pk).first()
        if row is None or not _claim(row, moment):
            continue
        try:
            sent += _send(row, moment, compose, record, now)
        except OSError as error:  # SMTP's failures are among them
            logger.warning("The mail of %s could not be sent.", _name(row))
            failures.append(error)
    if failures:
        raise failures[0]
    return sent


def letter(
    template: str, context: Mapping[str, object], *, organisation: Organisation, to: Iterable[str]
) -> EmailMessage:
    """The mail of `<template>_subject.txt` and `<template>_body.txt`, in the site's language and the
    organisation's zone."""
    everything = {**context, "organisation": organisation}
    with translation.override(settings.LANGUAGE_CODE), timezone.override(organisation.time_zone):
        subject = render_to_string(f"{template}_subject.txt", everything)
        body = render_to_string(f"{template}_body.txt", everything)
    return EmailMessage(" ".join(subject.split()), body, to=list(dict.fromkeys(to)))


def active(*users: User) -> list[str]:
    """The addresses of those who have not left."""
    return [user.email for user in users if user.is_active]


def administrators_of(organisation_id: UUID) -> list[str]:
    """The addresses of those who administer the organisation, in order."""
    everyone = Agent.objects.filter(is_administrator=True, service__organisation=organisation_id)
    present = everyone.filter(user__is_active=True).order_by("user__email")
    return list(present.values_list("user__email", flat=True))


def _claim(row: models.Model, moment: datetime) -> bool:
    """Compare and swap: of all the workers that read this row, one gets it, until its lease ends."""
    columns: Any = row
    claimed_at: datetime | None = columns.claimed_at
    if claimed_at is not None and claimed_at > moment - LEASE:
        return False
    as_read = _rows(row).filter(sent_at=columns.sent_at, claimed_at=claimed_at)
    return as_read.update(claimed_at=moment) == 1


def _send(
    row: Row,
    claimed_at: datetime,
    compose: Callable[[Row], EmailMessage | None],
    record: Callable[[Row], object],
    now: datetime,
) -> bool:
    """Hand the mail of a claimed row over, then mark the row; whatever fails gives the claim back."""
    claim, is_sent = _rows(row).filter(claimed_at=claimed_at), False
    try:
        message = compose(row)
        if message is not None:
            message.extra_headers["Message-ID"] = _message_id(row)
            is_sent = message.send() == 1
    finally:
        if not is_sent:
            claim.update(claimed_at=None)
    if is_sent:
        with transaction.atomic():
            if claim.update(sent_at=now, claimed_at=None):
                record(row)
    return is_sent


def _message_id(row: models.Model) -> str:
    """The same for each attempt at one sending, so that mailboxes tell a repetition from a reminder."""
    columns: Any = row
    previous: datetime | None = columns.sent_at
    occasion = int(previous.timestamp()) if previous else 0
    return f"<{_name(row)}.{occasion}@{urlsplit(settings.BASE_URL).hostname}>"


def _name(row: models.Model) -> str:
    return f"{row._meta.label_lower}.{row.pk}"  # noqa: SLF001 - Django documents it


def _rows(row: models.Model) -> models.QuerySet[Any]:
    """The row alone, without a join: PostgreSQL looks at the conditions again once the row is free."""
    return type(row)._base_manager.filter(pk=row.pk)  # noqa: SLF001 - Django documents it
