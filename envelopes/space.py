# SPDX-License-Identifier: EUPL-1.2
"""Room for what is announced: it is promised when an upload is created, or the upload is refused.

The promises are counted in the database, where every web process sees them, and compared with the free
space of the store. `posix_fallocate` would hold the bytes themselves; but a block is a file of its own, made
when it arrives: its bytes would be held in another file, to be hollowed out at each block, on one machine.
"""

from django.conf import settings
from django.db.models import Sum

from envelopes import presence
from envelopes.errors.uploads import NoRoom, StoreFailed
from envelopes.models import SealedFile
from keys.cms import BLOCK_SIZE, Recipient, sealed_size
from marketplace.storage import block_store

SLACK = 8 * 1024  # bytes that a disk may spend on a block besides its own: its name, its last page
OVERHEAD = 32 * 1024  # bytes that a block has besides its plaintext, at most, as an S3 store counts


def needed(size: int, recipients: tuple[Recipient, ...]) -> int:
    """Bytes of the store that a file of `size` bytes will take once it is sealed."""
    whole, rest = divmod(size, BLOCK_SIZE)
    has_rest = rest > 0 or whole == 0
    total = whole * (sealed_size(recipients, BLOCK_SIZE) + SLACK)
    return total + (sealed_size(recipients, rest) + SLACK) * has_rest


def check_room() -> None:
    """Check that all that is promised fits; called with the journal's head locked, one at a time.

    Raises:
        NoRoom: it does not, once what is kept free is put aside.
        StoreFailed: the store is not there.
    """
    try:
        presence.recognise()
        free = _free()
    except OSError as error:
        raise StoreFailed(error.errno) from error
    if free is not None and _promised() > free - settings.SPACE_KEPT_FREE:
        raise NoRoom


def _promised() -> int:
    pending = SealedFile.objects.filter(completed_at=None)
    return pending.aggregate(total=Sum("reserved_size"))["total"] or 0


def _free() -> int | None:
    """Bytes, of the store that has the fewest; none where no limit is known."""
    known = (block_store().free_space(), _left_of_capacity())
    return min((size for size in known if size is not None), default=None)


def _left_of_capacity() -> int | None:
    """Bytes that an S3 store may still take, if it has a limit; of two, the smaller one's."""
    if not settings.S3_CAPACITY:
        return None
    used = SealedFile.objects.aggregate(bytes=Sum("received_size"), blocks=Sum("block_count"))
    return settings.S3_CAPACITY - (used["bytes"] or 0) - (used["blocks"] or 0) * OVERHEAD
