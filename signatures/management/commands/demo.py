# SPDX-License-Identifier: EUPL-1.2
"""`manage.py demo`: a town hall, its keys, two companies, consultations in each state."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from envelopes import archive
from marketplace.models import User
from signatures.demonstration import keyring, people, tenders
from signatures.demonstration.keyring import Key


class Command(BaseCommand):
    help = "Fills an empty database with demonstration data, and writes the demonstration keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, help="folder of the keys and of a sealed archive")

    def handle(self, *, out: Path | None, **_options: object) -> None:
        if User.objects.exists():
            raise CommandError(
                "The database is not empty. The demonstration wants one of its own: "
                "choose another SIGILLE_DATA_DIR, or another SIGILLE_DATABASE_URL."
            )
        out = out or Path(settings.DATA_DIR) / "demo"
        now = timezone.now()
        long_ago = now - timedelta(days=90)
        with transaction.atomic():
            cast = people.introduce(now=long_ago)
            keys = [
                keyring.make(cast.buyer, "Claire Martin", is_backup=False, now=long_ago),
                keyring.make(cast.colleague, "Secours DCP", is_backup=True, now=long_ago),
            ]
        deposit = tenders.play(tenders.Stage(cast, keys[0], keys[1], now))
        _write(out, keys)
        with (out / "pli-scelle.zip").open("wb") as file:
            archive.write(deposit, file)
        self._tell(cast, keys, out)

    def _tell(self, cast: people.People, keys: list[Key], out: Path) -> None:
        lines = [f"Accounts (password of all: {people.PASSWORD})"]
        lines += [f"  {user.email:38} {user.name}, {role}" for role, user in cast.users]
        lines += ["", f"Keys, in {out}"]
        lines += [f"  {key.file_name:38} password: {key.password}" for key in keys]
        lines += [
            "",
            f"To open a bid: sign in as {cast.buyer.user.email}, consultation {tenders.CLOSED.reference},",
            f"« Ouvrir les plis », and give “{keys[0].file_name}” with its password.",
        ]
        self.stdout.write("\n".join(lines))


def _write(out: Path, keys: list[Key]) -> None:
    """The holders' files. On a real installation no server ever sees them."""
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for key in keys:
        (out / key.file_name).write_bytes(key.pkcs12)
    passwords = {key.file_name: key.password for key in keys}
    text = json.dumps(passwords, indent=2, ensure_ascii=False)
    (out / "passwords.json").write_text(text + "\n", encoding="utf-8")
