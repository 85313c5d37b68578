# SPDX-License-Identifier: EUPL-1.2
from celery import shared_task
from django.utils import timezone

from keys import alerts, drills, retirement


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


@shared_task(
    name=drills.SEND,
    acks_late=True,
    autoretry_for=(OSError,),
    retry_backoff=60,
    max_retries=5,
)
def ask_for_drills() -> None:
    """Ask the holders whose proof is too old, and send what was asked. Safe to run twice."""
    drills.remind(now=timezone.now())


@shared_task(name="keys.retire_replaced", acks_late=True)
def retire_replaced() -> None:
    """Retire what has been renewed, at the date chosen. Safe to run twice."""
    retirement.retire_replaced(now=timezone.now())
