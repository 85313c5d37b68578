# SPDX-License-Identifier: EUPL-1.2
"""The scrub: every copy of every block is read again and compared with what was sealed.

It goes from row to row by small batches, and keeps where it is: whatever is killed, it goes on there. Nothing
is locked while a batch is read. Whoever finds that the scrub has moved meanwhile leaves it to the other, so
that one goes on at a time; a batch that was read twice was only read twice.
"""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from envelopes import alarms, mending, presence
from envelopes.errors.store import ScrubStopped
from envelopes.mending import Finding
from envelopes.models import Scrub, SealedBlock
from marketplace import journal
from marketplace.storage import block_store

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Pause = Callable[[float], None]  # of so many seconds

BATCH: Final = 16  # blocks: 128 MiB at most of each copy
EVERY: Final = timedelta(days=1)  # from the start of one to the start of the next
UNDER_WAY: Final = Q(finished_at=None)
SPELL: Final = timedelta(seconds=50)  # of work at a time: a worker that is asked to stop soon can


class _Begun(Exception):
    """There is a scrub already that keeps another from beginning."""


def spell(*, clock: Clock, pause: Pause) -> Scrub:
    """Go on with the scrub under way for a while; begin one first, if the last began a day ago.

    A store that does not answer stops it until the next spell, and becomes an alarm.
    """
    lately = Q(started_at__gt=clock() - EVERY)
    scrub, end = _begun(clock(), unless=UNDER_WAY | lately), clock() + SPELL
    while scrub.finished_at is None and clock() < end:
        began = clock()
        try:
            size = _advance(scrub, clock)
        except OSError as error:
            logger.exception("The scrub has stopped.")
            alarms.raise_alarm(ScrubStopped(error.errno), now=clock())
            break
        if size is None:
            break
        pause(_excess(size, clock() - began))
    return scrub


def whole(*, clock: Clock) -> Scrub:
    """Begin a scrub, or take over the one under way, and go on to its end without a pause.

    Raises:
        OSError: a store does not answer, or does not take what is written again.
    """
    scrub = _begun(clock(), unless=UNDER_WAY)
    while scrub.finished_at is None:
        if _advance(scrub, clock) is None:
            scrub.refresh_from_db()
    return scrub


def _begun(now: datetime, *, unless: Q) -> Scrub:
    """A new scrub; or the last one, where one is like that."""
    if not Scrub.objects.filter(unless).exists():
        with suppress(_Begun):
            return _begin(now, unless)
    return Scrub.objects.latest("started_at")


@transaction.atomic
def _begin(now: datetime, unless: Q) -> Scrub:
    scrub = Scrub(started_at=now)
    journal.record("scrub.started", scrub, actor=None, now=now)  # from here on, one at a time
    if Scrub.objects.filter(unless).exists():
        raise _Begun
    scrub.save(force_insert=True)
    return scrub


def _advance(scrub: Scrub, clock: Clock) -> int | None:
    """Check the next batch; how many bytes were read, none where another process has moved the scrub."""
    presence.recognise()
    rows = SealedBlock.objects.filter(pk__gt=scrub.last_block).order_by("pk")
    blocks = list(rows[:BATCH])
    found = Counter(mending.check(block, now=clock()) for block in blocks)
    if not _keep(scrub, blocks, found, now=clock()):
        return None
    return sum(block.size for block in blocks) * block_store().copies


@transaction.atomic
def _keep(
    scrub: Scrub, blocks: list[SealedBlock], found: Counter[Finding], *, now: datetime
) -> bool:
    """Keep how far the scrub has come, unless another process did; without blocks, it is at its end."""
    same = Scrub.objects.filter(pk=scrub.pk, last_block=scrub.last_block, finished_at=None)
    moved = same.update(
        last_block=blocks[-1].pk if blocks else scrub.last_block,
        checked_count=F("checked_count") + len(blocks) - found[Finding.REMOVED],
        repaired_count=F("repaired_count") + found[Finding.REPAIRED],
        lost_count=F("lost_count") + found[Finding.LOST],
        finished_at=None if blocks else now,
    )
    if not moved:  # the other found sound what was repaired here
        repaired = F("repaired_count") + found[Finding.REPAIRED]
        Scrub.objects.filter(pk=scrub.pk).update(repaired_count=repaired)
        return False
    scrub.refresh_from_db()
    if scrub.finished_at is not None:
        journal.record(
            "scrub.finished",
            scrub,
            actor=None,
            now=now,
            checked=scrub.checked_count,
            repaired=scrub.repaired_count,
            lost=scrub.lost_count,
        )
    return True


def _excess(size: int, spent: timedelta) -> float:
    """Seconds to wait after so many bytes, for the disks to serve bidders."""
    if not settings.SCRUB_RATE:
        return 0.0
    return max(0.0, size / settings.SCRUB_RATE - spent.total_seconds())
