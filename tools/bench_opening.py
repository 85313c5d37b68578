# SPDX-License-Identifier: EUPL-1.2
"""The benchmark of opening in a browser: a sealed file to the disk of Chromium, beside bare WebCrypto.

One page does both. Ours fetches each block, verifies all that docs/envelope-format.md § 9 says, decrypts,
compares the digest of the whole, and writes to the disk that the browser gives to the page; the peer decrypts
as many bytes, which it has in memory.
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
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Page, sync_playwright

from keys.certificates import read_certificate
from keys.cms import BLOCK_SIZE, FILE_ID_SIZE, Recipient, seal_block
from tests.e2e.conftest import ARGUMENTS
from tests.keys.making import make_certificate
from tools.bench_deposits import PeerMissing

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
MOST = 256  # MiB
SCRIPT = ROOT / "tests" / "ts" / "opening_bench.ts"
VERSION = "/Chrome\\/([0-9]+)/.exec(navigator.userAgent)[1]"
PAGE = b'<!doctype html><title>bench</title><script type="module" src="/bench.js"></script>'


@dataclass(frozen=True)
class Opener:
    """A page of Chromium that opens, by two ways of spending seconds on so many MiB."""

    page: Page
    mib: int
    peer: str

    def ours(self) -> float:
        return float(self.page.evaluate("bench.ours()"))

    def theirs(self) -> float:
        return float(self.page.evaluate("bench.theirs()"))


@contextmanager
def opener(folder: Path, mib: int) -> Iterator[Opener]:
    """A page that is ready to open a sealed file, which a server of this machine has."""
    executable = os.environ.get("SIGILLE_CHROMIUM") or shutil.which("chromium")
    if not executable:
        raise PeerMissing("Chromium is not installed (Debian package: chromium).")
    sealed = min(mib, MOST)
    folder = folder / "opening"
    (folder / "blocks").mkdir(parents=True)
    answers = {
        "/": ("text/html", PAGE),
        "/bench.js": ("text/javascript", bundle()),
        "/sealed.json": ("application/json", json.dumps(seal(folder / "blocks", sealed)).encode()),
    }
    with ExitStack() as stack:
        port = stack.enter_context(serving(answers, folder / "blocks"))
        playwright = stack.enter_context(sync_playwright())
        # A profile of its own: without one, what a page keeps on the disk stays in memory.
        context = playwright.chromium.launch_persistent_context(
            folder / "profile", executable_path=executable, args=ARGUMENTS
        )
        stack.callback(context.close)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_function("globalThis.bench !== undefined")
        version = str(page.evaluate(VERSION))
        yield Opener(page, sealed, f"Chromium {version}: AES-256-GCM of WebCrypto, in memory")


def bundle() -> bytes:
    """The page's script, built as those of the site are."""
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    if not esbuild.exists():
        raise PeerMissing("esbuild is not installed: run `npm ci` first.")
    command = [str(esbuild), str(SCRIPT), "--bundle", "--minify", "--format=esm", "--target=es2022"]
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
def serving(answers: dict[str, tuple[str, bytes]], blocks: Path) -> Iterator[int]:
    """The port where these answers are given, and blocks by their number, until the context ends."""

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
