# SPDX-License-Identifier: EUPL-1.2
"""Copies of a block that are missing or damaged, written again from a good one."""

import errno
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from django.db import transaction

from envelopes import alarms, rehearsals
from envelopes.errors.store import BlockLost, BlockRepaired
from envelopes.models import Deposit, SealedBlock
from marketplace import journal
from marketplace.storage import SingleStore, block_store

# What a disk that works answers of a damaged file. Any other error is of the store, and tells nothing of what
# lies in it.
DAMAGE: Final = frozenset({errno.EIO, errno.EISDIR})


class Finding(Enum):
    """What a look at the copies of a block came to."""

    SOUND = "sound"
    REPAIRED = "repaired"
    LOST = "lost"
    # With its upload, meanwhile; or with an old rehearsal, of which a restored database still has the rows.
    REMOVED = "removed"


@dataclass
class _Copies:
    """The bytes of a block as it was sealed, if a store has them, and the stores that have not."""

    good: bytes | None = None
    bad: list[SingleStore] = field(default_factory=list)


def check(block: SealedBlock, *, now: datetime) -> Finding:
    """Read each copy of a block, and write those that are not as they should be again.

    Raises:
        OSError: a store does not answer, or does not take what is written again.
    """
    return mend(block.pk, now=now) if _look(block).bad else Finding.SOUND


@transaction.atomic
def mend(block_id: int, *, now: datetime) -> Finding:
    """Write the bad copies of a block again; its deposit is locked, so that it is done, and told, once.

    Nothing is overwritten before a good copy was read whole.

    Raises:
        OSError: as `check`.
    """
    deposits = Deposit.objects.select_for_update(no_key=True, of=("self",))
    deposit = deposits.filter(envelopes__files__blocks=block_id).first()
    block = SealedBlock.objects.filter(pk=block_id).first()
    if deposit is None or block is None:
        return Finding.REMOVED
    copies = _look(block)
    if not copies.bad:
        return Finding.SOUND
    if copies.good is None and rehearsals.is_over(deposit, now=now):
        return Finding.REMOVED
    if copies.good is None:
        return _lost(block, now=now)
    for store in copies.bad:
        store.replace(block.storage_name, copies.good)
        if not _is_sound(block, store):
            raise OSError("a copy that was written again is not what is read back")
    journal.record("block.repaired", block, actor=None, now=now, copies=len(copies.bad))
    alarms.raise_alarm(BlockRepaired(), now=now)
    return Finding.REPAIRED


def _lost(block: SealedBlock, *, now: datetime) -> Finding:
    """The journal keeps it once, the alarm of each day counts it again."""
    if not journal.tells("block.lost", block):
        journal.record("block.lost", block, actor=None, now=now)
    alarms.raise_alarm(BlockLost(), now=now)
    return Finding.LOST


def _look(block: SealedBlock) -> _Copies:
    copies = _Copies()
    for store in block_store().stores:
        content = _read(block, store)
        if content is None:
            copies.bad.append(store)
        else:
            copies.good = content
    return copies


def _is_sound(block: SealedBlock, store: SingleStore) -> bool:
    return _read(block, store) is not None


def _read(block: SealedBlock, store: SingleStore) -> bytes | None:
    """The block as it was sealed; none where this store has it not, or damaged.

    Raises:
        OSError: the store cannot be read: whether its copy is good is not known.
    """
    try:
        content = _given(block, store)
        if content is None:  # a disk that fails as a whole says the same of each file
            store.prove()
            content = _given(block, store)
    except FileNotFoundError:
        return None
    return content if content is not None and block.is_sealed_as(content) else None


def _given(block: SealedBlock, store: SingleStore) -> bytes | None:
    """None where the disk says that the file is damaged."""
    try:
        return store.read_start(block.storage_name, block.size + 1)
    except OSError as error:
        if error.errno not in DAMAGE:
            raise
        return None
