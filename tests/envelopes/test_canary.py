# SPDX-License-Identifier: EUPL-1.2
"""The thief: whoever copies all that a server keeps finds nothing of a bid (promise P1).

Bids full of canaries are deposited over HTTP in a real installation, embedded (SQLite, files) and full
(PostgreSQL, Redis, nginx with the configuration of `deploy/`); one is left in the middle of a block. Then
everything it keeps, everything it said and what its processes were given is searched, and every secret in it
is tried on every block.
"""

import base64
import gzip
import hashlib
import http.client
import json
import re
import secrets
import signal
import sqlite3
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from keys import cms
from keys.certificates import read_certificate
from signatures.demonstration import people, tenders
from tests.envelopes import thief
from tests.factories import make_certificate, make_private_key
from tests.http_bidder import PAGE_DATA, Bidder
from tests.installation import (
    EMBEDDED,
    PATIENCE,
    demonstrate,
    environ,
    manage,
    started,
)
from tools.services import free_port, postgresql, redis_server, running_nginx

pytestmark = pytest.mark.slow
SMALL = 10_000  # bytes of a file of one block
LARGE = cms.BLOCK_SIZE + SMALL  # of two
BIDDERS = ("anne.le-goff@entreprise.example", "marc.durand@entreprise.example")
NGINX = Path(__file__).parents[2] / "deploy" / "nginx.conf"
SEEN = "anne.le-goff@entreprise.example"  # what is no secret, and must be found where it is kept


@dataclass
class Booty:
    """What an intruder looks for."""

    digests: list[bytes] = field(default_factory=list)  # of the files, told by the bidder
    beginnings: set[bytes] = field(default_factory=set)  # of the blocks
    count: int = 0  # canaries

    def file(self, size: int) -> bytes:
        """A file with a canary at the beginning of each block, and others from its first byte to its last."""
        content = bytearray(size)
        places = {*range(0, size, cms.BLOCK_SIZE), *range(0, size - 32, size // 8), size - 32}
        for place in sorted(places):
            content[place : place + 32] = thief.canary()
        self.count += len(places)
        self.digests.append(hashlib.sha256(content).digest())
        self.beginnings |= {
            bytes(content[start : start + 16]) for start in range(0, size, cms.BLOCK_SIZE)
        }
        return bytes(content)

    def word(self) -> str:
        self.count += 1
        return thief.word()


@dataclass(frozen=True)
class Loot:
    """What an intruder copied from a server after the bids."""

    copied: dict[str, bytes]
    secrets: set[bytes]
    blocks: list[bytes]
    booty: Booty
    core_limits: list[str]


@pytest.fixture(scope="module", params=["embedded", "full"])
def loot(request, tmp_path_factory) -> Iterator[Loot]:
    """An installation is made, receives bids, is stopped and copied."""
    folder, began = tmp_path_factory.mktemp("installation"), time.time()
    with ExitStack() as stack:
        environment = private_servers(stack) if request.param == "full" else dict(EMBEDDED)
        environment["SIGILLE_LOG_LEVEL"] = "DEBUG"
        variables = environ(folder, environment)
        demonstrate("--out", str(tmp_path_factory.mktemp("keys")), environ=variables)
        port = entrance = free_port()
        if request.param == "full":
            entrance = stack.enter_context(in_front_of(port, folder / "nginx"))
        with started(folder, port, environment) as process:
            booty = Booty()
            bid(f"http://127.0.0.1:{entrance}/", booty)
            given, limits = given_to(process.pid)
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=PATIENCE)
        copied = {str(path): path.read_bytes() for path in files_of(folder)}
        copied |= given | {"log": said.encode(), "settings": settings_of(variables)}
        copied |= copied_from(environment) | left_elsewhere(began)
        rows = database_of(folder, environment)
        copied["database"] = b"\n".join(rows)
        files = [path.read_bytes() for path in files_of(folder / "secrets")]
        told = [*rows, *files, copied["settings"], copied["log"], *given.values()]
        blocks = [path.read_bytes() for path in files_of(folder / "blocks")]
        yield Loot(copied, thief.secrets_in(told), blocks, booty, limits)


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def private_servers(stack: ExitStack) -> dict[str, str]:
    """PostgreSQL and Redis that nobody else uses, so that all they hold can be copied."""
    return {
        "SIGILLE_DATABASE_URL": stack.enter_context(postgresql()),
        "SIGILLE_BROKER_URL": stack.enter_context(redis_server()) + "/0",
    }


@contextmanager
def in_front_of(port: int, folder: Path) -> Iterator[int]:
    """nginx as it is deployed, but for TLS; its port. All that it writes is in the folder."""
    folder.mkdir()
    entrance = free_port()
    server = re.sub(r"(?m)^ *(ssl_|resolver ).*$", "", NGINX.read_text(encoding="utf-8"))
    server = server.replace("listen 8443 ssl;", f"listen 127.0.0.1:{entrance};")
    server = re.sub(r"\b(web|uploads):8000", f"127.0.0.1:{port}", server)
    server = server.replace("/var/log/nginx/", f"{folder}/")
    with running_nginx(server, entrance, folder):
        yield entrance


def given_to(master: int) -> tuple[dict[str, bytes], list[str]]:
    """What the processes of an installation were given; how large a core each may leave."""
    known = subprocess.check_output(["ps", "-o", "pid=", "--sid", str(master)], text=True).split()
    found = {}
    limits = []
    for pid in known:
        process = Path("/proc") / pid
        command = (process / "cmdline").read_bytes()
        found[f"process {pid}"] = (process / "environ").read_bytes() + command
        if b"gunicorn" in command:
            limits += re.findall(r"Max core file size +(\w+)", (process / "limits").read_text())
    return found, limits


def settings_of(variables: Mapping[str, str]) -> bytes:
    return manage("diffsettings", "--all", environ=variables).encode()


def left_elsewhere(began: float) -> dict[str, bytes]:
    """What was written since where temporary files go by habit, but for other tests' folders."""
    found = [
        *files_of(Path("/dev/shm")),  # noqa: S108 - that is what a thief reads
        *(path for path in Path("/tmp").iterdir() if path.is_file()),  # noqa: S108 - idem
    ]
    left = {}
    for path in found:
        try:
            if path.stat().st_mtime >= began:
                left[str(path)] = path.read_bytes()
        except OSError:  # it is gone, or another user's
            continue
    return left


def copied_from(environment: Mapping[str, str]) -> dict[str, bytes]:
    """PostgreSQL's files, its write-ahead log included, and a dump of it; all that Redis holds and saves."""
    if "SIGILLE_DATABASE_URL" not in environment:
        return {}
    url = environment["SIGILLE_DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("CHECKPOINT")
        [[data]] = connection.execute("SHOW data_directory").fetchall()
    connection.close()
    files = {str(path): path.read_bytes() for path in files_of(Path(data))}
    files["pg_dump"] = subprocess.check_output(["pg_dump", "--inserts", url])
    with redis.Redis.from_url(environment["SIGILLE_BROKER_URL"]) as client:
        files |= {f"redis {key!r}": client.dump(key) for key in client.scan_iter()}
        client.save()
        kept = Path(str(client.config_get("dir")["dir"])) / "dump.rdb"
    return files | {"redis dump.rdb": kept.read_bytes()}


def database_of(folder: Path, environment: Mapping[str, str]) -> list[bytes]:
    """Every value of every row, as bytes."""
    connection: Any
    if "SIGILLE_DATABASE_URL" in environment:
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


def bid(address: str, booty: Booty) -> None:
    """Three deposits of two bidders, one of them late; and one that stops in the middle of a block."""
    anne, marc = (signed_in(Bidder(address), login) for login in BIDDERS)
    deposit(anne, tenders.ONLINE.reference, booty, LARGE)
    deposit(marc, tenders.ONLINE.reference, booty, SMALL)
    deposit(marc, tenders.CLOSED.reference, booty, SMALL)
    data = page_of(marc, tenders.ONLINE.reference)
    envelope = data["envelopes"][0]["id"]
    marc.upload(data, envelope, booty.file(SMALL))
    cut(marc, marc.create(data, envelope, LARGE), booty.file(LARGE)[: cms.BLOCK_SIZE // 2])


def signed_in(bidder: Bidder, login: str) -> Bidder:
    bidder.submit_form("/accounts/login/", login=login, password=people.PASSWORD)
    return bidder


def page_of(bidder: Bidder, reference: str) -> dict[str, Any]:
    """What the page of a new deposit tells its scripts."""
    tender = bidder.tender(reference)
    form = {"to": tender + "deposit/", "relation": "completes"}  # should it have a bid there
    page = bidder.submit_form(tender, **form).read().decode()
    data: dict[str, Any] = json.loads(PAGE_DATA.findall(page)[0])
    return data


def deposit(bidder: Bidder, reference: str, booty: Booty, size: int) -> None:
    """Two files in each envelope; contents, names, digests and the salt are told to nobody else."""
    data = page_of(bidder, reference)
    announced = []
    for envelope in data["envelopes"]:
        files = [
            {
                "id": bidder.upload(data, envelope["id"], content),
                "name": f"{booty.word()}.pdf",
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for content in (booty.file(size), booty.file(SMALL))
        ]
        announced.append({"id": envelope["id"], "files": files})
    body = {"envelopes": announced, "annex_salt": booty.word()}
    body |= {"follows": data["follows"]} if data.get("follows") else {}
    answer = bidder.ask(
        "POST", data["submitUrl"], json.dumps(body).encode(), Content_Type="application/json"
    )
    assert "receipt" in json.load(answer)


def cut(bidder: Bidder, path: str, piece: bytes) -> None:
    """Send a part of a block, and hang up once the server has refused to wait for the rest."""
    address = bidder.address.removeprefix("http://").rstrip("/")
    line = http.client.HTTPConnection(address, timeout=PATIENCE)
    line.putrequest("PATCH", path)
    for header in bidder.headers(
        Tus_Resumable="1.0.0", Upload_Offset="0", Content_Type="application/offset+octet-stream"
    ).items():
        line.putheader(*header)
    line.putheader("Content-Length", str(cms.BLOCK_SIZE))
    line.endheaders(piece)
    line.close()


def test_nothing_of_a_bid_is_kept_in_clear(loot):
    digests = [text for digest in loot.booty.digests for text in (digest, digest.hex().encode())]

    assert thief.found_in(loot.copied, [*thief.spellings(thief.MARK), *digests]) == []
    assert loot.booty.count > 100
    assert sum(map(len, loot.blocks)) > 3 * LARGE  # the bids are there, sealed
    assert "database" in thief.found_in(loot.copied, [SEEN.encode()])


def test_no_secret_of_the_server_opens_a_block(loot):
    keys = {key for secret in loot.secrets for key in thief.keys_of(secret)}
    locks = [thief.Lock.of(block) for block in loot.blocks]
    beginnings = loot.booty.beginnings

    opening = [key for key in keys if any(lock.opens(key, beginnings) for lock in locks)]
    print(f"{len(keys)} keys, from {len(loot.secrets)} secrets, tried on {len(locks)} blocks")
    assert opening == []
    assert len(locks) >= 30
    assert len(keys) > 5000


def test_dead_web_process_leaves_no_core(loot):
    assert set(loot.core_limits) == {"0"}


def test_thief_knows_an_open_door():
    """The searches above find what is there: otherwise they would prove nothing."""
    private_key = make_private_key()
    certificate = read_certificate(make_certificate(private_key))
    recipients = [cms.Recipient.of(certificate)]
    offers = [b"an offer", thief.canary() + bytes(cms.BLOCK_SIZE - 32)]
    blocks = [
        cms.seal_block(offer, recipients, file_id=bytes(8), number=0, is_last=len(offer) < 100)
        for offer in offers
    ]

    for block, offer in zip(blocks, offers, strict=True):
        key = cms.unwrap(cms.read_header(block), certificate, private_key)
        assert thief.Lock.of(block).opens(key, {offer[:16]})
        assert not thief.Lock.of(block).opens(bytes(32), {offer[:16]})


@pytest.mark.parametrize(
    "hide",
    [
        bytes,
        base64.b64encode,
        lambda canary: base64.urlsafe_b64encode(b"x" + canary),
        lambda canary: base64.b64encode(b"xy" + canary.hex().encode()),
        lambda canary: canary.hex().upper().encode(),
        lambda canary: canary.hex().encode("utf-16-le"),
        lambda canary: canary.hex().encode("utf-16-be"),
        lambda canary: gzip.compress(b"before" + canary),
        lambda canary: b"?" * 99 + zlib.compress(canary.hex().encode()) + b"after",
    ],
)
def test_canary_is_found_wherever_it_hides(hide):
    hidden = {"there": b"..." + hide(thief.canary()), "elsewhere": secrets.token_bytes(2000)}

    assert thief.found_in(hidden, thief.spellings(thief.MARK)) == ["there"]


def test_secret_is_found_in_each_of_its_spellings():
    secret = secrets.token_bytes(32)
    told = [
        secret.hex(),
        base64.b64encode(secret).decode(),
        base64.urlsafe_b64encode(secret).decode(),
    ]

    assert all(secret in thief.secrets_in([f"KEY = '{text}'".encode()]) for text in told)
    assert secret in thief.secrets_in([secret])
    assert {secret, hashlib.sha256(secret).digest()} <= thief.keys_of(secret)
