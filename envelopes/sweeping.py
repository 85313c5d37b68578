# SPDX-License-Identifier: EUPL-1.2
"""Removing what nobody will submit. Nothing of a submitted deposit, and nothing that may still become one.

One exception: the files of a rehearsal, once they were kept as long as its receipt says. Two things that no
longer change must agree: the consultation is a test, and the receipt, whose digest the journal has, says it.
"""

import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Q

from envelopes import attempts, rehearsals
from envelopes.limits import REHEARSAL_KEPT_FOR
from envelopes.models import Attempt, Deposit, SealedBlock, SealedFile
from envelopes.sealing import discard
from marketplace import journal
from marketplace.storage import block_store

logger = logging.getLogger(__name__)

UNSENT_AFTER: Final = timedelta(
    days=1
)  # an upload of which no block ever came holds its room so long
BATCH: Final = 500  # names looked up at once
# `sealing.seal_block`; what a store that was killed had begun to put in the place of one ends otherwise.
OURS = re.compile(r"[0-9a-f-]{36}/[0-9a-f-]{36}/\d+-[0-9a-f-]{36}(-[0-9a-f]{16})?")


def sweep(*, now: datetime) -> int:
    """Remove abandoned uploads, files of old rehearsals, objects that no row names; how many of all.

    A deposit that cannot be swept is left to the next run, and does not keep the others from it.
    """
    abandoned = sum(_tried(_empty, deposit, now) for deposit in _quiet(now))
    rehearsed = sum(_tried(_remove_rehearsal, deposit, now) for deposit in _old_rehearsals(now))
    return abandoned + rehearsed + _sweep_orphans(now)


def _tried(remove: Callable[[UUID, datetime], int], deposit_id: UUID, now: datetime) -> int:
    try:
        return remove(deposit_id, now)
    except OperationalError:  # the database is away: for the others too
        raise
    except Exception:  # whatever it is: the log has it, and the others are swept
        logger.exception("Deposit %s could not be swept.", deposit_id)
        return 0


def _quiet(now: datetime) -> list[UUID]:
    """Deposits in preparation that may have something to sweep."""
    unsent = Q(envelopes__files__created_at__lt=now - UNSENT_AFTER)
    drafts = Deposit.objects.filter(unsent, state=Deposit.State.DRAFT)
    return list(drafts.distinct().values_list("pk", flat=True))


@transaction.atomic
def _empty(deposit_id: UUID, now: datetime) -> int:
    """Remove the abandoned uploads of a deposit, unless it was submitted meanwhile."""
    deposits = Deposit.objects.select_related("consultation")
    locked = deposits.select_for_update(no_key=True, of=("self",))
    deposit = locked.filter(pk=deposit_id, state=Deposit.State.DRAFT).first()
    if deposit is None:
        return 0
    files = list(_abandoned(deposit, now))
    names = list(SealedBlock.objects.filter(file__in=files).values_list("storage_name", flat=True))
    for file in files:
        attempts.record(
            deposit,
            Attempt.Step.UPLOAD,
            Attempt.Outcome.INTERRUPTED,
            now=now,
            file=file,
            cause=attempts.Abandoned.code,
        )
        journal.record("upload.swept", file, actor=None, now=now)
        file.delete()
    transaction.on_commit(lambda: discard(names))
    return len(files)


def _abandoned(deposit: Deposit, now: datetime) -> Iterable[SealedFile]:
    """All of them once the deadline and the last byte are long past; before, those that never began."""
    quiet_since = now - settings.ABANDONED_AFTER
    # The deadline of a test never passes: it is not waited for.
    since = deposit.created_at if deposit.consultation.is_test else deposit.consultation.closes_at
    last = max(filter(None, (since, deposit.last_byte_at)))
    uploads = deposit.uploads()
    if last < quiet_since:
        return uploads.filter(created_at__lt=quiet_since)
    unsent = uploads.filter(completed_at=None, received_size=0, writer=None)
    return unsent.filter(created_at__lt=now - UNSENT_AFTER)


def _old_rehearsals(now: datetime) -> list[UUID]:
    """Those that still have their files, and are old enough for their receipt to be looked at."""
    kept = Deposit.objects.filter(
        consultation__is_test=True,
        files_removed_at=None,
        state=Deposit.State.SUBMITTED,
        submitted_at__lt=now - REHEARSAL_KEPT_FOR,
    )
    return list(kept.values_list("pk", flat=True))


@transaction.atomic
def _remove_rehearsal(deposit_id: UUID, now: datetime) -> int:
    """Remove the files of a rehearsal, if its receipt says that they go by now; the rest of it stays."""
    deposits = Deposit.objects.select_related("consultation", "receipt").defer("manifest")
    locked = deposits.select_for_update(no_key=True, of=("self",))
    deposit = locked.get(pk=deposit_id)
    if deposit.files_removed_at is not None or not rehearsals.is_over(deposit, now=now):
        return 0
    files = SealedFile.objects.filter(envelope__deposit=deposit)
    names = list(SealedBlock.objects.filter(file__in=files).values_list("storage_name", flat=True))
    count = files.count()
    deposit.files_removed_at = now
    deposit.save(update_fields=["files_removed_at"])
    files.delete()
    journal.record(
        "rehearsal.files_removed", deposit, actor=None, now=now, files=count, blocks=len(names)
    )
    transaction.on_commit(lambda: discard(names))
    return count


def _sweep_orphans(now: datetime) -> int:
    """Remove the old objects that no row names: what was written when a server was killed.

    They wait as long as abandoned uploads do: if the database is one restored from an old backup, what it
    does not know may be a bid, and there must be time to see it.
    """
    listing = block_store().listing()
    count = 0
    while batch := list(islice(listing, BATCH)):
        old = {
            name
            for name, written_at in batch
            if OURS.fullmatch(name) and written_at < now - settings.ABANDONED_AFTER
        }
        known = SealedBlock.objects.filter(storage_name__in=old)
        orphans = old - set(known.values_list("storage_name", flat=True))
        discard(orphans)
        count += len(orphans)
    if count:
        logger.warning("%d objects that no deposit names were removed from the store", count)
    return count
