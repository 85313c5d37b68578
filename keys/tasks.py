# SPDX-License-Identifier: EUPL-1.2
from celery import shared_task
from django.utils import timezone

from keys import alerts


@shared_task(
    name="keys.raise_alerts",
    acks_late=True,
    autoretry_for=(OSError,),
    retry_backoff=60,
    max_retries=5,
)
def raise_alerts() -> None:
    """Tell of the key pairs that expire. Safe to run twice."""
    alerts.raise_alerts(now=timezone.now())
