# SPDX-License-Identifier: EUPL-1.2
"""Telling the operators that the store fails, or is damaged. Bidders' attempts tell the rest.

No bid is named here, but each alarm says that something was sent or received: before the deadline no buyer
learns it (CCP, art. R2132-9). The operators alone are told; without any, the log is.
"""

import logging
from datetime import UTC, datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation

from envelopes.errors.store import BlockLost, BlockRepaired, ScrubStopped, StoreDamage
from envelopes.errors.submission import StoreSilent
from envelopes.errors.uploads import NoRoom, StoreFailed
from envelopes.models import StoreAlarm
from marketplace import journal
from marketplace.errors import Refusal

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
        if not settings.OPERATORS:
            logger.error("Nobody is told of %s: SIGILLE_OPERATORS is empty.", alarm.cause)
    else:
        same = StoreAlarm.objects.filter(pk=alarm.pk)
        same.update(last_at=now, occurrence_count=F("occurrence_count") + 1)


def tell(*, now: datetime) -> int:
    """Mail each alarm that was not told yet to the operators; how many were. Without operators they wait.

    Raises:
        OSError: a mail could not be handed over; the next run tries again.
    """
    if not settings.OPERATORS:
        return 0
    untold = StoreAlarm.objects.filter(told_at=None).order_by("raised_at")
    return sum(_tell(alarm, now) for alarm in untold)


@transaction.atomic
def _tell(alarm: StoreAlarm, now: datetime) -> bool:
    """The lock is held until the mail is handed over, so that two workers never send the same one."""
    locked = (
        StoreAlarm.objects.select_for_update(no_key=True).filter(pk=alarm.pk, told_at=None).first()
    )
    if locked is None:
        return False
    refusal = ALARMING[locked.cause]
    kind = "damage" if issubclass(refusal, StoreDamage) else "alarm"
    context = {
        "alarm": locked,
        "message": refusal.user_message,
        "remedy": refusal.remedy,
        "site": settings.BASE_URL,
    }
    with translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"envelopes/{kind}_subject.txt", context).strip()
        body = render_to_string(f"envelopes/{kind}_body.txt", context)
    EmailMessage(subject, body, to=settings.OPERATORS).send()
    locked.told_at = now
    locked.save(update_fields=["told_at"])
    return True
