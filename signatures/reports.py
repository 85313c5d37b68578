# SPDX-License-Identifier: EUPL-1.2
"""Asking: an opened envelope wants a report for each of its files."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver

from envelopes.models import ReleasedFile
from envelopes.signals import envelope_opened
from signatures import tasks
from signatures.models import Report


@receiver(envelope_opened, dispatch_uid="signatures.reports")
def ask_for_reports(
    sender: object, *, envelope_id: UUID, released_at: datetime, **_news: object
) -> None:
    ask(envelope_id, now=released_at)


@transaction.atomic
def ask(envelope_id: UUID, *, now: datetime) -> None:
    """One pending report for each file of a released envelope, queued after the commit; once for ever."""
    Report.objects.ask_for(ReleasedFile.objects.filter(release=envelope_id), now=now)
    asked = Report.objects.filter(file__release=envelope_id, state=Report.State.PENDING)
    for report_id in asked.values_list("pk", flat=True):
        transaction.on_commit(partial(tasks.conclude_report.delay, str(report_id)))
