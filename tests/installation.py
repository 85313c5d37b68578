# SPDX-License-Identifier: EUPL-1.2
"""An installation, started for real with `manage.py up` in a data folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120  # seconds
EMBEDDED: Mapping[str, str] = {}  # SQLite and a queue of files
UP = [sys.executable, "manage.py", "up"]


def environ(data_dir: Path, services: Mapping[str, str] = EMBEDDED) -> dict[str, str]:
    """An installation on these services, whatever the database and the broker of this test run."""
    inherited = {name: value for name, value in os.environ.items() if "SIGILLE_" not in name}
    return {**inherited, "SIGILLE_DATA_DIR": str(data_dir), **services}


def manage(*arguments: str, environ: Mapping[str, str]) -> str:
    """What `manage.py` with these arguments says."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.check_output(command, cwd=ROOT, env=environ, text=True, timeout=PATIENCE)


def demonstrate(*options: str, environ: Mapping[str, str]) -> str:
    """Fill an installation with the demonstration; what `manage.py demo` says of its accounts."""
    manage("migrate", "--verbosity", "0", environ=environ)
    manage("createcachetable", environ=environ)
    return manage("demo", *options, environ=environ)


@contextmanager
def started(
    data_dir: Path, port: int, services: Mapping[str, str] = EMBEDDED
) -> Iterator[subprocess.Popen[str]]:
    """A running installation, in its own process group, once it has said that it is ready."""
    command = [*UP, "--migrate", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ(data_dir, services),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        said: list[str] = []
        watchdog = Timer(PATIENCE, os.killpg, [process.pid, signal.SIGKILL])
        watchdog.start()  # what waits for a line then sees the end of the output
        try:
            for line in process.stdout or []:
                said.append(line)
                if "is ready at" in line:
                    yield process
                    return
            pytest.fail("".join(said))
        finally:
            watchdog.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
