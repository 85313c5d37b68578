# SPDX-License-Identifier: EUPL-1.2
"""A web server of the application, on the database and the store of this test run, that may be hurt."""

import os
import queue
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection

from tests.faults.processes import PATIENCE, started
from tools.services import free_port

CONFIGURATION = Path(__file__).parent / "gunicorn.conf.py"
BOOTED = re.compile(r"Booting worker with pid: (\d+)")


@dataclass
class Site:
    """One process serves; its master starts another when it dies, and holds the port meanwhile."""

    port: int
    _workers: queue.Queue[int] = field(default_factory=queue.Queue)
    said: list[str] = field(default_factory=list)
    _worker: int = 0

    @property
    def worker(self) -> int:
        """The process that serves now."""
        while not self._workers.empty() or not self._worker:
            self._worker = self._workers.get(timeout=PATIENCE)
        return self._worker

    def is_replaced(self, worker: int) -> bool:
        """Whether that worker is dead; once another serves, if it is."""
        try:
            state = Path(f"/proc/{worker}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):  # it goes while it is looked at
            state = ") Z"
        if state.rpartition(")")[2].split()[0] != "Z":
            return False
        return self.worker != worker or self._next() != worker

    def _next(self) -> int:
        self._worker = self._workers.get(timeout=PATIENCE)
        return self._worker

    def listen(self, output: IO[str]) -> None:
        for line in output:
            self.said.append(line)
            if (found := BOOTED.search(line)) is not None:
                self._workers.put(int(found[1]))


def database_url(port: int | None = None) -> str:
    """The database of this test run, as an installation names it; by another port of the loopback."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgresql://{found['USER']}@127.0.0.1:{port or found['PORT']}/{found['NAME']}"


@contextmanager
def serving(configuration: Path = CONFIGURATION, **environ: str) -> Iterator[Site]:
    """The application, on the database and in the data folder of this test run, until the context ends."""
    site = Site(free_port())
    command = [sys.executable, "-m", "gunicorn", "--config", str(configuration)]
    command += ["--bind", f"127.0.0.1:{site.port}", "marketplace.wsgi"]
    inherited: Mapping[str, str] = {
        # Not the environment's: in a worker of xdist, settings are read before it is changed.
        "SIGILLE_DATA_DIR": str(settings.DATA_DIR),
        "SIGILLE_DATABASE_URL": database_url(),
        "SIGILLE_SPACE_KEPT_FREE_MIB": "0",
        "TMPDIR": str(settings.DATA_DIR),
    }
    with started(command, cwd=settings.BASE_DIR, env=os.environ | inherited | environ) as process:
        assert process.stderr is not None
        listening = threading.Thread(target=site.listen, args=(process.stderr,), daemon=True)
        listening.start()
        assert site.worker, "".join(site.said)
        yield site
