# SPDX-License-Identifier: EUPL-1.2
"""The benchmarks of deposits: uploads to a real installation, beside nginx's WebDAV PUT on the same disk.

The same client sends both, in requests of 16 MiB, as the pages of the site do. Ours is sealed, synced to the
disk and committed before each answer; nginx's is neither.
"""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from envelopes.limits import LARGEST_REQUEST
from tests.http_bidder import PAGE_DATA, Bidder
from tools.services import answers, free_port

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
PATIENCE = 60  # seconds for a server to answer
TUS = {"Tus-Resumable": "1.0.0"}
BIDDER = re.compile(r"\S+@entreprise\.example")  # what the demonstration says of its accounts
TENDER = "2026-DCP-013"  # of the demonstration, on line
PASSWORD = re.compile(r"Sigille-demo-\d+")
PIECE = memoryview(os.urandom(LARGEST_REQUEST))
NOT_DURABLE = """
import os, runpy
globals().update(runpy.run_path('gunicorn.conf.py'))
os.fsync = lambda _descriptor: None
"""
NGINX = """
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/error;
events {{}}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/bodies;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/kept;
    dav_methods PUT DELETE;
  }}
}}
"""


class PeerMissing(Exception):
    """A program to be compared with is not installed."""


@dataclass(frozen=True)
class Site:
    """A running installation, and a deposit in preparation there."""

    port: int
    master: int
    headers: dict[str, str]
    uploads_path: str
    envelope: str

    def at_once(self, count: int, mib: int) -> float:
        """Seconds to send so many files at once, of `mib` MiB together; they are removed off the clock."""
        with ThreadPoolExecutor(count) as pool:
            started = time.perf_counter()
            paths = list(pool.map(self._upload, [mib // count] * count))
            seconds = time.perf_counter() - started
        line = http.client.HTTPConnection("127.0.0.1", self.port)
        for path in paths:
            self._ask(line, "DELETE", path, {})
        line.close()
        return seconds

    def _upload(self, mib: int) -> str:
        """Send one file; its path."""
        line = http.client.HTTPConnection("127.0.0.1", self.port)
        metadata = {"Upload-Length": str(mib * MIB), "Upload-Metadata": f"envelope {self.envelope}"}
        path = self._ask(line, "POST", self.uploads_path, metadata).headers["Location"]
        for offset in range(0, mib * MIB, LARGEST_REQUEST):
            piece = PIECE[: min(LARGEST_REQUEST, mib * MIB - offset)]
            octets = {"Content-Type": "application/offset+octet-stream"}
            self._ask(line, "PATCH", path, octets | {"Upload-Offset": str(offset)}, piece)
        line.close()
        return path

    def page_times(self, uploads: int = 0, mib: int = 0) -> list[float]:
        """Seconds for a page of the site, while so many uploads last, but a hundred times at least."""
        line = http.client.HTTPConnection("127.0.0.1", self.port)
        times: list[float] = []
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(self.at_once, uploads, mib) if uploads else None
            while len(times) < 100 or (sent is not None and not sent.done()):
                started = time.perf_counter()
                self._ask(line, "GET", "/consultations/", {})
                times.append(time.perf_counter() - started)
        line.close()
        return times

    def peak(self, count: int, mib: int) -> float:
        """MiB, the most that the process that serves holds during so many uploads at once."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text()
        process = Path(f"/proc/{children.split()[0]}")
        (process / "clear_refs").write_text("5")  # counts anew, proc(5)
        self.at_once(count, mib)
        return int(re.findall(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())[0]) / 1024

    def _ask(
        self,
        line: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        body: memoryview | bytes = b"",
    ) -> http.client.HTTPResponse:
        line.request(method, path, body, self.headers | TUS | headers)
        response = line.getresponse()
        said = response.read()
        if response.status >= http.client.BAD_REQUEST:
            raise ConnectionError(f"{method} {path}: {response.status} {said.decode()}")
        return response


@contextmanager
def installation(folder: Path, configuration: Path) -> Iterator[Site]:
    """An embedded installation with the demonstration data, served by one process of 32 threads."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SIGILLE_")}
    variables = inherited | {"SIGILLE_DATA_DIR": str(folder), "SIGILLE_LOG_LEVEL": "ERROR"}
    for words in (["migrate", "--verbosity", "0"], ["createcachetable"], ["demo"]):
        manage = [sys.executable, "manage.py", *words]
        said = subprocess.check_output(manage, cwd=ROOT, env=variables, text=True)
    address, password = BIDDER.findall(said)[0], PASSWORD.findall(said)[0]
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(configuration), "--threads", "32"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", "marketplace.wsgi"]
    with running(command, port, variables) as process:
        bidder = Bidder(f"http://127.0.0.1:{port}/")
        bidder.submit_form("/accounts/login/", login=address, password=password)
        tender = bidder.tender(TENDER)
        form = {"to": tender + "deposit/", "relation": "completes"}  # should it have a bid there
        page = bidder.submit_form(tender, **form).read().decode()
        data = json.loads(PAGE_DATA.findall(page)[0])
        cookies = {cookie.name: cookie.value or "" for cookie in bidder.cookies}
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-CSRFToken": cookies["csrf"],
        }
        envelope = base64.b64encode(data["envelopes"][0]["id"].encode()).decode()
        yield Site(port, process.pid, headers, data["uploadsUrl"], envelope)


def nginx_put(port: int, mib: int) -> float:
    """Seconds to give nginx the same bytes, in the same requests."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    started = time.perf_counter()
    for number in range(-(-mib * MIB // LARGEST_REQUEST)):
        piece = PIECE[: min(LARGEST_REQUEST, mib * MIB - number * LARGEST_REQUEST)]
        line.request("PUT", f"/{number}", piece)
        response = line.getresponse()
        response.read()
        if response.status >= http.client.BAD_REQUEST:
            raise ConnectionError(f"nginx: {response.status}")
    line.close()
    return time.perf_counter() - started


@contextmanager
def nginx(folder: Path) -> Iterator[int]:
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        raise PeerMissing("nginx is not installed (Debian package: nginx-light).")
    for name in ("kept", "bodies"):
        (folder / name).mkdir(parents=True)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(user=user, folder=folder, port=port))
    with running([binary, "-c", str(configuration), "-e", str(folder / "error")], port):
        yield port


@contextmanager
def running(
    command: Sequence[str], port: int, variables: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it answers, until the context ends."""
    with subprocess.Popen(command, cwd=ROOT, env=variables) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not answers(f"tcp://127.0.0.1:{port}"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ConnectionError(f"{command[0]} did not start")
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


@dataclass(frozen=True)
class Measures:
    """What the table compares: each is a way of spending seconds, or an amount of memory."""

    site: Site
    forgetful: Site
    nginx: int

    def memory_per_upload(self, mib: int) -> float:
        """MiB that an upload more takes, from 8 at once to 32."""
        at_eight = self.site.peak(8, mib)
        return (self.site.peak(32, mib) - at_eight) / 24


@contextmanager
def servers(folder: Path) -> Iterator[Measures]:
    """Two installations, one of which syncs nothing, and nginx, on the disk of this folder."""
    forgetful = folder / "not_durable.conf.py"
    forgetful.write_text(NOT_DURABLE)
    with ExitStack() as stack:
        yield Measures(
            stack.enter_context(installation(folder / "durable", ROOT / "gunicorn.conf.py")),
            stack.enter_context(installation(folder / "forgetful", forgetful)),
            stack.enter_context(nginx(folder / "nginx")),
        )
