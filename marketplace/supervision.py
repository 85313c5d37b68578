# SPDX-License-Identifier: EUPL-1.2
"""Several programs that live and die together: what `manage.py up` starts.

They share one process group and one lock. The lock is inherited, so that it is held for as long as
any of them lives, even when this process was killed outright.
"""

import ctypes
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Self

TICK = 0.2  # seconds between two looks at the programs
GRACE = 15.0  # seconds left to the programs to stop by themselves
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AlreadyRunning(Exception):
    """Another group of programs holds the lock."""

    def __init__(self, group: str) -> None:
        super().__init__(group)
        self.group = group  # its process group, as written by its holder


class ProgramDied(Exception):
    """One program ended although nobody asked it to."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(name, status)
        self.name = name
        self.status = status  # as `Popen.returncode`


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]


@dataclass
class Running:
    """A started program, and the beginning of a line it has not finished."""

    name: str
    process: subprocess.Popen[bytes]
    partial: bytes = field(default=b"")


@contextmanager
def exclusive_lock(path: Path) -> Iterator[int]:
    """Hold the lock at `path`; yield its descriptor, for the programs to inherit.

    Raises:
        AlreadyRunning: somebody else holds it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpgrp()))
        file.flush()
        yield file.fileno()


class Supervisor:
    """Starts programs, relays what they say, and stops all of them when one dies or a signal asks.

    Used once, as a context manager, in the main thread.
    """

    def __init__(
        self, programs: Sequence[Program], *, environ: Mapping[str, str], lock: int, output: IO[str]
    ) -> None:
        self.programs = programs
        self.environ = environ
        self.lock = lock
        self.output = output
        self.signals = 0  # received so far
        self.running: list[Running] = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        self.running = []
        for program in self.programs:
            self._start(program)
        return self

    def __exit__(self, *_: object) -> None:
        """Ask every program to stop, wait, kill what remains; a second signal shortens the wait."""
        for running in self.running:
            running.process.terminate()
        asked, deadline = self.signals, time.monotonic() + GRACE
        while self._alive() and self.signals == asked and time.monotonic() < deadline:
            self._relay()
        for running in self._alive():
            self._say(running.name, "does not stop: killed")
            running.process.kill()
        for running in self.running:
            running.process.wait()
        while self.selector.get_map():
            self._relay()
        self.selector.close()

    def watch(self, ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Relay until a signal comes; `announce` once, the first time that `ready` is true.

        Raises:
            ProgramDied: the others are still running; leaving the context stops them.
        """
        announced = False
        while not self.signals:
            self._relay()
            for running in self.running:
                status = running.process.poll()
                if status is not None and not self.signals:
                    raise ProgramDied(running.name, status)
            if not announced and ready():
                announced = True
                announce()

    def _start(self, program: Program) -> None:
        process = subprocess.Popen(
            program.command,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self.lock],
            preexec_fn=_stop_with_parent,  # noqa: PLW1509 - there is one thread, so no held lock
        )
        running = Running(program.name, process)
        self.running.append(running)
        self.selector.register(_stream(process), selectors.EVENT_READ, running)

    def _alive(self) -> list[Running]:
        return [running for running in self.running if running.process.poll() is None]

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1

    def _relay(self) -> None:
        """Copy whole lines, each behind its program's name; wait at most one tick for them."""
        for key, _ in self.selector.select(TICK):
            running: Running = key.data
            received = os.read(key.fd, 65536)
            if not received:
                self.selector.unregister(key.fileobj)
            *lines, running.partial = (running.partial + received).split(b"\n")
            for line in lines if received else [running.partial] * bool(running.partial):
                self._say(running.name, line.decode(errors="replace"))

    def _say(self, name: str, line: str) -> None:
        width = max(len(program.name) for program in self.programs)
        self.output.write(f"{name:{width}} | {line}\n")
        self.output.flush()


def _stream(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("The program was started without a pipe.")
    return process.stdout


def _stop_with_parent() -> None:
    """In the child, on Linux: be asked to stop if the supervisor is killed without a word."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
