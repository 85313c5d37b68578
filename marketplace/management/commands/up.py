# SPDX-License-Identifier: EUPL-1.2
"""`manage.py up`: the web, the worker and the clock, together."""

import os
import shutil
import socket
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from marketplace.celery import broker_folder
from marketplace.supervision import (
    AlreadyRunning,
    Program,
    ProgramDied,
    Supervisor,
    exclusive_lock,
)


class Command(BaseCommand):
    help = "Starts the web, the worker and the clock in one process group; Ctrl-C stops them all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=16, help="uploads received at once")
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date")
        parser.add_argument("--demo", action="store_true", help="fill an empty database first")

    def handle(self, *, host: str, port: int, threads: int, **options: bool) -> None:
        data_dir = Path(settings.DATA_DIR)
        try:
            with exclusive_lock(data_dir / "up.lock") as lock:
                refuse_taken_port(host, port)
                accounts = prepare(migrate=options["migrate"], demo=options["demo"])
                self._run(f"http://{host}:{port}", programs(host, port, threads), lock, accounts)
        except AlreadyRunning as error:
            raise CommandError(
                f"Sigille already runs on {data_dir} (process group {error.group}). "
                f"Stop it first (kill -- -{error.group}), or choose another SIGILLE_DATA_DIR."
            ) from error
        except ProgramDied as error:
            raise CommandError(
                f"The program “{error.name}” ended with status {error.status}, so the others were "
                "stopped. Its last lines, above, say why."
            ) from error

    def _run(self, address: str, group: list[Program], lock: int, accounts: str) -> None:
        def announce() -> None:
            self.stdout.write(f"{accounts}\nSigille is ready at {address} (Ctrl-C stops it).")

        with Supervisor(
            group, environ=environ(address), lock=lock, output=sys.stdout
        ) as supervisor:
            supervisor.watch(lambda: answers(f"{address}/healthz"), announce)


def programs(host: str, port: int, threads: int) -> list[Program]:
    """The three programs; one web process, for SQLite's writers wait for each other unfairly."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--quiet", "--app", "marketplace.celery"]
    web = ["--config", str(settings.BASE_DIR / "gunicorn.conf.py"), "--threads", str(threads)]
    worker = ["--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = ["--schedule", str(settings.DATA_DIR / "beat-schedule"), "--pidfile="]
    return [
        Program("web", [*python, "gunicorn", *web, "--bind", f"{host}:{port}", "marketplace.wsgi"]),
        Program("worker", [*celery, "worker", *worker]),
        Program("beat", [*celery, "beat", *beat]),
    ]


def environ(address: str) -> dict[str, str]:
    """What the programs inherit; their temporary files stay in the data folder, on its disk."""
    temporary = settings.DATA_DIR / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    return {
        "SIGILLE_BASE_URL": address,
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(temporary),
    }


def prepare(*, migrate: bool, demo: bool) -> str:
    """Put the data folder in order; return what is to be said of the demo's accounts.

    No connection stays open: the programs about to start have their own.
    """
    if migrate:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
    refuse_missing_migrations()
    clean_broker()
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # empty here, but WhiteNoise warns without it
    accounts = demo_accounts(settings.DATA_DIR / "demo-accounts.txt") if demo else ""
    connection.close()
    return accounts


def refuse_missing_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "The database is not up to date. Run “python manage.py migrate”, or start with --migrate."
        )


def refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"{host}:{port} cannot be listened on ({error.strerror}). "
                "Choose another port: --port 8001, or “make run PORT=8001”."
            ) from error


def clean_broker() -> None:
    """Remove what a killed worker may have left half-written; the jobs themselves stay."""
    shutil.rmtree(broker_folder() / "control", ignore_errors=True)
    for message in broker_folder().glob("queue/*.msg"):
        if not message.stat().st_size or ".pidbox." in message.name:
            message.unlink()


def demo_accounts(path: Path) -> str:
    """Fill the database if nobody has an account yet; return what the demo said of its accounts."""
    if not get_user_model().objects.exists():
        said = StringIO()
        call_command("demo", stdout=said)
        path.touch(mode=0o600)
        path.write_text(said.getvalue(), encoding="utf-8")
    return path.read_text(encoding="utf-8") if path.exists() else ""


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
