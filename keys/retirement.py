# SPDX-License-Identifier: EUPL-1.2
"""Removing a key pair: really, where nothing depends on it; otherwise it is withdrawn, and still opens."""

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db import transaction
from django.db.models import PROTECT, ManyToOneRel

from keys import locks, renewal
from keys.errors import AlreadyReported, AlreadyRetired, KeyPairGone, NothingPlanned
from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent

_Reason = KeyPair.RetirementReason
# What may still be reported of a retired key pair: that another person may have it is the worst.
_WORSE: dict[_Reason, set[_Reason]] = {
    _Reason.WITHDRAWN: {_Reason.LOST, _Reason.COMPROMISED},
    _Reason.RENEWED: {_Reason.LOST, _Reason.COMPROMISED},
    _Reason.LOST: {_Reason.COMPROMISED},
    _Reason.COMPROMISED: set(),
}


class Removal(Enum):
    """What removing a key pair does."""

    DELETED = "deleted"
    RETIRED = "retired"


def removals_of(key_pairs: Collection[KeyPair]) -> dict[UUID, Removal]:
    """What `remove` would do to each: one that sealed something, or that a consultation has chosen, stays."""
    needed = {key_pair.pk for key_pair in key_pairs if key_pair.first_used_at is not None}
    needed |= _protected({key_pair.pk for key_pair in key_pairs} - needed)
    return {
        key_pair.pk: Removal.RETIRED if key_pair.pk in needed else Removal.DELETED
        for key_pair in key_pairs
    }


def removal_of(key_pair: KeyPair) -> Removal:
    return removals_of([key_pair])[key_pair.pk]


def _protected(key_pair_ids: set[UUID]) -> set[UUID]:
    """Those that a row of a higher floor refers to and protects, in one query."""
    if not key_pair_ids:
        return set()
    referring = []
    for relation in KeyPair._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django documents it
        if isinstance(relation, ManyToOneRel) and relation.on_delete is PROTECT:
            name, rows = relation.field.name, relation.related_model._base_manager  # noqa: SLF001 - idem
            found = rows.filter(**{f"{name}__in": key_pair_ids})
            referring.append(found.order_by().values_list(name, flat=True))
    return set(referring[0].union(*referring[1:])) if referring else set()


@transaction.atomic
def remove(key_pair_id: UUID, *, remover: Agent, now: datetime) -> Removal:
    """Delete a key pair that nothing needs; retire the others: no new sealing, and still the opening.

    Raises:
        AlreadyRetired: it is retired, and needed.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    removal = removal_of(key_pair)
    if removal is Removal.RETIRED:
        _retire(key_pair, KeyPair.RetirementReason.WITHDRAWN, remover, now)
    else:
        renewal.release(key_pair, actor=remover, now=now)
        _record(key_pair, removal, remover, now)
        key_pair.delete()
    return removal


@transaction.atomic
def retire(
    key_pair_id: UUID, *, reason: KeyPair.RetirementReason, actor: Agent | None, now: datetime
) -> KeyPair:
    """Take a key pair out of new sealings at once, whether anything depends on it or not.

    `actor` is none where the program does it, at the date that was chosen.

    Raises:
        AlreadyRetired: there is nothing more to withdraw.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    _retire(key_pair, reason, actor, now)
    return key_pair


@transaction.atomic
def keep_in_service(key_pair_id: UUID, *, keeper: Agent, now: datetime) -> None:
    """Call off the retirement that a renewal has planned: both key pairs serve, and the old one may be
    renewed anew.

    Raises:
        NothingPlanned: none is planned, or it has taken place.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    successor = KeyPair.objects.select_related("service").filter(replaces=key_pair).first()
    if successor is None or key_pair.retires_at is None:
        raise NothingPlanned
    if not renewal.release(successor, actor=keeper, now=now):
        raise NothingPlanned


def retire_replaced(*, now: datetime) -> int:
    """Retire the key pairs whose successor has taken over; how many there were.

    They seal nothing more since that instant, swept or not.
    """
    kept = KeyPair.objects.exclude(state=KeyPair.State.RETIRED)
    replaced = kept.filter(retires_at__lte=now).order_by("retires_at").values_list("pk", flat=True)
    return sum(_retire_replaced(key_pair_id, now) for key_pair_id in list(replaced))


@transaction.atomic
def _retire_replaced(key_pair_id: UUID, now: datetime) -> bool:
    """False where somebody else has done it, or has retired it for another reason, a moment ago."""
    try:
        key_pair = locks.lock(key_pair_id)
        _retire(key_pair, KeyPair.RetirementReason.RENEWED, None, now)
    except (AlreadyRetired, KeyPairGone):
        return False
    return True


@transaction.atomic
def report(
    key_pair_id: UUID, *, reason: KeyPair.RetirementReason, actor: Agent, now: datetime
) -> KeyPair:
    """Retire a key pair that is lost or compromised; one retired already is known to be worse than that.

    Raises:
        AlreadyReported: as much, or worse, is known of it.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    if key_pair.state != KeyPair.State.RETIRED:
        _retire(key_pair, reason, actor, now)
        return key_pair
    if reason not in _WORSE[_Reason(key_pair.retirement_reason)]:
        raise AlreadyReported
    key_pair.retirement_reason = reason
    key_pair.save(update_fields=["retirement_reason"])
    _record(key_pair, Removal.RETIRED, actor, now)
    return key_pair


def _retire(
    key_pair: KeyPair, reason: KeyPair.RetirementReason, actor: Agent | None, now: datetime
) -> None:
    if key_pair.state == KeyPair.State.RETIRED:
        raise AlreadyRetired
    key_pair.state, key_pair.retired_at = KeyPair.State.RETIRED, now
    key_pair.retirement_reason = reason
    key_pair.save(update_fields=["state", "retired_at", "retirement_reason"])
    renewal.release(key_pair, actor=actor, now=now)
    _record(key_pair, Removal.RETIRED, actor, now)


def _record(key_pair: KeyPair, removal: Removal, actor: Agent | None, now: datetime) -> None:
    journal.record(
        f"key_pair.{removal.value}",
        key_pair,
        actor=actor.user if actor else None,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        fingerprint=key_pair.fingerprint,
        reason=key_pair.retirement_reason or None,
    )
