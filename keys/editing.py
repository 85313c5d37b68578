# SPDX-License-Identifier: EUPL-1.2
"""Changing what people call a key pair, and what it is for."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent


@transaction.atomic
def edit(key_pair_id: UUID, *, name: str, is_backup: bool, editor: Agent, now: datetime) -> KeyPair:
    """Rename a key pair, and make it personal or backup from the next consultation on.

    What is on line keeps the recipients that it was frozen with. Saying the same again changes nothing.
    """
    key_pairs = KeyPair.objects.select_related("service").select_for_update(
        no_key=True, of=("self",)
    )
    key_pair = key_pairs.get(pk=key_pair_id)
    if (key_pair.name, key_pair.is_backup) == (name, is_backup):
        return key_pair
    renamed = key_pair.name != name
    key_pair.name, key_pair.is_backup = name, is_backup
    key_pair.save(update_fields=["name", "is_backup"])
    journal.record(
        "key_pair.edited",
        key_pair,
        actor=editor.user,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        renamed=renamed,
        is_backup=is_backup,
    )
    return key_pair
