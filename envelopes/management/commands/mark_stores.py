# SPDX-License-Identifier: EUPL-1.2
"""`manage.py mark_stores`: the folders of the settings are the stores, though blocks are missing there."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from envelopes import presence
from marketplace.storage import block_store


class Command(BaseCommand):
    help = (
        "Makes a new disk, or a second store, known as a store of sealed bids. Mount it first: what is "
        "written in the folder of a disk that is not mounted is hidden once it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--without-newest",
            action="store_true",
            help="though no store has the newest block: after a disk was lost, or put back from a backup",
        )

    def handle(self, *, without_newest: bool, **_options: object) -> None:
        if not without_newest and not presence.newest_is_kept():
            raise CommandError(
                "No store has the newest block: mount the disk that has it, or give --without-newest."
            )
        unknown = [store for store in block_store().stores if not store.is_marked()]
        for store in unknown:
            store.mark()
        self.stdout.write(f"{len(unknown)} stores marked.")
