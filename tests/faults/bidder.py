# SPDX-License-Identifier: EUPL-1.2
"""A bidder who does not give up: whatever fails is asked again, as the pages of the site do."""

import base64
import hashlib
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.conf import settings
from django.test import Client
from django.urls import reverse

from envelopes.limits import LARGEST_REQUEST
from envelopes.models import Deposit, Envelope
from marketplace.models import User

PATIENCE = 30  # seconds for an answer
TRIES = 40
TOKEN = "a" * 32
TUS = {"Tus-Resumable": "1.0.0"}
JSON = {"Content-Type": "application/json"}
OCTETS = {"Content-Type": "application/offset+octet-stream"}
SALT = "5a" * 32
# What the pages of this site try again: no answer, a cut, an offset, a writer, a server in trouble.
WORTH_RETRYING = {0, 408, 409, 423, 500, 502, 503, 507}


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: nothing did."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Refused(Exception):
    """The site answered with something that trying again does not change."""


class LostBlock(Exception):
    """The site stands before what it had acknowledged."""


@dataclass
class Poised:
    """A request of which the server has all but the last byte."""

    line: http.client.HTTPConnection
    last: bytes

    def release(self) -> None:
        self.line.send(self.last)

    def answer(self) -> Answer:
        response = self.line.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        self.line.close()
        return answer


@dataclass
class Bidder:
    """Someone who is signed in at the site on `port`."""

    user: User
    port: int
    answers: list[int] = field(default_factory=list)  # every status, in order

    def __post_init__(self) -> None:
        client = Client()
        client.force_login(self.user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self._headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrf={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Host": "127.0.0.1",
        }

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request(method, path, body, {**self._headers, **(headers or {})})
            response = line.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        except (OSError, http.client.HTTPException):
            answer = Answer(0)
        finally:
            line.close()
        self.answers.append(answer.status)
        return answer

    def insist(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask until there is an answer that is one."""
        for _ in range(TRIES):
            answer = self.ask(method, path, body, headers)
            if answer.status not in WORTH_RETRYING:
                return answer
        raise Refused(method, path, answer.status, answer.body)

    def poised(self, path: str, body: bytes, headers: Mapping[str, str]) -> "Poised":
        """A POST that lacks its last byte."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        line.putrequest("POST", path, skip_host=True)
        for header in {**self._headers, **headers, "Content-Length": str(len(body))}.items():
            line.putheader(*header)
        line.endheaders(body[:-1])
        return Poised(line, body[-1:])

    def create(self, envelope: Envelope, size: int, again: str = "") -> str:
        """Begin an upload, once, however often it is asked, or the one of that path again; its path."""
        chosen = upload_id(again) if again else uuid4()
        answer = self.insist("POST", uploads_of(envelope), headers=creation(envelope, size, chosen))
        if answer.status != 201:
            raise Refused(answer.status, answer.body)
        return answer.headers["Location"]

    def standing(self, path: str) -> int:
        """The offset that the site has."""
        return int(self.insist("HEAD", path, headers=TUS).headers["Upload-Offset"])

    def patch(self, path: str, piece: bytes, offset: int) -> Answer:
        return self.ask("PATCH", path, piece, {**TUS, **OCTETS, "Upload-Offset": str(offset)})

    def send(self, path: str, content: bytes, offset: int = 0) -> None:
        """Send a file whole, from what the site has after each failure.

        Raises:
            LostBlock: it has less than it acknowledged.
        """
        acknowledged = offset
        for _ in range(TRIES + len(content) // LARGEST_REQUEST):
            if acknowledged == len(content):
                return
            answer = self.patch(path, content[offset : offset + LARGEST_REQUEST], offset)
            if answer.status == 204:
                offset = acknowledged = int(answer.headers["Upload-Offset"])
                continue
            if answer.status not in WORTH_RETRYING:
                raise Refused(answer.status, answer.body)
            offset = self.standing(path)
            if offset < acknowledged:
                raise LostBlock(path, offset, acknowledged)
            acknowledged = offset
        raise Refused(path, offset)

    def submit(self, deposit: Deposit, files: Mapping[str, bytes], name: str) -> bytes:
        """Submit these files of one envelope, by their paths; the receipt."""
        path, body = submission_of(deposit, files, name)
        answer = self.insist("POST", path, body, JSON)
        if answer.status != 200:
            raise Refused(answer.status, answer.body)
        return self.receipt(deposit)

    def receipt(self, deposit: Deposit) -> bytes:
        return self.insist("GET", reverse("envelopes:receipt_file", args=[deposit.pk])).body


def uploads_of(envelope: Envelope) -> str:
    return reverse("envelopes:uploads", args=[envelope.deposit_id])


def submission_of(deposit: Deposit, files: Mapping[str, bytes], name: str) -> tuple[str, bytes]:
    """Where these files of one envelope, by their paths, are submitted, and what is said of them."""
    envelope = deposit.uploads().values_list("envelope", flat=True).distinct().get()
    announced = [
        {
            "id": str(upload_id(path)),
            "name": f"{number} {name}",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for number, (path, content) in enumerate(files.items())
    ]
    body: dict[str, object] = {
        "envelopes": [{"id": str(envelope), "files": announced}],
        "annex_salt": SALT,
    }
    if deposit.follows_id:
        body["follows"] = {"deposit": str(deposit.follows_id), "relation": deposit.relation}
    return reverse("envelopes:submit", args=[deposit.pk]), json.dumps(body).encode()


def creation(envelope: Envelope, size: int, chosen: UUID) -> dict[str, str]:
    """The headers that begin an upload, whose id the client chooses."""
    metadata = f"envelope {_base64(envelope.pk)},id {_base64(chosen)}"
    return {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}


def upload_id(path: str) -> UUID:
    return UUID(path.rstrip("/").rpartition("/")[2])


def _base64(value: object) -> str:
    return base64.b64encode(str(value).encode()).decode()
