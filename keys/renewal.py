# SPDX-License-Identifier: EUPL-1.2
"""A key pair takes over from another: the same identity, a new key, the old one retired at the date chosen.

What registering, proving, editing and retiring share; each holds the key pair locked (`keys/locks.py`).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from keys import mails
from keys.errors import NotRenewable, RenewedAlready
from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent

OVERLAP: Final = timedelta(days=30)  # for which both serve, unless another date is chosen


@dataclass(frozen=True)
class Renewal:
    """Which key pair is renewed, and from which day on nothing new is sealed to it.

    The day is one of the organisation's calendar; one that is past means at once.
    """

    key_pair_id: UUID
    retires_on: date


def check(key_pair: KeyPair) -> None:
    """Raises:
    NotRenewable: it is not in service, or was never proven.
    RenewedAlready: somebody has renewed it, or is doing so.
    """
    if key_pair.state != KeyPair.State.ACTIVE:
        raise NotRenewable
    successor = KeyPair.objects.select_related("holder__user").filter(replaces=key_pair).first()
    if successor is not None:
        raise RenewedAlready(successor)


def first_and_last_day(key_pair: KeyPair, now: datetime) -> tuple[date, date]:
    """The days that may be chosen: from today to the expiry."""
    zone = _zone(key_pair)
    today = now.astimezone(zone).date()
    return today, max(today, key_pair.not_after.astimezone(zone).date())


def default_day(key_pair: KeyPair, now: datetime) -> date:
    today, last = first_and_last_day(key_pair, now)
    return min(today + OVERLAP, last)


def takes_over_at(key_pair: KeyPair, renewal: Renewal, now: datetime) -> datetime:
    """The beginning of the day chosen, or `now`."""
    today, last = first_and_last_day(key_pair, now)
    day = min(max(renewal.retires_on, today), last)
    return max(datetime.combine(day, time.min, _zone(key_pair)), now)


def conclude(successor: KeyPair, *, prover: Agent, now: datetime) -> None:
    """The successor has just been proven: the old one will retire at the date chosen, or does now."""
    old = successor.replaces
    if old is None or successor.takes_over_at is None or old.state == KeyPair.State.RETIRED:
        return
    old.retires_at = max(successor.takes_over_at, now)
    old.save(update_fields=["retires_at"])
    journal.record(
        "key_pair.retirement_planned",
        old,
        actor=prover.user,
        now=now,
        organisation_id=successor.service.organisation_id,
        retires_at=old.retires_at.isoformat(),
        successor=successor.fingerprint,
    )
    if old.holder_id != successor.holder_id:
        transaction.on_commit(partial(_tell_holder, old, successor), robust=True)


def _tell_holder(old: KeyPair, successor: KeyPair) -> None:
    """A colleague renewed it: its holder did not see when it retires."""
    context = {
        "key_pair": old,
        "successor": successor,
        "key_url": settings.BASE_URL + reverse("keys:detail", args=[old.pk]),
    }
    organisation, to = successor.service.organisation, mails.active(old.holder.user)
    if to:
        mails.letter("keys/renewed", context, organisation=organisation, to=to).send()


def suspend(successor: KeyPair, *, actor: Agent | None, now: datetime) -> bool:
    """The successor counts no more, for now: an old one that has not left yet stays; whether it does."""
    old = successor.replaces
    if old is None or old.state == KeyPair.State.RETIRED or old.is_replaced(now):
        return False
    if old.retires_at is not None:
        old.retires_at = None
        old.save(update_fields=["retires_at"])
        journal.record(
            "key_pair.kept",
            old,
            actor=actor.user if actor else None,
            now=now,
            organisation_id=successor.service.organisation_id,
            successor=successor.fingerprint,
        )
    return True


def release(successor: KeyPair, *, actor: Agent | None, now: datetime) -> bool:
    """The successor will not take over: an old one that has not left yet stays, and may be renewed anew."""
    is_kept = suspend(successor, actor=actor, now=now)
    if is_kept:
        successor.replaces = successor.takes_over_at = None
        successor.save(update_fields=["replaces", "takes_over_at"])
    return is_kept


def _zone(key_pair: KeyPair) -> ZoneInfo:
    return ZoneInfo(key_pair.service.organisation.time_zone)
