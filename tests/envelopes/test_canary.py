# SPDX-License-Identifier: EUPL-1.2
"""The thief: whoever copies all that a server keeps finds nothing of a bid (promise P1).

A bid full of canaries is deposited over HTTP in a real installation, embedded (SQLite, files) and full
(PostgreSQL, Redis); then everything it keeps, and everything it said, is searched, and every secret it
holds is tried on every block.
"""

import base64
import hashlib
import json
import re
import secrets
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys import cms
from keys.certificates import read_certificate
from signatures.demonstration import people, tenders
from tests.factories import make_certificate, make_private_key
from tests.http_bidder import PAGE_DATA, Bidder
from tests.installation import EMBEDDED, PATIENCE, environ, free_port, manage, started
from tools.services import postgresql, redis_server

pytestmark = pytest.mark.slow
FILE_SIZE = cms.BLOCK_SIZE + 100_000  # two blocks


@dataclass(frozen=True)
class Loot:
    """What an intruder copied from a server after a bid, and the canaries that the bid held."""

    copied: dict[str, bytes]
    secrets: set[bytes]
    blocks: list[bytes]
    canaries: list[bytes]


@pytest.fixture(scope="module", params=["embedded", "full"])
def loot(request, tmp_path_factory) -> Iterator[Loot]:
    """An installation is made, receives a bid, is stopped and copied."""
    folder = tmp_path_factory.mktemp("installation")
    with ExitStack() as stack:
        environment = private_servers(stack) if request.param == "full" else EMBEDDED
        variables = environ(folder, environment)
        manage("migrate", "--verbosity", "0", environ=variables)
        manage("createcachetable", environ=variables)
        manage("demo", "--out", str(tmp_path_factory.mktemp("keys")), environ=variables)
        port = free_port()
        with started(folder, port, environment) as process:
            canaries = deposit(Bidder(f"http://127.0.0.1:{port}/"))
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=PATIENCE)
        copied = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        copied |= {"log": said.encode()} | copied_from(environment)
        rows = database_of(folder, environment)
        copied["database"] = b"\n".join(rows)
        secret_files = [path.read_bytes() for path in (folder / "secrets").iterdir()]
        stored = [path.read_bytes() for path in (folder / "blocks").rglob("*") if path.is_file()]
        small = [block for block in stored if len(block) < 200_000]
        yield Loot(copied, secrets_in([*rows, *secret_files]), small, canaries)


def private_servers(stack: ExitStack) -> dict[str, str]:
    """PostgreSQL and Redis that nobody else uses, so that all they hold can be copied."""
    return {
        "SIGILLE_DATABASE_URL": stack.enter_context(postgresql()),
        "SIGILLE_BROKER_URL": stack.enter_context(redis_server()) + "/0",
    }


def copied_from(environment: Mapping[str, str]) -> dict[str, bytes]:
    """The files of PostgreSQL, its write-ahead log included, and all that Redis holds."""
    if not environment:
        return {}
    with psycopg.connect(environment["SIGILLE_DATABASE_URL"]) as connection:
        connection.execute("CHECKPOINT")
        [[data]] = connection.execute("SHOW data_directory").fetchall()
    connection.close()
    files = {str(path): path.read_bytes() for path in Path(data).rglob("*") if path.is_file()}
    with redis.Redis.from_url(environment["SIGILLE_BROKER_URL"]) as client:
        files |= {f"redis {key!r}": client.dump(key) for key in client.scan_iter()}
    return files


def database_of(folder: Path, environment: Mapping[str, str]) -> list[bytes]:
    """Every value of every row, as bytes."""
    connection: Any
    if environment:
        connection = psycopg.connect(environment["SIGILLE_DATABASE_URL"])
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    else:
        connection = sqlite3.connect(folder / "sigille.sqlite3")
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    with closing(connection):
        names = [name for (name,) in connection.execute(tables).fetchall()]
        rows = [
            row
            for name in names
            for row in connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - names of tables
        ]
    values = [value for row in rows for value in row]
    return [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values]


def deposit(bidder: Bidder) -> list[bytes]:
    """Deposit a file of canaries in each envelope; the canaries, those of the names included."""
    bidder.submit_form(
        "/accounts/login/", login="anne.le-goff@entreprise.example", password=people.PASSWORD
    )
    listed = bidder.page("/consultations/?q=" + tenders.ONLINE.reference)
    consultation = re.search(r"/consultations/[0-9a-f-]{36}/", listed)
    assert consultation
    page = bidder.submit_form(consultation[0], to=consultation[0] + "deposit/").read().decode()
    data = json.loads(PAGE_DATA.findall(page)[0])
    canaries: list[bytes] = []
    announced = []
    for envelope in data["envelopes"]:
        marks = [secrets.token_bytes(32) for _ in range(8)]
        name = secrets.token_hex(16)
        content = spread(marks, FILE_SIZE)
        upload = bidder.upload(data, envelope["id"], content)
        digest = hashlib.sha256(content).hexdigest()
        file = {"id": upload, "name": f"{name}.pdf", "size": len(content), "sha256": digest}
        announced.append({"id": envelope["id"], "files": [file]})
        canaries += [*marks, name.encode(), bytes.fromhex(digest)]
    salt = secrets.token_bytes(32)
    body = {"envelopes": announced, "annex_salt": salt.hex()}
    answer = bidder.ask(
        "POST", data["submitUrl"], json.dumps(body).encode(), Content_Type="application/json"
    )
    assert "receipt" in json.load(answer)
    return [*canaries, salt]


def spread(marks: list[bytes], size: int) -> bytes:
    """`size` bytes of filling with the marks spread from the first byte to the last."""
    content = bytearray(size)
    for rank, mark in enumerate(marks):
        start = rank * (size - len(mark)) // (len(marks) - 1)
        content[start : start + len(mark)] = mark
    return bytes(content)


def spellings(canary: bytes) -> list[bytes]:
    """How a canary could lie somewhere: as it is, in hexadecimal, base64 at each alignment, UTF-16."""
    whole = len(canary) // 3 * 3 - 3
    base64s = [base64.b64encode(canary[start : start + whole]) for start in range(3)]
    texts = [canary.hex().encode(), *base64s]
    return [
        canary,
        *texts,
        *(text.decode("latin-1").encode("utf-16-le") for text in [canary, *texts]),
    ]


def found_in(stolen: dict[str, bytes], canaries: list[bytes]) -> list[str]:
    """Where any of the canaries lies, in any spelling."""
    wanted = [spelling for canary in canaries for spelling in spellings(canary)]
    return [name for name, content in stolen.items() if any(word in content for word in wanted)]


def secrets_in(texts: list[bytes]) -> set[bytes]:
    """Everything in these values that could be a key."""
    words = {word for text in texts for word in re.findall(rb"[\w+/=-]{16,100}", text)}
    found = {text for text in texts if 16 <= len(text) <= 64} | words
    for word in words:
        if re.fullmatch(rb"([0-9a-f]{2}){16,64}", word):
            found.add(bytes.fromhex(word.decode()))
    return found


def derived(secret: bytes) -> list[bytes]:
    """The 256-bit keys that a secret could stand for."""
    hkdf = HKDF(hashes.SHA256(), length=32, salt=None, info=b"sigille-release-v1")
    keys = [hashlib.sha256(secret).digest(), hkdf.derive(secret)]
    return [secret, *keys] if len(secret) == 32 else keys


def opens(block: bytes, key: bytes) -> bool:
    header = cms.read_header(block)
    end = header.content_offset + header.content_size
    sealed = block[header.content_offset : end] + block[end + 2 :]
    try:
        AESGCM(key).decrypt(header.nonce, sealed, None)
    except InvalidTag:
        return False
    return True


def test_nothing_of_a_bid_is_kept_in_clear(loot):
    assert found_in(loot.copied, loot.canaries) == []
    assert sum(map(len, loot.copied.values())) > 3 * FILE_SIZE  # the bid is there, sealed
    assert "database" in found_in(loot.copied, [b"anne.le-goff@entreprise.example"])


def test_no_secret_of_the_server_opens_a_block(loot):
    candidates = [key for secret in loot.secrets for key in derived(secret)]

    assert len(loot.blocks) >= 6  # three indexes and the second blocks of three files
    assert len(candidates) > 100
    assert not any(opens(block, key) for key in candidates for block in loot.blocks)


def test_the_thief_knows_an_open_door():
    """The two searches above find what is there: otherwise they would prove nothing."""
    private_key = make_private_key()
    certificate = read_certificate(make_certificate(private_key))
    block = cms.seal_block(
        b"an offer", [cms.Recipient.of(certificate)], file_id=bytes(8), number=0, is_last=True
    )
    canary = secrets.token_bytes(32)
    hidden = {
        "raw": b"..." + canary,
        "base64": base64.b64encode(b"x" + canary),
        "hexadecimal": canary.hex().encode(),
        "UTF-16": canary.hex().encode("utf-16-le"),
        "absent": secrets.token_bytes(32),
    }

    assert opens(block, cms.unwrap(cms.read_header(block), certificate, private_key))
    assert not opens(block, bytes(32))
    assert found_in(hidden, [canary]) == ["raw", "base64", "hexadecimal", "UTF-16"]
