# SPDX-License-Identifier: EUPL-1.2
"""Faults of the system, put in by strace at the k-th call of a kind of a process that runs."""

import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.faults.processes import started

WRITING = (
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "sendto",
    "sendmsg",
    "fsync",
    "fdatasync",
    "ftruncate",
    "mkdir",
    "rename",
    "link",
    "unlink",
    "unlinkat",
)
PATIENCE = 2  # seconds for strace to let go: it waits for the threads of what was just killed
CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
PATH = re.compile(r"^(?:\d+<([^>]*)>|\"([^\"]*)\")")


@dataclass(frozen=True)
class Call:
    """A system call of a process; `rank` counts those of that kind of one thread, from 1."""

    name: str
    rank: int
    path: str  # the file that it is about, "" where it is none
    is_injected: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.rank}"


@contextmanager
def tracing(pid: int, output: Path, *injection: str) -> Iterator[None]:
    """Trace what a process writes, from now to the end of the context; with a fault where one is given."""
    strace = shutil.which("strace")
    if strace is None:
        raise FileNotFoundError("strace is not installed (Debian package: strace).")
    command = [strace, "-f", "-y", "-p", str(pid), "-o", str(output)]
    command += ["-e", "trace=" + ",".join(WRITING)]
    command += [word for fault in injection for word in ("-e", f"inject={fault}")]
    with started(command, patience=PATIENCE) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "attached" in said, said
        yield


def calls(output: Path) -> list[Call]:
    """What was traced, in its order."""
    ranks: Counter[tuple[str, str]] = Counter()
    found = []
    for line in output.read_text(encoding="utf-8", errors="replace").splitlines():
        if (match := CALL.match(line)) is None:
            continue
        thread, name, rest = match.groups()
        ranks[thread, name] += 1
        path = PATH.match(rest)
        named = (path[1] or path[2] or "") if path else ""
        found.append(Call(name, ranks[thread, name], named, "(INJECTED)" in rest))
    return found


def sample(positions: list[Call], count: int) -> list[Call]:
    """`count` positions from the first to the last, one by chance in each stretch; all where there are fewer.

    The seed is the one that pytest-randomly prints: `-p randomly_seed=…` chooses them again.
    """
    if len(positions) <= count:
        return positions
    bounds = [index * len(positions) // count for index in range(count + 1)]
    return [positions[random.randrange(*stretch)] for stretch in pairwise(bounds)]
