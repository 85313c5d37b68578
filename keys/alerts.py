# SPDX-License-Identifier: EUPL-1.2
"""Telling people, in time, that a key pair expires."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from keys.models import ALERT_DAYS, EXPIRING, Alert, KeyPair
from marketplace import journal
from marketplace.models import Agent

logger = logging.getLogger(__name__)


def raise_alerts(*, now: datetime) -> int:
    """Warn the holder and the administrators of each active key pair that has passed a threshold.

    Each threshold is told once, however often this runs. After a gap, the nearest threshold alone is
    told. One whose mail could not be handed over is told by the next run; the others are not held up.
    Answers how many were sent.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    due = KeyPair.objects.filter(state=KeyPair.State.ACTIVE, not_after__lte=now + EXPIRING)
    sent, failures = 0, []
    for key_pair_id in due.order_by("not_after").values_list("pk", flat=True):
        try:
            sent += _tell(key_pair_id, now)
        except OSError as error:  # SMTP's failures are among them
            logger.warning("The expiry of key pair %s could not be told.", key_pair_id)
            failures.append(error)
    if failures:
        raise failures[0]
    return sent


def nearest_threshold(not_after: datetime, now: datetime) -> int | None:
    """The last threshold passed, in days before the expiry; none before the first."""
    passed = [days for days in ALERT_DAYS if now >= not_after - timedelta(days=days)]
    return min(passed, default=None)


@transaction.atomic
def _tell(key_pair_id: UUID, now: datetime) -> bool:
    """Send the alert that is due, unless it was sent; false where there is nothing to send.

    The lock is held until the mail is handed over, so that two workers never send the same one.
    """
    key_pairs = KeyPair.objects.select_related("service__organisation", "holder__user")
    active = key_pairs.filter(pk=key_pair_id, state=KeyPair.State.ACTIVE)
    key_pair = active.select_for_update(no_key=True, of=("self",)).first()
    threshold = nearest_threshold(key_pair.not_after, now) if key_pair else None
    if key_pair is None or threshold is None:
        return False
    alert, _is_new = Alert.objects.get_or_create(
        key_pair=key_pair, days_before=threshold, defaults={"raised_at": now}
    )
    recipients = _recipients(key_pair)
    if alert.sent_at is not None or not recipients:
        return False
    _message(key_pair, recipients, now).send()
    alert.sent_at = now
    alert.save(update_fields=["sent_at"])
    journal.record(
        "key_pair.expiry_told",
        key_pair,
        actor=None,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        days_before=threshold,
    )
    return True


def _recipients(key_pair: KeyPair) -> list[str]:
    """The holder first, then the administrators of the organisation; none who has left."""
    organisation = key_pair.service.organisation_id
    administrators = Agent.objects.filter(is_administrator=True, service__organisation=organisation)
    active = administrators.filter(user__is_active=True).order_by("user__email")
    holder = key_pair.holder.user
    addresses = [holder.email] if holder.is_active else []
    return list(dict.fromkeys([*addresses, *active.values_list("user__email", flat=True)]))


def _message(key_pair: KeyPair, recipients: list[str], now: datetime) -> EmailMessage:
    organisation = key_pair.service.organisation
    context = {
        "key_pair": key_pair,
        "organisation": organisation,
        "is_expired": key_pair.is_expired(now),
        "days_left": -((now - key_pair.not_after) // timedelta(days=1)),  # a day begun counts
        "key_url": settings.BASE_URL + reverse("keys:detail", args=[key_pair.pk]),
        "new_url": f"{settings.BASE_URL}{reverse('keys:new')}?service={key_pair.service_id}",
    }
    with translation.override(settings.LANGUAGE_CODE), timezone.override(organisation.time_zone):
        subject = render_to_string("keys/expiry_subject.txt", context).strip()
        body = render_to_string("keys/expiry_body.txt", context)
    return EmailMessage(subject, body, to=recipients)
