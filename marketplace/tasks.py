# SPDX-License-Identifier: EUPL-1.2
from celery import shared_task
from django.utils import timezone

from marketplace import anchoring, timestamps


@shared_task(name="marketplace.anchor_journal")
def anchor_journal() -> None:
    """Have the journal's head stamped. Safe to run twice."""
    anchoring.anchor(now=timezone.now())


@shared_task(name="marketplace.obtain_timestamps")
def obtain_timestamps() -> None:
    """Ask for the tokens that are waited for. Safe to run twice."""
    timestamps.obtain_waiting(clock=timezone.now)
