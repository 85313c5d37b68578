# SPDX-License-Identifier: EUPL-1.2
"""One key pair at a time changes, and with it those that it renews or that renew it."""

from uuid import UUID

from django.db.models import Q

from keys.errors import KeyPairGone
from keys.models import KeyPair


def lock(key_pair_id: UUID) -> KeyPair:
    """The key pair, locked until the transaction ends, with the one before it and the one after it.

    All at once and in the order of their identifiers, as everybody does who locks several.

    Raises:
        KeyPairGone: somebody has just deleted it.
    """
    before = KeyPair.objects.filter(pk=key_pair_id).values("replaces")
    family = Q(pk=key_pair_id) | Q(pk__in=before) | Q(replaces=key_pair_id)
    # Without a join: PostgreSQL, once a row is free, would miss one that now has another holder.
    list(KeyPair.objects.select_for_update(no_key=True).filter(family).order_by("pk"))
    locked = KeyPair.objects.select_related("service__organisation", "holder__user")
    try:
        return locked.get(pk=key_pair_id)
    except KeyPair.DoesNotExist as error:
        raise KeyPairGone from error
