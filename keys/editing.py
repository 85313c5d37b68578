# SPDX-License-Identifier: EUPL-1.2
"""Changing what people call a key pair, what it is for, and who holds it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from keys import drills, locks, renewal
from keys.errors import HolderGone
from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent


@dataclass(frozen=True)
class Description:
    """What people say of a key pair; its key and its certificate never change."""

    name: str
    is_backup: bool
    holder: Agent


@dataclass(frozen=True)
class Changes:
    """Which parts of a description another one changes."""

    renamed: bool
    use: bool
    holder: bool

    def __bool__(self) -> bool:
        return self.renamed or self.use or self.holder


def changes(key_pair: KeyPair, wanted: Description) -> Changes:
    return Changes(
        renamed=key_pair.name != wanted.name,
        use=key_pair.is_backup != wanted.is_backup,
        holder=key_pair.holder_id != wanted.holder.pk,
    )


def is_last_backup(key_pair: KeyPair, *, now: datetime) -> bool:
    """Whether the service has no other backup key pair that seals: without one, nothing goes on line."""
    others = KeyPair.objects.filter(service=key_pair.service_id).exclude(pk=key_pair.pk)
    return not others.backup().usable(now=now, until=now).exists()


@transaction.atomic
def edit(key_pair_id: UUID, wanted: Description, *, editor: Agent, now: datetime) -> KeyPair:
    """Rename a key pair, make it personal or backup from the next consultation on, give it another holder.

    What is on line keeps the recipients that it was frozen with. Saying the same again changes nothing.
    The proof was that of the holder before: it lapses, and nothing new is sealed to the key pair until
    the new holder, who is asked to, opens a challenge with it; or a consultation could go on line
    (promises P5, P6) on a key whose holder has neither its file nor its password.

    Raises:
        HolderGone: the account of the new holder is disabled.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    made, former_holder = changes(key_pair, wanted), key_pair.holder
    if not made:
        return key_pair
    if made.holder and not wanted.holder.user.is_active:
        raise HolderGone
    key_pair.name, key_pair.is_backup, key_pair.holder = (
        wanted.name,
        wanted.is_backup,
        wanted.holder,
    )
    if made.holder:
        key_pair.proven_at = None
        if key_pair.state == KeyPair.State.ACTIVE:
            key_pair.state = KeyPair.State.UNPROVEN
    key_pair.save(update_fields=["name", "is_backup", "holder", "proven_at", "state"])
    journal.record(
        "key_pair.edited",
        key_pair,
        actor=editor.user,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        renamed=made.renamed,
        is_backup=wanted.is_backup,
        holder=str(wanted.holder.pk),
        former_holder=str(former_holder.pk) if made.holder else None,
    )
    if made.holder:
        renewal.suspend(key_pair, actor=editor, now=now)
        drills.ask_new_holder(key_pair, former_holder=former_holder, asked_by=editor, now=now)
    return key_pair
