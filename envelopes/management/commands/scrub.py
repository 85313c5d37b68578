# SPDX-License-Identifier: EUPL-1.2
"""`manage.py scrub`: every copy of every sealed block, read again and repaired, at once."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from envelopes import scrubbing


class Command(BaseCommand):
    help = (
        "Reads every copy of every sealed block, without pauses, and writes those that are missing or "
        "damaged again; exits 1 if no good copy of one is left."
    )

    def handle(self, **_options: object) -> None:
        try:
            scrub = scrubbing.whole(clock=timezone.now)
        except OSError as error:
            raise CommandError(f"A store failed, run it again to go on: {error}") from error
        self.stdout.write(
            f"{scrub.checked_count} blocks checked, {scrub.repaired_count} repaired, "
            f"{scrub.lost_count} lost."
        )
        if scrub.lost_count:
            raise CommandError("No good copy is left of some blocks; the journal names them.")
