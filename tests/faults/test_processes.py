# SPDX-License-Identifier: EUPL-1.2
"""What hangs is ended, its children with it, and the test that waited for it has failed."""

import os
import queue
import sys
from collections.abc import Iterator

import pytest

from tests.faults.processes import Hung, limited, started

# A master and its worker, which hold their output open until they are killed.
STUBBORN = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
os.write(2, b"ready\\n")
while True:
    signal.pause()
"""
COMMAND = [sys.executable, "-c", STUBBORN]


@pytest.fixture
def output() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    os.close(ends[0])


def test_program_that_hears_nothing_ends_with_its_context(output):
    ours, theirs = output
    with started(COMMAND, patience=0.1, stdout=theirs) as process:
        os.close(theirs)
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]

    assert said == ["ready\n", "ready\n"]
    assert os.read(ours, 1) == b""  # nobody holds it: both are dead


def wait_for_ever(output: int) -> None:
    with started(COMMAND, stdout=output), limited(0.2, "a test"):
        os.close(output)
        with limited(30, "what it does first"):
            pass
        queue.Queue[int]().get()


def test_wait_without_end_fails_and_ends_what_was_started(output):
    ours, theirs = output

    with pytest.raises(Hung, match=r"a test had not ended after 0\.2 s"):
        wait_for_ever(theirs)

    assert os.read(ours, 1) == b""
