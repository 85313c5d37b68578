# SPDX-License-Identifier: EUPL-1.2
"""Anchoring: the journal's head, stamped by an authority, so that no rewriting reaches behind it."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from marketplace import heads, timestamps
from marketplace.models import Anchor, JournalHead

INTERVAL: Final = timedelta(minutes=4)  # and at most a minute until the next look: 5 in all


@transaction.atomic
def anchor(*, now: datetime) -> Anchor | None:
    """Sign the head and have it stamped, unless nothing happened since, or it is too soon.

    Twice, or by two workers at once, changes nothing.

    Raises:
        JournalDamaged: the journal is not what was written, and nothing was signed.
    """
    head, _ = JournalHead.objects.select_for_update().get_or_create(pk=1)
    last = Anchor.objects.select_related("timestamp").order_by("head").last()
    if last is not None and (last.head_id == head.size or now < last.timestamp.asked_at + INTERVAL):
        return None
    signed = heads.sign(now=now)
    digest = hashlib.sha256(signed.note.encode()).digest()
    return Anchor.objects.create(head=signed, timestamp=timestamps.request(digest, now=now))
