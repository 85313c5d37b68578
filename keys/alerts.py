# SPDX-License-Identifier: EUPL-1.2
"""Telling people, in time, that a key pair expires."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, When
from django.urls import reverse

from keys import mails
from keys.models import ALERT_DAYS, EXPIRING, Alert, KeyPair, KeyPairQuerySet
from marketplace import journal

NEAREST_FIRST = sorted(ALERT_DAYS)


def raise_alerts(*, now: datetime) -> int:
    """Warn the holder and the administrators of each active key pair that has passed a threshold.

    Each threshold is told once, however often this runs. After a gap, the nearest threshold alone is
    told; a key pair whose successor is proven asks for nothing more. Answers how many were sent.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    _decide(now)
    due = Alert.objects.filter(sent_at=None, key_pair__in=_expiring(now))
    nearer = Alert.objects.filter(
        key_pair=OuterRef("key_pair"), days_before__lt=OuterRef("days_before")
    )
    alerts = due.filter(~Exists(nearer)).order_by("key_pair__not_after", "pk")
    alerts = alerts.select_related("key_pair__service__organisation", "key_pair__holder__user")

    def compose(alert: Alert) -> EmailMessage | None:
        return _message(alert.key_pair, now)

    def record(alert: Alert) -> None:
        journal.record(
            "key_pair.expiry_told",
            alert.key_pair,
            actor=None,
            now=now,
            organisation_id=alert.key_pair.service.organisation_id,
            days_before=alert.days_before,
        )

    return mails.send_due(alerts, compose=compose, record=record, now=now)


def _expiring(now: datetime) -> KeyPairQuerySet:
    """Those that still seal, or would if they had not expired, and that nothing replaces yet."""
    return KeyPair.objects.in_service(now).unreplaced().filter(not_after__lte=now + EXPIRING)


@transaction.atomic
def _decide(now: datetime) -> None:
    """A row for the nearest threshold that each key pair has passed; two workers at once make one.

    The key pairs are locked meanwhile, so that none is deleted under its row.
    """
    passed = (When(not_after__lte=now + timedelta(days=days), then=days) for days in NEAREST_FIRST)
    told = Alert.objects.filter(key_pair=OuterRef("pk"), days_before__lte=OuterRef("threshold"))
    undecided = _expiring(now).annotate(threshold=Case(*passed)).filter(~Exists(told))
    key_pairs = undecided.order_by("pk").select_for_update(no_key=True, of=("self",))
    alerts = [
        Alert(key_pair_id=pk, days_before=days, raised_at=now)
        for pk, days in key_pairs.values_list("pk", "threshold")
    ]
    Alert.objects.bulk_create(alerts, ignore_conflicts=True)


def _message(key_pair: KeyPair, now: datetime) -> EmailMessage | None:
    organisation = key_pair.service.organisation
    holder, administrators = key_pair.holder.user, mails.administrators_of(organisation.pk)
    to = [*mails.active(holder), *administrators]
    context = {
        "key_pair": key_pair,
        "is_expired": key_pair.is_expired(now),
        "days_left": -((now - key_pair.not_after) // timedelta(days=1)),  # a day begun counts
        "key_url": settings.BASE_URL + reverse("keys:detail", args=[key_pair.pk]),
        "renew_url": f"{settings.BASE_URL}{reverse('keys:new')}?replaces={key_pair.pk}",
    }
    return mails.letter("keys/expiry", context, organisation=organisation, to=to) if to else None
