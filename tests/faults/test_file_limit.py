# SPDX-License-Identifier: EUPL-1.2
"""F4, without the right to mount disks: a file of the store may not grow, as on a full disk."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from envelopes.models import SealedFile, StoreAlarm
from keys import cms
from tests.faults.oracle import Scene


@contextmanager
def largest_file(size: int, worker: int) -> Iterator[None]:
    """The process cannot write beyond this byte of any file."""
    former = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, former)


def test_block_that_cannot_be_written_whole_is_refused(site, store, campaign):
    scene = Scene.make(site.port)
    bidder, bid = scene.bidder, scene.bid()
    path = bidder.create(bid.offer, len(bid.content))
    first = bidder.patch(path, bid.content[: cms.BLOCK_SIZE], 0)
    with largest_file(cms.BLOCK_SIZE // 2, site.worker):
        refused = bidder.patch(path, bid.content[cms.BLOCK_SIZE :], cms.BLOCK_SIZE)
        standing = bidder.standing(path)
    kept = [store / block.storage_name for block in SealedFile.objects.get().blocks.all()]
    stored = [file for file in (store / str(bid.deposit.pk)).rglob("*") if file.is_file()]
    bidder.send(path, bid.content, standing)
    receipt = bidder.submit(bid.deposit, {path: bid.content}, bid.name)
    bid.check({path: bid.content}, receipt)

    assert (first.status, standing) == (204, cms.BLOCK_SIZE)
    assert refused.status in {0, 503}  # 0: the line is closed before the whole request was sent
    assert (stored, len(kept)) == (kept, 1)
    assert StoreAlarm.objects.get().cause == "store_failed"
    assert bid.deposit.attempts.filter(cause="store_failed").exists()
    campaign.report("file that may not grow, during an upload", tried=1, met=1)
