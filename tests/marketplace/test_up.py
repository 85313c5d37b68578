# SPDX-License-Identifier: EUPL-1.2
"""`manage.py up`, started for real on a free port, in a data folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from tests.installation import PATIENCE, UP, environ, started
from tools.services import free_port

pytestmark = pytest.mark.slow


def refused(*options: str, data_dir: Path) -> str:
    """What `up` says when it refuses to start."""
    done = subprocess.run(
        [*UP, *options],
        cwd=settings.BASE_DIR,
        env=environ(data_dir),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def alive(group: int) -> list[str]:
    """The processes of a process group, zombies apart."""
    listing = subprocess.check_output(["ps", "-ww", "-e", "-o", "pgid=,stat=,args="], text=True)
    processes = [line.split(maxsplit=2) for line in listing.splitlines()]
    return [args for pgid, stat, args in processes if int(pgid) == group and stat[0] != "Z"]


def finish(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Send a signal to the supervisor alone; its exit status, and what it said until then."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def test_up_serves_refuses_a_twin_and_leaves_nothing_behind(tmp_path):
    port = free_port()
    with started(tmp_path, port) as process:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as response:
            status = response.status
        twin = refused("--port", str(free_port()), data_dir=tmp_path)
        programs = alive(process.pid)

        code, _ = finish(process, signal.SIGTERM)

        assert status == 200
        assert f"process group {process.pid}" in twin
        for program in ("gunicorn", "celery.* worker ", "celery.* beat "):
            assert any(re.search(program, arguments) for arguments in programs), programs
        assert code == 0
        assert alive(process.pid) == []
        assert list((tmp_path / "broker" / "queue").iterdir()) == []


def test_up_does_the_jobs_that_are_queued(tmp_path):
    queue = [sys.executable, "-m", "celery", "--quiet", "--app", "marketplace.celery", "call"]
    with started(tmp_path, free_port()) as process:
        job = [*queue, "celery.accumulate", "--args", "[1]"]
        identity = subprocess.check_output(job, env=environ(tmp_path), text=True).strip()

        done = f"celery.accumulate[{identity}] succeeded"
        assert any(done in line for line in process.stdout or [])


def test_up_stops_on_an_interruption_of_the_whole_group(tmp_path):
    with started(tmp_path, free_port()) as process:
        os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does
        process.communicate(timeout=PATIENCE)

        assert process.returncode == 0
        assert alive(process.pid) == []


def test_up_stops_all_and_names_the_program_that_died(tmp_path):
    with started(tmp_path, free_port()) as process:
        listing = subprocess.check_output(["pgrep", "-g", str(process.pid), "-f", " beat "])
        os.kill(int(listing.split()[0]), signal.SIGKILL)
        said, _ = process.communicate(timeout=PATIENCE)

        assert process.returncode == 1
        assert "“beat” ended with status -9" in said
        assert alive(process.pid) == []


def test_programs_stop_when_the_supervisor_is_killed(tmp_path):
    with started(tmp_path, free_port()) as process:
        finish(process, signal.SIGKILL)

        # Every program inherited the lock: it is free when the last one has gone.
        lock = ["flock", "--timeout", str(PATIENCE), str(tmp_path / "up.lock"), "true"]
        assert subprocess.run(lock, check=False).returncode == 0


def test_up_refuses_a_database_that_is_not_migrated(tmp_path):
    said = refused("--port", str(free_port()), data_dir=tmp_path)

    assert "manage.py migrate" in said


def test_up_refuses_a_port_that_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        said = refused("--migrate", "--port", str(port), data_dir=tmp_path)

    assert f"127.0.0.1:{port} cannot be listened on" in said
