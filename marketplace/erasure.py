# SPDX-License-Identifier: EUPL-1.2
"""Erasing a person from the journal (GDPR, art. 17): the leaves stay, and with them every proof.

With the salt go the means to find what was erased by trying. That it was erased is an entry.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from marketplace import journal
from marketplace.models import JournalEntry, JournalHead, User

ACTION: Final = "journal.erased"


@transaction.atomic
def erase(person: User, *, actor: User | None, now: datetime) -> int:
    """Erase who, and the facts, from the entries of what a person did; how many. Twice changes nothing."""
    JournalHead.objects.select_for_update().get_or_create(pk=1)
    entries = JournalEntry.objects.filter(actor__endswith=f" {person.pk}").exclude(action=ACTION)
    indexes = list(entries.order_by("index").values_list("index", flat=True))
    if indexes:
        entries.update(actor="", facts={}, salt=b"")
        journal.record(ACTION, person, actor=actor, now=now, indexes=indexes)
    return len(indexes)
