# SPDX-License-Identifier: EUPL-1.2
"""Asking an authority over HTTP; of a bad answer nothing is kept, and it is asked again (F16)."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding

from marketplace import timestamps, tokens
from marketplace.models import Timestamp
from marketplace.timestamps import RETRY, AuthoritySilent
from tests.factories import NOW, SECOND
from tests.marketplace.stamping import POLICY, Forge, make_party

pytestmark = pytest.mark.django_db
DIGEST = hashlib.sha256(b"manifest").digest()
ROOT = make_party("Root", is_authority=True)
SIGNER = make_party("Authority of the test", ROOT)
STAMPED = "application/timestamp-reply"


@dataclass
class Answer:
    """What the server of the test sends; `body` is made of the request."""

    body: Callable[[bytes], bytes]
    kind: str = STAMPED
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Served:
    """A time-stamp authority on this machine, what it answers, and what it was asked."""

    answer: Answer
    requests: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)


def stamped(request: bytes, **changes: object) -> bytes:
    asked = tsp.TimeStampReq.load(request)
    imprint = asked["message_imprint"]
    fields = {
        "imprint": (
            imprint["hash_algorithm"]["algorithm"].native,
            imprint["hashed_message"].native,
        ),
        "nonce": asked["nonce"].native,
    } | changes
    return Forge(SIGNER, **fields).answer()


@pytest.fixture
def served(settings, tmp_path) -> Iterator[Served]:
    state = Served(Answer(stamped))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append((request, dict(self.headers)))
            body = state.answer.body(request)
            self.send_response(state.answer.status)
            self.send_header("Content-Type", state.answer.kind)
            for name, value in state.answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # it had enough
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    roots = tmp_path / "roots.pem"
    roots.write_bytes(ROOT.certificate.public_bytes(Encoding.PEM))
    settings.TSA_URL = f"http://127.0.0.1:{server.server_port}/tsa"
    settings.TSA_ROOTS = str(roots)
    settings.TSA_POLICY = POLICY
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def clock() -> datetime:
    return NOW


def later() -> datetime:
    return NOW + RETRY + SECOND


def request() -> Timestamp:
    return timestamps.request(DIGEST, now=NOW)


def test_token_comes_from_the_authority_of_the_settings(served):
    timestamp = request()

    assert timestamps.obtain_waiting(clock=clock) == 1

    timestamp.refresh_from_db()
    assert (timestamp.generated_at, timestamp.authority) == (NOW, "Authority of the test")
    assert timestamps.verify(timestamp).certificate == SIGNER.der
    asked, headers = served.requests[0]
    assert headers["Content-Type"] == "application/timestamp-query"
    assert "Authorization" not in headers
    assert tsp.TimeStampReq.load(asked)["req_policy"].native == POLICY


def test_authority_is_given_the_account_of_the_settings(served, settings):
    settings.TSA_USER, settings.TSA_PASSWORD = "sigille", "secret"
    request()

    timestamps.obtain_waiting(clock=clock)

    assert served.requests[0][1]["Authorization"] == "Basic c2lnaWxsZTpzZWNyZXQ="


def test_nonces_differ(served):
    request()
    request()

    timestamps.obtain_waiting(clock=clock)

    nonces = {tsp.TimeStampReq.load(asked)["nonce"].native for asked, _ in served.requests}
    assert len(nonces) == 2
    assert None not in nonces


def test_sha512_is_stamped_too(served):
    timestamp = timestamps.request(hashlib.sha512(b"manifest").digest(), now=NOW)

    assert timestamps.obtain_waiting(clock=clock) == 1

    timestamp.refresh_from_db()
    assert timestamp.algorithm == "sha512"


SILENCES = {
    "HTML": Answer(lambda _request: b"<!doctype html>", kind="text/html"),
    "an error": Answer(stamped, status=500),
    "nothing there": Answer(stamped, status=404),
    "another place": Answer(
        lambda _r: b"", status=302, headers={"Location": "http://127.0.0.1:1/"}
    ),
    "a cut answer": Answer(lambda _r: b"", headers={"Content-Length": "100"}),
}
BAD_ANSWERS = {
    "HTML that says it is an answer": (Answer(lambda _request: b"<!doctype html>"), "malformed"),
    "10 MB": (Answer(lambda _request: bytes(10_000_000)), "too_long"),
    "nothing": (Answer(lambda _request: b""), "malformed"),
    "another nonce": (Answer(lambda r: stamped(r, nonce=1)), "wrong_nonce"),
    "another imprint": (
        Answer(lambda r: stamped(r, imprint=("sha256", bytes(32)))),
        "wrong_imprint",
    ),
    "10 minutes off": (Answer(lambda r: stamped(r, at=NOW + 20 * RETRY)), "wrong_time"),
    "another policy": (Answer(lambda r: stamped(r, policy="1.2.3")), "wrong_policy"),
}


@pytest.mark.parametrize("answer", SILENCES.values(), ids=SILENCES)
def test_silent_authority_is_asked_again(served, answer):
    timestamp, other = request(), timestamps.request(DIGEST, now=NOW + SECOND)
    served.answer = answer

    assert timestamps.obtain_waiting(clock=clock) == 0

    timestamp.refresh_from_db()
    other.refresh_from_db()
    assert (timestamp.token, timestamp.failure) == (None, "authority_silent")
    assert other.attempts == 0  # in peace until the next sweep
    served.answer = Answer(stamped, kind=STAMPED)
    assert timestamps.obtain_waiting(clock=later) == 2


@pytest.mark.parametrize(("answer", "code"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_bad_answer_is_not_kept_and_stops_nothing(served, answer, code):
    timestamp = request()
    served.answer = answer

    assert timestamps.obtain_waiting(clock=clock) == 0

    timestamp.refresh_from_db()
    assert (timestamp.token, timestamp.failure, timestamp.attempts) == (None, code, 1)
    served.answer = Answer(stamped)
    assert timestamps.obtain_waiting(clock=later) == 1
    timestamp.refresh_from_db()
    assert (timestamp.failure, timestamp.attempts) == ("", 2)


def test_authority_that_is_gone_is_silent(served, settings):
    settings.TSA_URL = "http://127.0.0.1:1/tsa"

    with pytest.raises(AuthoritySilent):
        timestamps.obtain(request().pk, clock=clock)


def test_authority_that_takes_too_long_is_silent(served, monkeypatch):
    monkeypatch.setattr(timestamps, "PATIENCE", 0.1)
    is_over = threading.Event()
    served.answer = Answer(lambda r: stamped(r) if is_over.wait(5) else b"")

    with pytest.raises(AuthoritySilent):
        timestamps.obtain(request().pk, clock=clock)
    is_over.set()


def test_answer_that_does_not_end_is_silence(monkeypatch):
    class Dripping:
        def read1(self, _size: int) -> bytes:
            return b"x"

    monkeypatch.setattr(timestamps, "PATIENCE", 0)

    with pytest.raises(AuthoritySilent):
        timestamps._read(Dripping())  # type: ignore[arg-type]  # all that is read of an answer


def test_token_is_asked_for_once_at_a_time(served, monkeypatch):
    timestamp = request()
    came: list[bool] = []

    class Interrupted(timestamps.HttpAuthority):
        def ask(self, request: bytes, *, now: datetime) -> bytes:
            """Another worker comes while this one waits."""
            came.append(timestamps.obtain(timestamp.pk, clock=clock))
            return super().ask(request, now=now)

    monkeypatch.setattr(timestamps, "authority", Interrupted)
    came.append(timestamps.obtain(timestamp.pk, clock=clock))

    assert came == [False, True]


def test_first_token_is_kept_for_ever(served):
    timestamp = request()
    timestamps.obtain_waiting(clock=clock)
    timestamp.refresh_from_db()
    first = bytes(timestamp.token or b"")

    assert not timestamps.obtain(timestamp.pk, clock=later)
    assert timestamps.obtain_waiting(clock=later) == 0

    timestamp.refresh_from_db()
    assert bytes(timestamp.token or b"") == first


def test_without_an_address_the_development_authority_says_that_it_is_not_qualified(settings):
    settings.TSA_URL = settings.TSA_POLICY = ""
    timestamp = request()

    assert timestamps.obtain_waiting(clock=clock) == 1

    timestamp.refresh_from_db()
    assert "not qualified" in timestamp.authority
    assert timestamps.verify(timestamp).generated_at == NOW


def test_kept_token_is_verified_against_the_roots_of_today(served, settings):
    timestamp = request()
    timestamps.obtain_waiting(clock=clock)
    timestamp.refresh_from_db()

    settings.TSA_URL = ""  # another authority: the development one

    with pytest.raises(tokens.BadToken, match="not_trusted"):
        timestamps.verify(timestamp)
