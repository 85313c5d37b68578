# SPDX-License-Identifier: EUPL-1.2
"""Programs that the faults need, and an end to whatever never ends: a test that hangs has failed."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

PATIENCE = 20  # seconds for a program to stop once it is asked to
_running: set[int] = set()  # process groups


class Hung(BaseException):
    """Something did not end in its time. Not an `Exception`: Hypothesis would try it again."""


@contextmanager
def started(
    command: Sequence[str],
    *,
    patience: float = PATIENCE,
    stdout: int | IO[str] = subprocess.DEVNULL,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A program in a process group of its own: with the context, all of the group ends.

    What it says on its error output is the caller's to read.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _running.add(process.pid)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
        _kill(process.pid)
        process.wait(timeout=PATIENCE)
        if process.stderr is not None:
            process.stderr.close()
        _running.discard(process.pid)


@contextmanager
def limited(seconds: float, what: str) -> Iterator[None]:
    """Whatever this is, it ends within so many seconds; if it must, with all that `started` began.

    Raises:
        Hung: it did not end by itself. The traceback shows where it was.
    """

    def give_up(_number: int, _frame: FrameType | None) -> None:
        for group in _running:
            _kill(group)
        raise Hung(f"{what} had not ended after {seconds} s; its programs were killed.")

    former = signal.signal(signal.SIGALRM, give_up)
    began = time.monotonic()
    left, again = signal.setitimer(signal.ITIMER_REAL, seconds, PATIENCE)  # the end too may hang
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        if left:  # of the limit around this one
            left = max(0.001, left - (time.monotonic() - began))
            signal.setitimer(signal.ITIMER_REAL, left, again)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
