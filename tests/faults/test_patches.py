# SPDX-License-Identifier: EUPL-1.2
"""F12: requests in any order, doubled, overlapping, too long, too late: the server follows the model."""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from envelopes.models import SealedFile
from keys.cms import BLOCK_SIZE
from tests.faults.bidder import OCTETS, TUS, upload_id
from tests.faults.oracle import Scene, opened

SIZES = (0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE + 5)
CONTENT = os.urandom(SIZES[-1] + BLOCK_SIZE)


class Patches(RuleBasedStateMachine):
    """One file of one deposit, and what is known to be durable of it."""

    scene: Scene
    steps = 0
    size = offset = 0
    path = ""

    @initialize(size=st.sampled_from(SIZES))
    def create(self, size: int) -> None:
        bid = self.scene.bid(0)
        self.bidder, self.deposit = self.scene.bidder, bid.deposit
        self.size, self.offset, self.path = size, 0, self.bidder.create(bid.offer, size)

    def send(self, offset: int, length: int) -> None:
        """A request, and what the model makes of it."""
        answer = self.bidder.patch(self.path, CONTENT[offset : offset + length], offset)
        expected, self.offset = self.foreseen(offset, length)
        assert answer.status == expected
        if expected == 204:
            assert answer.headers["Upload-Offset"] == str(self.offset)

    def foreseen(self, offset: int, length: int) -> tuple[int, int]:
        """The status of a request, and the offset after it."""
        if offset != self.offset:
            return 409, self.offset
        if offset + length > self.size:
            return 413, self.offset
        end = self.size if offset + length == self.size else offset + length
        kept = end if end == self.size else end // BLOCK_SIZE * BLOCK_SIZE
        if kept == self.offset and self.offset < self.size:
            return 400, self.offset
        return 204, kept

    @rule(blocks=st.integers(1, 2), more=st.sampled_from([0, 0, 1, BLOCK_SIZE // 2]))
    def go_on(self, blocks: int, more: int) -> None:
        self.send(self.offset, min(blocks * BLOCK_SIZE + more, self.size - self.offset))

    @rule(length=st.sampled_from([0, 1, 1000, BLOCK_SIZE - 1]))
    def send_too_little(self, length: int) -> None:
        self.send(self.offset, length)

    @rule(excess=st.sampled_from([1, 1000]))
    def send_too_much(self, excess: int) -> None:
        self.send(self.offset, self.size - self.offset + excess)

    @rule(offset=st.sampled_from([0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, 2 * BLOCK_SIZE, 10**9]))
    def send_from_elsewhere(self, offset: int) -> None:
        self.send(offset, 1000)

    @precondition(lambda self: self.offset > 0)
    @rule()
    def repeat_the_first(self) -> None:
        self.send(0, min(BLOCK_SIZE, self.size))

    @rule()
    def begin_again_with_the_same_name(self) -> None:
        """The answer to the creation was lost: the same upload is asked for again."""
        again = self.bidder.create(self.deposit.uploads().get().envelope, self.size, self.path)
        assert again == self.path

    @rule(header=st.sampled_from(["-1", "", "1e3", "x", "99999999999999999999"]))
    def send_nonsense(self, header: str) -> None:
        sent = {**TUS, **OCTETS, "Upload-Offset": header}
        assert self.bidder.ask("PATCH", self.path, b"1234", sent).status == 400

    @rule()
    def send_without_length(self) -> None:
        """A body in chunks: its end is not known, so that nothing of it can be kept."""
        sent = {**TUS, **OCTETS, "Upload-Offset": str(self.offset)}
        assert self.bidder.ask("PATCH", self.path, iter([b"1234"]), sent).status == 400

    @invariant()
    def stands_where_the_model_is(self) -> None:
        type(self).steps += 1
        if self.path:
            assert self.bidder.standing(self.path) == self.offset

    def teardown(self) -> None:
        if not self.path:
            return
        if self.offset < self.size:
            self.bidder.send(self.path, CONTENT[: self.size], self.offset)
        file = SealedFile.objects.get(pk=upload_id(self.path))
        assert file.writer is None
        for holder in self.scene.tender.holders:
            assert opened(file, holder) == CONTENT[: self.size]
        self.bidder.ask("DELETE", self.path, headers=TUS)


def test_patches_in_any_order_leave_the_server_where_the_model_is(site, campaign):
    class Here(Patches):
        scene = Scene.make(site.port)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=campaign.extent(8, 150),  # more than 10 000 steps on both databases
            stateful_step_count=campaign.extent(40, 50),
            deadline=None,
            database=None,
            phases=[Phase.generate, *[Phase.shrink] * campaign.extent(0, 1)],  # it takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert Here.steps >= 150
    campaign.report("requests in any order", tried=Here.steps, met=Here.steps)
