# SPDX-License-Identifier: EUPL-1.2
import logging

from celery import shared_task
from django.utils import timezone

from marketplace import anchoring, auditing, rehearsals, timestamps
from marketplace.errors import JournalDamaged

_logger = logging.getLogger(__name__)


@shared_task(name="marketplace.anchor_journal")
def anchor_journal() -> None:
    """Have the journal's head stamped. Safe to run twice."""
    try:
        anchoring.anchor(now=timezone.now())
    except JournalDamaged as damage:
        _logger.critical("Journal, entry %s: damaged, no head is signed", damage.index)


@shared_task(name="marketplace.obtain_timestamps")
def obtain_timestamps() -> None:
    """Ask for the tokens that are waited for. Safe to run twice."""
    timestamps.obtain_waiting(clock=timezone.now)


@shared_task(name="marketplace.check_journal")
def check_journal() -> None:
    """Compute the whole journal again. Safe to run twice."""
    for problem in auditing.stop_if_damaged(now=timezone.now()):
        _logger.critical("Journal, entry %s: %s", problem.index, problem.what)


@shared_task(name="marketplace.extend_tests", acks_late=True)
def extend_tests() -> None:
    """Keep the deadlines of test consultations away. Safe to run twice."""
    rehearsals.roll(now=timezone.now())
