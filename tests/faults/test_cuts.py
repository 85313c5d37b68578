# SPDX-License-Identifier: EUPL-1.2
"""F10, F13: the line is cut at every 64 KiB of an upload; answers are lost after the deed."""

import socket
from collections.abc import Iterator

import pytest

from envelopes.limits import LARGEST_REQUEST
from envelopes.models import Attempt, Deposit, Receipt, SealedBlock, SealedFile
from keys import cms
from tests.faults.bidder import JSON, submission_of
from tests.faults.oracle import Scene
from tests.faults.proxy import Proxy, proxy_to

STEP = 64 * 1024  # bytes between two cuts


@pytest.fixture
def proxy(site) -> Iterator[Proxy]:
    with proxy_to(site.port) as proxy:
        yield proxy


@pytest.fixture
def scene(proxy) -> Scene:
    return Scene.make(proxy.port)


def test_upload_cut_at_every_step_finishes(scene, proxy, campaign):
    bidder, cuts = scene.bidder, campaign.extent(12, 800)
    size = STEP * 800 if cuts == 800 else 2 * cms.BLOCK_SIZE + STEP
    step = size // cuts
    bid = scene.bid(size)
    path = bidder.create(bid.offer, size)
    offset = 0
    for cut in range(1, cuts + 1):
        reached = cut * step - offset
        if reached > 0 and offset < size:
            proxy.cut_at(reached)
            answer = bidder.patch(path, bid.content[offset : offset + LARGEST_REQUEST], offset)
            if answer.status == 204:  # cut on the way back, or not reached
                offset = int(answer.headers["Upload-Offset"])
            proxy.cut_after = None
        standing = bidder.standing(path)
        assert standing >= offset
        assert standing == SealedFile.objects.get().received_size
        offset = standing
    bidder.send(path, bid.content, offset)
    receipt = bidder.submit(bid.deposit, {path: bid.content}, bid.name)
    bid.check({path: bid.content}, receipt)

    interrupted = Attempt.objects.filter(outcome=Attempt.Outcome.INTERRUPTED).count()
    assert proxy.cuts > cuts * 0.8
    assert interrupted > 0
    campaign.report("line cut at each 64 KiB of an upload", tried=cuts, met=proxy.cuts)


def test_answers_lost_after_the_deed_are_given_again(scene, proxy, campaign):
    bidder, rounds = scene.bidder, campaign.extent(2, 10)
    for _ in range(rounds):
        bid = scene.bid()
        proxy.loses_answer = True
        path = bidder.create(bid.offer, len(bid.content))
        proxy.loses_answer = True
        bidder.send(path, bid.content)
        receipts = set()
        for _ in range(10):
            proxy.loses_answer = True
            receipts.add(bidder.submit(bid.deposit, {path: bid.content}, bid.name))
        [receipt] = receipts
        bid.check({path: bid.content}, receipt)

    assert proxy.cuts == rounds * 12
    assert Deposit.objects.count() == Receipt.objects.count() == rounds
    assert SealedFile.objects.filter(is_index=False).count() == rounds
    assert SealedBlock.objects.filter(file__is_index=False).count() == rounds * 3
    campaign.report("answer lost after the commit", tried=rounds * 12, met=proxy.cuts)


def test_submission_cut_before_its_last_byte_is_kept_as_cut(site):
    scene = Scene.make(site.port)
    bid = scene.bid()
    path = scene.bidder.create(bid.offer, len(bid.content))
    scene.bidder.send(path, bid.content)
    poised = scene.bidder.poised(*submission_of(bid.deposit, {path: bid.content}, bid.name), JSON)

    poised.line.sock.shutdown(socket.SHUT_WR)

    assert poised.answer().status == 408
    last = bid.deposit.attempts.latest("number")
    assert (last.step, last.outcome, last.cause) == ("submission", "interrupted", "submission_cut")
    receipt = scene.bidder.submit(bid.deposit, {path: bid.content}, bid.name)
    bid.check({path: bid.content}, receipt)
