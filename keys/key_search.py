# SPDX-License-Identifier: EUPL-1.2
"""Finding key pairs among those that an agent may see."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, F, IntegerField, Q, Value, When
from django.utils import timezone

from keys.models import EXPIRING, Health, KeyPair, KeyPairQuerySet

KEPT, OUT_OF_SERVICE = "kept", "out"  # states beside those of `Health`
IN_SERVICE = "in_service"  # proven, neither expired nor out of service
PERSONAL, BACKUP = "personal", "backup"
NEVER: Final = 0  # days since the last proof: it was never proven
EARLIEST, LATEST = date(1, 1, 3), date(9999, 12, 29)  # no zone takes these out of the calendar
SEPARATORS = re.compile(r"[\s:.\-]")  # between the groups of a fingerprint
SOME_HEXADECIMAL = re.compile(r"[0-9a-f]{4,64}")
GRAVEST_FIRST = (
    Health.EXPIRED,
    Health.UNPROVEN,
    Health.EXPIRING,
    Health.GOOD,
    Health.RENEWED,
    Health.RETIRED,
    Health.LOST,
    Health.COMPROMISED,
)


@dataclass(frozen=True)
class Criteria:
    """What is asked; what is left out asks for nothing."""

    text: str = ""  # in the name, the CN, the holder's name, the fingerprint with or without groups
    state: str = ""  # a `Health`, or one of those above
    use: str = ""
    service: UUID | None = None
    holder: str = ""  # in their name or their e-mail address
    expires_from: date | None = None  # in the active zone, as the next one
    expires_to: date | None = None  # this day included
    proven_before: int | None = None  # days ago, those never proven among them; or NEVER

    def __bool__(self) -> bool:
        return self != Criteria()


def search(key_pairs: KeyPairQuerySet, criteria: Criteria, *, now: datetime) -> KeyPairQuerySet:
    """Those of `key_pairs` that fulfil each criterion."""
    return key_pairs.filter(_fulfilling(criteria, now))


def counts(
    key_pairs: KeyPairQuerySet, asked: Mapping[str, Criteria], *, now: datetime
) -> dict[str, int]:
    """How many of `key_pairs` fulfil each of the criteria, in one query."""
    numbers = {
        name: Count("pk", filter=_fulfilling(criteria, now)) for name, criteria in asked.items()
    }
    return key_pairs.aggregate(**numbers)


def ordered(
    key_pairs: KeyPairQuerySet, column: str, *, is_descending: bool, now: datetime
) -> KeyPairQuerySet:
    """By a field, or by `state`: the gravest first; then by name. Those never proven come first."""
    if column == "state":
        ranks = enumerate(GRAVEST_FIRST)
        cases = [When(having(health, now), then=Value(rank)) for rank, health in ranks]
        key_pairs = key_pairs.annotate(rank=Case(*cases, output_field=IntegerField()))
    field = F("rank" if column == "state" else column)
    ends = column == "proven_at" or None  # databases differ on the place of what has no value
    first = field.desc(nulls_last=ends) if is_descending else field.asc(nulls_first=ends)
    return key_pairs.order_by(first, "name", "pk")


def having(health: Health, now: datetime) -> Q:
    """The same answer as `KeyPair.health`, for the database."""
    retired = Q(state=KeyPair.State.RETIRED)
    replaced = ~retired & Q(retires_at__isnull=False, retires_at__lte=now)
    kept = ~retired & (Q(retires_at=None) | Q(retires_at__gt=now))
    proven, expired = Q(state=KeyPair.State.ACTIVE), Q(not_after__lte=now)
    soon = Q(not_after__lte=now + EXPIRING)
    reasons = KeyPair.RetirementReason
    conditions = {
        Health.RETIRED: retired & Q(retirement_reason=reasons.WITHDRAWN),
        Health.LOST: retired & Q(retirement_reason=reasons.LOST),
        Health.COMPROMISED: retired & Q(retirement_reason=reasons.COMPROMISED),
        Health.RENEWED: retired & Q(retirement_reason=reasons.RENEWED) | replaced,
        Health.EXPIRED: kept & expired,
        Health.UNPROVEN: kept & ~expired & ~proven,
        Health.EXPIRING: kept & ~expired & proven & soon,
        Health.GOOD: kept & proven & ~soon,
    }
    return conditions[health]


def _fulfilling(criteria: Criteria, now: datetime) -> Q:
    return (
        _says(criteria.text)
        & _in_state(criteria.state, now)
        & _used_as(criteria.use)
        & _held_by(criteria.holder)
        & _expiring(criteria.expires_from, criteria.expires_to)
        & _proven_before(criteria.proven_before, now)
        & (Q(service=criteria.service) if criteria.service else Q())
    )


def _says(text: str) -> Q:
    if not text:
        return Q()
    found = Q(name__icontains=text) | Q(common_name__icontains=text)
    found |= Q(holder__user__name__icontains=text)
    digits = SEPARATORS.sub("", text).lower()
    return found | Q(fingerprint__contains=digits) if SOME_HEXADECIMAL.fullmatch(digits) else found


def _in_state(state: str, now: datetime) -> Q:
    if not state:
        return Q()
    is_out = Q(state=KeyPair.State.RETIRED) | Q(retires_at__isnull=False, retires_at__lte=now)
    if state == OUT_OF_SERVICE:
        return is_out
    if state == IN_SERVICE:
        return having(Health.GOOD, now) | having(Health.EXPIRING, now)
    return ~is_out if state == KEPT else having(Health(state), now)


def _used_as(use: str) -> Q:
    return Q(is_backup=use == BACKUP) if use else Q()


def _held_by(holder: str) -> Q:
    if not holder:
        return Q()
    return Q(holder__user__name__icontains=holder) | Q(holder__user__email__icontains=holder)


def _expiring(first: date | None, last: date | None) -> Q:
    """Between these days of the active zone, both included."""
    after = Q(not_after__gte=_midnight(first)) if first else Q()
    return (
        after & Q(not_after__lt=_midnight(min(last, LATEST) + timedelta(days=1))) if last else after
    )


def _proven_before(days: int | None, now: datetime) -> Q:
    if days is None:
        return Q()
    never = Q(proven_at=None)
    return never if days == NEVER else never | Q(proven_at__lt=now - timedelta(days=days))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(min(max(day, EARLIEST), LATEST), time.min))
