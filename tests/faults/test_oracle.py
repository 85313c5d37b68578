# SPDX-License-Identifier: EUPL-1.2
"""The oracle sees what it is there to see: otherwise the absence of losses would prove nothing."""

from pathlib import Path

import pytest
from django.conf import settings

from envelopes.models import SealedBlock, SealedFile
from tests.faults.bidder import LostBlock
from tests.faults.oracle import Scene, found_in_clear


def test_canary_in_clear_is_found(tmp_path):
    canary = b"0123456789abcdef" * 2
    leak = Path(settings.DATA_DIR) / "leak"
    leak.write_bytes(b"\0\xff" * 100 + canary)
    found = found_in_clear(canary)
    leak.unlink()

    assert found == [str(leak)]
    assert found_in_clear(canary) == []


@pytest.mark.parametrize("damage", ["flipped", "gone"])
def test_lost_block_is_seen(site, store, damage):
    scene = Scene.make(site.port)
    bid = scene.bid(1000)
    path = scene.bidder.create(bid.offer, 1000)
    scene.bidder.send(path, bid.content)
    receipt = scene.bidder.submit(bid.deposit, {path: bid.content}, bid.name)
    block = store / SealedBlock.objects.get(file__is_index=False).storage_name
    content = bytearray(block.read_bytes())
    content[-1] ^= 1
    block.unlink() if damage == "gone" else block.write_bytes(content)

    with pytest.raises((AssertionError, FileNotFoundError)):
        bid.check({path: bid.content}, receipt)


def test_offset_that_goes_back_is_seen(site):
    scene = Scene.make(site.port)
    bid = scene.bid()
    path = scene.bidder.create(bid.offer, len(bid.content))
    SealedFile.objects.update(size=len(bid.content) - 1)  # so that the request is refused

    with pytest.raises(LostBlock):
        scene.bidder.send(path, bid.content, offset=1)
