# SPDX-License-Identifier: EUPL-1.2
"""`manage.py erase_person`: a person out of the journal, whose proofs stay."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace import erasure
from marketplace.models import User


class Command(BaseCommand):
    help = (
        "Erases from the journal who a person is, and the facts of what the person did. "
        "It cannot be undone. Accounts and receipts are not touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", required=True, help="it is meant")

    def handle(self, *, email: str, **_options: object) -> None:
        person = User.objects.filter(email=email).first()
        if person is None:
            raise CommandError(f"Nobody has an account with {email}.")
        count = erasure.erase(person, actor=None, now=timezone.now())
        self.stdout.write(f"{count} entries of the journal no longer say who or what.")
