# SPDX-License-Identifier: EUPL-1.2
"""Removing a key pair: really, where nothing depends on it; otherwise it is withdrawn, and still opens."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db import router, transaction
from django.db.models.deletion import Collector, ProtectedError

from keys.errors import AlreadyRetired
from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent


class Removal(Enum):
    """What removing a key pair does."""

    DELETED = "deleted"
    RETIRED = "retired"


def removal_of(key_pair: KeyPair) -> Removal:
    """What `remove` would do now: one that sealed something, or that a consultation has chosen, stays."""
    if key_pair.first_used_at is not None:
        return Removal.RETIRED
    try:
        Collector(using=router.db_for_write(KeyPair)).collect([key_pair])
    except ProtectedError:
        return Removal.RETIRED
    return Removal.DELETED


@transaction.atomic
def remove(key_pair_id: UUID, *, remover: Agent, now: datetime) -> Removal:
    """Delete a key pair that nothing needs; retire the others: no new sealing, and still the opening.

    Raises:
        AlreadyRetired: it is retired, and needed.
    """
    key_pairs = KeyPair.objects.select_related("service").select_for_update(
        no_key=True, of=("self",)
    )
    key_pair = key_pairs.get(pk=key_pair_id)
    removal = removal_of(key_pair)
    if removal is Removal.RETIRED and key_pair.state == KeyPair.State.RETIRED:
        raise AlreadyRetired
    journal.record(
        f"key_pair.{removal.value}",
        key_pair,
        actor=remover.user,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        fingerprint=key_pair.fingerprint,
    )
    if removal is Removal.DELETED:
        key_pair.delete()
    else:
        key_pair.state, key_pair.retired_at = KeyPair.State.RETIRED, now
        key_pair.save(update_fields=["state", "retired_at"])
    return removal
