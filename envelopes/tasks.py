# SPDX-License-Identifier: EUPL-1.2
import time

from celery import shared_task
from django.utils import timezone

from envelopes import (
    alarms,
    closing,
    degradations,
    departures,
    losses,
    receipt_mails,
    scrubbing,
    sweeping,
)
from marketplace import clock


@shared_task(name="envelopes.tell_alarms", acks_late=True)
def tell_alarms() -> None:
    """Mail the alarms of the store. Safe to run twice; the next run makes up for a silent mail server."""
    alarms.tell(now=timezone.now())


@shared_task(
    name="envelopes.watch_coverage", acks_late=True, autoretry_for=(OSError,), retry_backoff=60
)
def watch_coverage() -> None:
    """Find what degrades on line, and tell it. Safe to run twice."""
    degradations.watch(now=timezone.now())


@shared_task(
    name="envelopes.tell_reports", acks_late=True, autoretry_for=(OSError,), retry_backoff=60
)
def tell_reports() -> None:
    """Tell of the key pairs that were reported. Safe to run twice."""
    losses.tell(now=timezone.now())


@shared_task(
    name="envelopes.tell_departures", acks_late=True, autoretry_for=(OSError,), retry_backoff=60
)
def tell_departures() -> None:
    """Send the checklists of departures. Safe to run twice."""
    departures.tell(now=timezone.now())


@shared_task(name="envelopes.mail_receipts", acks_late=True)
def mail_receipts() -> None:
    """Mail the receipts that wait for it. Safe to run twice; the next run makes up for a silent server."""
    receipt_mails.tell(now=timezone.now())


@shared_task(name="envelopes.sweep", acks_late=True)
def sweep() -> None:
    """Remove the uploads that nobody will submit. Safe to run twice."""
    sweeping.sweep(now=timezone.now())


@shared_task(name="envelopes.close_consultations", acks_late=True)
def close_consultations() -> None:
    """Make the closing fingerprints that are due. Safe to run twice."""
    closing.close_due(now=clock.now())


@shared_task(name="envelopes.scrub", acks_late=True)
def scrub() -> None:
    """Read stored blocks again for less than a minute. Safe to run twice; the next run goes on."""
    scrubbing.spell(clock=timezone.now, pause=time.sleep)
