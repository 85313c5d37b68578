# SPDX-License-Identifier: EUPL-1.2
from celery import shared_task
from django.utils import timezone

from envelopes import alarms


@shared_task(name="envelopes.tell_alarms", acks_late=True)
def tell_alarms() -> None:
    """Mail the alarms of the store. Safe to run twice; the next run makes up for a silent mail server."""
    alarms.tell(now=timezone.now())
