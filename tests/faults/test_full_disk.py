# SPDX-License-Identifier: EUPL-1.2
"""F4: a disk that is really full. A room that was promised is there; without room nothing begins.

Only whoever may mount a disk fills one of a chosen size: `conftest.py` leaves this file out for the others,
who have `test_file_limit.py`.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from envelopes.models import SealedFile, StoreAlarm
from keys import cms
from tests.faults.bidder import Bidder, creation, uploads_of
from tests.faults.oracle import Bid, Scene, opened

MIB = 1024 * 1024
FILE = 5 * MIB - 20_000  # bytes; sealed, and with what a disk spends on it, nearly 5 MiB
DISKS = [1, 16, 64]  # MiB


@contextmanager
def disk_of(mib: int, folder: Path) -> Iterator[None]:
    """The folder becomes a disk of this size."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "sigille-faults", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("mib", DISKS)
def test_room_is_promised_or_refused_at_once(site, store, campaign, mib):
    """Whoever was told that there is room finishes; whoever was not has sent nothing."""
    scene = Scene.make(site.port)
    bidder, bid = scene.bidder, scene.bid(FILE)
    with disk_of(mib, store):
        paths = [path for _ in range(20) if (path := created(bidder, bid)) is not None]
        for path in paths:
            bidder.send(path, bid.content)
        files = SealedFile.objects.filter(completed_at__isnull=False)
        kept = [opened(file, holder) for file in files for holder in scene.tender.holders]

    assert kept == [bid.content] * len(paths) * 2
    assert len(paths) == mib // 5
    assert bidder.answers.count(507) == 1
    assert 503 not in bidder.answers
    assert StoreAlarm.objects.get().cause == "no_room"
    campaign.report(f"disk of {mib} MiB filled by uploads", tried=20, met=1, accepted=len(paths))


def created(bidder: Bidder, bid: Bid) -> str | None:
    """The path of a new upload; none once the site has said that it has no room."""
    if 507 in bidder.answers:
        return None
    headers = creation(bid.offer, FILE, uuid4())
    answer = bidder.ask("POST", uploads_of(bid.offer), headers=headers)
    return answer.headers["Location"] if answer.status == 201 else None


@pytest.mark.parametrize("mib", DISKS[-1:])
def test_disk_filled_by_another_meanwhile(site, store, campaign, mib):
    scene = Scene.make(site.port)
    bidder, bid = scene.bidder, scene.bid()
    with disk_of(mib, store):
        path = bidder.create(bid.offer, len(bid.content))
        first = bidder.patch(path, bid.content[: cms.BLOCK_SIZE], 0)
        ballast = store / "ballast"
        fill(ballast)
        refused = bidder.patch(path, bid.content[cms.BLOCK_SIZE :], cms.BLOCK_SIZE)
        standing = bidder.standing(path)
        ballast.unlink()
        bidder.send(path, bid.content, standing)
        receipt = bidder.submit(bid.deposit, {path: bid.content}, bid.name)
        bid.check({path: bid.content}, receipt)

    assert (first.status, standing) == (204, cms.BLOCK_SIZE)
    assert refused.status in {0, 503}  # 0: the line is closed before the whole request was sent
    assert bid.deposit.attempts.filter(cause="store_failed").exists()
    assert StoreAlarm.objects.get().cause == "store_failed"
    campaign.report("disk filled by another program during an upload", tried=1, met=1)


def fill(ballast: Path) -> None:
    """Write until the disk is full."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(MIB)) == MIB:
            pass
