# SPDX-License-Identifier: EUPL-1.2
"""Telling the operators that the store fails, or is damaged. Bidders' attempts tell the rest.

No bid is named here. That a block is damaged says that something was received: no buyer learns it.
"""

import logging
from datetime import UTC, datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation

from envelopes.errors import BlockLost, BlockRepaired, ScrubStopped, StoreDamage, StoreSilent
from envelopes.models import StoreAlarm
from envelopes.upload_errors import NoRoom, StoreFailed
from marketplace import journal
from marketplace.errors import Refusal
from marketplace.models import Agent

logger = logging.getLogger(__name__)

ALARMING: dict[str, type[Refusal]] = {
    refusal.code: refusal
    for refusal in (NoRoom, StoreFailed, StoreSilent, BlockRepaired, BlockLost, ScrubStopped)
}


def raise_alarm(refusal: Refusal, *, now: datetime) -> None:
    """Keep that the store failed, if that is what was refused or found; `tell` says it, once a day.

    Where the database fails as well, the log alone keeps it: the bidder still gets the refusal.
    """
    if refusal.code not in ALARMING:
        return
    logger.critical("Alarm of the store of sealed bids: %s %s", refusal.code, refusal.facts)
    try:
        _keep(refusal, now)
    except DatabaseError:
        logger.critical("The alarm could not be kept in the database.", exc_info=True)


@transaction.atomic
def _keep(refusal: Refusal, now: datetime) -> None:
    alarm, is_new = StoreAlarm.objects.get_or_create(
        cause=refusal.code,
        raised_on=now.astimezone(UTC).date(),
        defaults={"raised_at": now, "last_at": now},
    )
    if is_new:
        journal.record("store.failed", alarm, actor=None, now=now, cause=alarm.cause)
        if _is_damage(alarm) and not settings.OPERATORS:
            logger.error("Nobody is told of %s: SIGILLE_OPERATORS is empty.", alarm.cause)
    else:
        same = StoreAlarm.objects.filter(pk=alarm.pk)
        same.update(last_at=now, occurrence_count=F("occurrence_count") + 1)


def tell(*, now: datetime) -> int:
    """Mail each alarm that was not told yet; how many were.

    Raises:
        OSError: a mail could not be handed over; the next run tries again.
    """
    untold = StoreAlarm.objects.filter(told_at=None).order_by("raised_at")
    return sum(_tell(alarm, now) for alarm in untold)


@transaction.atomic
def _tell(alarm: StoreAlarm, now: datetime) -> bool:
    """The lock is held until the mail is handed over, so that two workers never send the same one."""
    locked = (
        StoreAlarm.objects.select_for_update(no_key=True).filter(pk=alarm.pk, told_at=None).first()
    )
    recipients = _recipients(locked) if locked else []
    if locked is None or not recipients:
        return False
    refusal = ALARMING[locked.cause]
    kind = "damage" if _is_damage(locked) else "alarm"
    context = {
        "alarm": locked,
        "message": refusal.user_message,
        "remedy": refusal.remedy,
        "site": settings.BASE_URL,
    }
    with translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"envelopes/{kind}_subject.txt", context).strip()
        body = render_to_string(f"envelopes/{kind}_body.txt", context)
    EmailMessage(subject, body, to=recipients).send()
    locked.told_at = now
    locked.save(update_fields=["told_at"])
    return True


def _is_damage(alarm: StoreAlarm) -> bool:
    return issubclass(ALARMING[alarm.cause], StoreDamage)


def _recipients(alarm: StoreAlarm) -> list[str]:
    """The operators; without any, the administrators of the organisations, unless a block is damaged."""
    if settings.OPERATORS or _is_damage(alarm):
        return list(settings.OPERATORS)
    administrators = Agent.objects.filter(is_administrator=True, user__is_active=True)
    return list(administrators.order_by("user__email").values_list("user__email", flat=True))
