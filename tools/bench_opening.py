# SPDX-License-Identifier: EUPL-1.2
"""The benchmark of opening in a browser: a sealed file to the disk of Chromium, beside bare WebCrypto.

One page does both, of a Chromium that nobody debugs: a debugger hears of all that a page fetches, which costs
as much again. The page asks the server what to do next. Ours fetches each block, verifies all that
docs/envelope-format.md § 9 says, decrypts, compares the digest of the whole, and writes to the disk that the
browser gives to the page, as the page of the opening does in a folder that the agent chose; the peer decrypts
as many bytes, which it has in memory. Files of more than 64 MiB are digested by a library, as here; smaller
ones by WebCrypto.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from keys.certificates import read_certificate
from keys.cms import BLOCK_SIZE, FILE_ID_SIZE, Recipient, seal_block
from tests.e2e.conftest import ARGUMENTS
from tests.keys.making import make_certificate
from tools.bench_deposits import PeerMissing

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
MOST = 256  # MiB
SCRIPT = ROOT / "tests" / "ts" / "opening_bench.ts"
WORKER = ROOT / "static" / "ts" / "workers" / "pieces.ts"
PATIENCE = 120  # seconds for one run
PAGE = b'<!doctype html><title>bench</title><script type="module" src="/bench.js"></script>'


@dataclass(frozen=True)
class Orders:
    """What a page is to do, and what came of it: seconds, or why it failed."""

    given: SimpleQueue[str] = field(default_factory=SimpleQueue)
    done: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def result(self) -> str:
        try:
            return self.done.get(timeout=PATIENCE)
        except Empty:
            raise RuntimeError("the page does not answer") from None

    def seconds(self, order: str) -> float:
        self.given.put(order)
        answer = self.result()
        try:
            return float(answer)
        except ValueError:
            raise RuntimeError(f"the page failed: {answer}") from None


@dataclass(frozen=True)
class Opener:
    """A page of Chromium that opens, by two ways of spending seconds on so many MiB."""

    orders: Orders
    mib: int
    peer: str

    def ours(self) -> float:
        return self.orders.seconds("ours")

    def theirs(self) -> float:
        return self.orders.seconds("theirs")


@contextmanager
def opener(folder: Path, mib: int) -> Iterator[Opener]:
    """A page that is ready to open a sealed file, which a server of this machine has."""
    executable = os.environ.get("SIGILLE_CHROMIUM") or shutil.which("chromium")
    if not executable:
        raise PeerMissing("Chromium is not installed (Debian package: chromium).")
    sealed, orders = min(mib, MOST), Orders()
    folder = folder / "opening"
    (folder / "blocks").mkdir(parents=True)
    answers = {
        "/": ("text/html", PAGE),
        "/bench.js": ("text/javascript", bundle(SCRIPT)),
        "/pieces.js": ("text/javascript", bundle(WORKER)),
        "/sealed.json": ("application/json", json.dumps(seal(folder / "blocks", sealed)).encode()),
    }
    with ExitStack() as stack:
        port = stack.enter_context(serving(answers, folder / "blocks", orders))
        # A profile of its own: without one, what a page keeps on the disk stays in memory.
        command = [executable, "--headless", f"--user-data-dir={folder / 'profile'}", *ARGUMENTS]
        chromium = stack.enter_context(
            subprocess.Popen([*command, f"http://127.0.0.1:{port}/"], stderr=subprocess.DEVNULL)
        )
        stack.callback(chromium.terminate)
        stack.callback(orders.given.put, "")  # the page has done
        version = orders.result()
        yield Opener(orders, sealed, f"Chromium {version}: AES-256-GCM of WebCrypto, in memory")


def bundle(script: Path) -> bytes:
    """A script of the page, built as those of the site are."""
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    if not esbuild.exists():
        raise PeerMissing("esbuild is not installed: run `npm ci` first.")
    command = [str(esbuild), str(script), "--bundle", "--minify", "--format=esm", "--target=es2022"]
    return subprocess.check_output(command, cwd=ROOT)


def seal(folder: Path, mib: int) -> dict[str, Any]:
    """Random bytes, sealed block by block with the code of the uploads; what an opener is told of them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    certificate: bytes = make_certificate(key)  # type: ignore[no-untyped-call]  # tests have no types
    recipients = [Recipient.of(read_certificate(certificate))]
    file_id, whole, blocks = os.urandom(FILE_ID_SIZE), hashlib.sha256(), []
    count = -(-mib * MIB // BLOCK_SIZE)
    for number in range(count):
        plaintext = os.urandom(min(BLOCK_SIZE, mib * MIB - number * BLOCK_SIZE))
        whole.update(plaintext)
        is_last = number == count - 1
        block = seal_block(plaintext, recipients, file_id=file_id, number=number, is_last=is_last)
        (folder / str(number)).write_bytes(block)
        blocks.append({"sha256": hashlib.sha256(block).hexdigest(), "size": len(block)})
    private = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    announced = {"name": "bench", "sha256": whole.hexdigest(), "size": mib * MIB}
    return {
        "file": {"id": file_id.hex(), "blocks": blocks},
        "announced": announced | {"id": file_id.hex()},
        "certificate": base64.b64encode(certificate).decode(),
        "pkcs8": base64.b64encode(private).decode(),
    }


@contextmanager
def serving(answers: dict[str, tuple[str, bytes]], blocks: Path, orders: Orders) -> Iterator[int]:
    """The port of these answers, of blocks by their number, and of orders; until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if (answer := answers.get(self.path)) is not None:
                self._begin(answer[0], len(answer[1]))
                self.wfile.write(answer[1])
                return
            block = blocks / self.path.rpartition("/")[2]
            if not block.is_file():
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self._begin("application/octet-stream", block.stat().st_size)
            with block.open("rb") as content:
                self.connection.sendfile(content)

        def do_POST(self) -> None:
            """Takes what came of the last order, and gives the next when there is one."""
            orders.done.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            order = orders.given.get().encode()
            self._begin("text/plain", len(order))
            self.wfile.write(order)

        def _begin(self, kind: str, size: int) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(size))
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Nothing is said of each request."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
