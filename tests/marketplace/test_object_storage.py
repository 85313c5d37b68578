# SPDX-License-Identifier: EUPL-1.2
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.config import Config
from django.core.files.base import ContentFile

from marketplace.object_storage import ObjectStorage

ACTIONS: dict[str, Callable[[ObjectStorage], object]] = {
    "save": lambda store: store.save("deposit/file/0-x", ContentFile(b"sealed")),
    "open": lambda store: store.open("deposit/file/0-x"),
    "delete": lambda store: store.delete("deposit/file/0-x"),
    "exists": lambda store: store.exists("deposit/file/0-x"),
}


class Answering(BaseHTTPRequestHandler):
    """A store that answers everything with one status, and one code of S3."""

    status = 500
    code = ""

    def answer(self) -> None:
        body = f"<Error><Code>{self.code}</Code></Error>".encode() if self.code else b""
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET = do_HEAD = do_PUT = answer  # noqa: N815 - names of http.server

    def log_message(self, *_arguments: object) -> None:
        pass


def store_at(address: str) -> ObjectStorage:
    return ObjectStorage(
        bucket_name="sigille",
        endpoint_url=address,
        access_key="sigille",
        secret_key="not a secret",
        file_overwrite=False,
        client_config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("status", [403, 500, 503])
@pytest.mark.parametrize("action", ACTIONS)
def test_store_that_refuses_is_a_failure_of_the_system(server, monkeypatch, action, status):
    monkeypatch.setattr(Answering, "status", status)
    store = store_at(f"http://127.0.0.1:{server.server_port}")

    with pytest.raises(OSError, match=str(status)):
        ACTIONS[action](store)


@pytest.mark.parametrize("action", ACTIONS)
def test_store_that_does_not_answer_is_a_failure_of_the_system(server, action):
    server.server_close()
    store = store_at(f"http://127.0.0.1:{server.server_port}")

    with pytest.raises(OSError, match="endpoint"):
        ACTIONS[action](store)


def test_object_that_is_not_there_is_told_from_a_failure(server, monkeypatch):
    monkeypatch.setattr(Answering, "status", 404)
    store = store_at(f"http://127.0.0.1:{server.server_port}")

    with pytest.raises(FileNotFoundError):
        store.open("deposit/file/0-x")


@pytest.mark.parametrize(
    ("code", "is_missing"), [("", True), ("NoSuchKey", True), ("NoSuchBucket", False)]
)
def test_bucket_that_is_not_there_is_told_from_an_object_that_is_missing(
    server, monkeypatch, code, is_missing
):
    monkeypatch.setattr(Answering, "status", 404)
    monkeypatch.setattr(Answering, "code", code)
    store = store_at(f"http://127.0.0.1:{server.server_port}")

    with pytest.raises(OSError, match=code or "404") as raised:
        store.read_start("deposit/file/0-x", 1)

    assert isinstance(raised.value, FileNotFoundError) == is_missing
