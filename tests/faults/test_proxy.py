# SPDX-License-Identifier: EUPL-1.2
"""The proxy itself: it relays everything, or hurts exactly what it is told to."""

import gc
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxy import Proxy, proxy_to


class Echo(BaseHTTPRequestHandler):
    received: list[bytes] = []

    def do_POST(self) -> None:
        with suppress(OSError):  # the line is cut
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.received.append(body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    Echo.received.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever).start()
        with proxy_to(server.server_port) as proxy:
            yield proxy
        server.shutdown()


def post(proxy: Proxy, body: bytes) -> bytes:
    line = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    try:
        line.request("POST", "/", body)
        return line.getresponse().read()
    finally:
        line.close()


def test_relays_what_it_is_given(proxy):
    body = bytes(range(256)) * 1000

    assert post(proxy, body) == body
    assert (Echo.received, proxy.cuts) == ([body], 0)


def test_cuts_once_at_the_byte(proxy):
    proxy.cut_at(1000)

    with pytest.raises((OSError, http.client.HTTPException)):
        post(proxy, bytes(300_000))

    assert len(b"".join(Echo.received)) <= 1000
    assert proxy.cuts == 1
    assert post(proxy, b"again") == b"again"
    assert proxy.cuts == 1


def test_loses_one_answer_to_what_was_done(proxy):
    proxy.loses_answer = True

    with pytest.raises((OSError, http.client.HTTPException)):
        post(proxy, b"done")

    assert Echo.received == [b"done"]
    assert post(proxy, b"again") == b"again"
    assert proxy.cuts == 1


def test_stops_at_a_piece(proxy):
    seen = []

    def stop(piece: bytes) -> bool:
        seen.append(piece)
        return False

    proxy.on_piece = stop

    with pytest.raises((OSError, http.client.HTTPException)):
        post(proxy, b"never arrives")
    proxy.on_piece = None

    assert Echo.received == []
    assert seen
    assert post(proxy, b"again") == b"again"


def test_line_to_a_target_that_is_not_there_is_cut():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        port = server.server_port
    with proxy_to(port) as proxy, pytest.raises((OSError, http.client.HTTPException)):
        post(proxy, b"nobody")


def test_leaves_no_socket_open_at_its_end():
    with (
        closing(socket.create_server(("127.0.0.1", 0), backlog=99)) as target,
        ExitStack() as lines,
    ):
        with proxy_to(target.getsockname()[1]) as proxy:
            for _ in range(40):
                line = socket.create_connection(("127.0.0.1", proxy.port))
                lines.enter_context(closing(line))

        gc.collect()  # a transport that was forgotten says so, and pytest fails
