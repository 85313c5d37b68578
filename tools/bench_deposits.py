# SPDX-License-Identifier: EUPL-1.2
"""The benchmarks of deposits: uploads to a real installation, beside nginx and tus on the same disk.

The same client sends to each, in requests of 16 MiB, as the pages of the site do. Ours is sealed, synced to
the disk and committed before each answer; what nginx (WebDAV PUT) and @tus/server keep is neither.
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
from urllib.parse import urlsplit

from envelopes.limits import LARGEST_REQUEST
from tests.http_bidder import PAGE_DATA, Bidder
from tests.installation import demonstrate, environ
from tools.services import answers_in_time, free_port

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
TUS_SERVER = """
import { Server } from '@tus/server';
import { FileStore } from '@tus/file-store';
const [folder, port] = process.argv.slice(1);
const server = new Server({ path: '/files', datastore: new FileStore({ directory: folder }) });
server.listen({ host: '127.0.0.1', port: Number(port) });
"""


class PeerMissing(Exception):
    """A program to be compared with is not installed."""


@dataclass(frozen=True)
class Site:
    """A running installation, and a deposit in preparation there."""

    port: int  # of the process that serves pages
    uploads_port: int  # of the one that receives files
    receiver: int  # its master's process id
    headers: dict[str, str]
    uploads_path: str
    envelope: str

    def at_once(self, count: int, mib: int) -> float:
        """Seconds to send so many files at once, of `mib` MiB together; they are removed off the clock."""
        with ThreadPoolExecutor(count) as pool:
            started = time.perf_counter()
            paths = list(pool.map(self._upload, [mib // count] * count))
            seconds = time.perf_counter() - started
        line = http.client.HTTPConnection("127.0.0.1", self.uploads_port)
        for path in paths:
            ask(line, "DELETE", path, self.headers | TUS)
        line.close()
        return seconds

    def _upload(self, mib: int) -> str:
        """Send one file; its path."""
        line = http.client.HTTPConnection("127.0.0.1", self.uploads_port)
        metadata = {"Upload-Metadata": f"envelope {self.envelope}"}
        path = send_by_tus(line, self.uploads_path, mib, self.headers | TUS | metadata)
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
                ask(line, "GET", "/consultations/", self.headers)
                times.append(time.perf_counter() - started)
        line.close()
        return times

    def peak(self, count: int, mib: int) -> float:
        """MiB, the most that the process that receives holds during so many uploads at once."""
        children = Path(f"/proc/{self.receiver}/task/{self.receiver}/children").read_text()
        process = Path(f"/proc/{children.split()[0]}")
        (process / "clear_refs").write_text("5")  # counts anew, proc(5)
        self.at_once(count, mib)
        return int(re.findall(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())[0]) / 1024


@contextmanager
def installation(folder: Path, configuration: Path) -> Iterator[Site]:
    """An installation with the demonstration data: a process for pages, and one for files, of 32 threads."""
    variables = environ(folder, {"SIGILLE_LOG_LEVEL": "ERROR"})
    said = demonstrate(environ=variables)
    address, password = BIDDER.findall(said)[0], PASSWORD.findall(said)[0]
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(configuration), "--threads", "32"]
    gunicorn += ["--log-level", "warning", "marketplace.wsgi", "--bind"]
    with ExitStack() as stack:
        port, uploads_port = free_port(), free_port()
        _pages, receiver = (
            stack.enter_context(running([*gunicorn, f"127.0.0.1:{one}"], one, variables))
            for one in (port, uploads_port)
        )
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
        yield Site(port, uploads_port, receiver.pid, headers, data["uploadsUrl"], envelope)


def tus_upload(port: int, mib: int) -> float:
    """Seconds to give a tus server the same bytes, in the same requests; removed off the clock."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    started = time.perf_counter()
    path = send_by_tus(line, "/files", mib, TUS)
    elapsed = time.perf_counter() - started
    ask(line, "DELETE", path, TUS)
    line.close()
    return elapsed


def send_by_tus(
    line: http.client.HTTPConnection, where: str, mib: int, headers: dict[str, str]
) -> str:
    """Create an upload of `mib` MiB and send it; its path."""
    created = ask(line, "POST", where, headers | {"Upload-Length": str(mib * MIB)})
    path = urlsplit(created.headers["Location"]).path
    for offset in range(0, mib * MIB, LARGEST_REQUEST):
        piece = PIECE[: min(LARGEST_REQUEST, mib * MIB - offset)]
        octets = {"Content-Type": "application/offset+octet-stream"}
        ask(line, "PATCH", path, headers | octets | {"Upload-Offset": str(offset)}, piece)
    return path


def ask(
    line: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    body: memoryview | bytes = b"",
) -> http.client.HTTPResponse:
    line.request(method, path, body, headers)
    response = line.getresponse()
    said = response.read()
    if response.status >= http.client.BAD_REQUEST:
        raise ConnectionError(f"{method} {path}: {response.status} {said.decode()}")
    return response


def nginx_put(port: int, mib: int) -> float:
    """Seconds to give nginx the same bytes, in the same requests."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    started = time.perf_counter()
    for number in range(-(-mib * MIB // LARGEST_REQUEST)):
        piece = PIECE[: min(LARGEST_REQUEST, mib * MIB - number * LARGEST_REQUEST)]
        ask(line, "PUT", f"/{number}", {}, piece)
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
def tus_server(folder: Path) -> Iterator[int]:
    """The reference server of tus, from the packages of the workshop; it keeps files in clear."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules/@tus/server").is_dir():
        raise PeerMissing("@tus/server is not installed: `make dev` installs it, with node.")
    folder.mkdir()
    port = free_port()
    module = [node, "--input-type=module", "--eval", TUS_SERVER, str(folder), str(port)]
    with running(module, port):
        yield port


@contextmanager
def running(
    command: Sequence[str], port: int, variables: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it answers, until the context ends."""
    with subprocess.Popen(command, cwd=ROOT, env=variables) as process:
        try:
            if not answers_in_time(process, port):
                raise ConnectionError(f"{command[0]} did not start")
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
    tus: int

    def memory_per_upload(self, mib: int) -> float:
        """MiB that an upload more takes, from 8 at once to 32."""
        at_eight = self.site.peak(8, mib)
        return (self.site.peak(32, mib) - at_eight) / 24


@contextmanager
def servers(folder: Path) -> Iterator[Measures]:
    """Two installations, one of which syncs nothing, and their peers, on the disk of this folder."""
    forgetful = folder / "not_durable.conf.py"
    forgetful.write_text(NOT_DURABLE)
    with ExitStack() as stack:
        yield Measures(
            stack.enter_context(installation(folder / "durable", ROOT / "gunicorn.conf.py")),
            stack.enter_context(installation(folder / "forgetful", forgetful)),
            stack.enter_context(nginx(folder / "nginx")),
            stack.enter_context(tus_server(folder / "tus")),
        )
