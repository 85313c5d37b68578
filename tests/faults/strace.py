# SPDX-License-Identifier: EUPL-1.2
"""Faults of the system, put in by strace at the k-th call of a kind of a process that runs."""

import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
PATIENCE = 2  # seconds for strace to let go
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
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "attached" in said, said
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)  # it lets go of what it traces
            try:
                process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:  # it waits for the threads of what was just killed
                process.kill()
                process.communicate()


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
    """`count` positions spread from the first to the last; all of them where there are fewer."""
    if len(positions) <= count:
        return positions
    return [positions[index * (len(positions) - 1) // (count - 1)] for index in range(count)]
