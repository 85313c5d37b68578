# SPDX-License-Identifier: EUPL-1.2
"""Knowing the stores of the installation from folders where their disks are not mounted."""

from envelopes.models import SealedBlock
from marketplace.models import JournalEntry
from marketplace.storage import SingleStore, block_store


def recognise() -> None:
    """Check that each store is there; mark one where nothing was ever received, or that has the newest block.

    That something was received, the journal alone remembers: the files of abandoned deposits are removed.

    Raises:
        OSError: one is not there, or does not work.
    """
    for store in block_store().stores:
        if store.is_marked():
            continue
        if (newest := _newest()) is not None:
            store.read_start(newest.storage_name, 1)
        elif JournalEntry.objects.filter(action="upload.completed").exists():
            store.prove()  # it is not there, and says so
        store.mark()


def newest_is_kept() -> bool:
    """Whether a store has the newest block; also true where there is none."""
    newest = _newest()
    return newest is None or any(_has(store, newest) for store in block_store().stores)


def _newest() -> SealedBlock | None:
    return SealedBlock.objects.order_by("pk").last()


def _has(store: SingleStore, block: SealedBlock) -> bool:
    try:
        store.read_start(block.storage_name, 1)
    except OSError:
        return False
    return True
