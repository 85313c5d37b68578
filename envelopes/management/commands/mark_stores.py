# SPDX-License-Identifier: EUPL-1.2
"""`manage.py mark_stores`: the folders of the settings are the stores, though blocks are missing there."""

from django.core.management.base import BaseCommand

from marketplace.storage import block_store


class Command(BaseCommand):
    help = (
        "Makes a new disk, or a second store, known as a store of sealed bids. Mount it first: what is "
        "written in the folder of a disk that is not mounted is hidden once it is."
    )

    def handle(self, **_options: object) -> None:
        unknown = [store for store in block_store().stores if not store.is_marked()]
        for store in unknown:
            store.mark()
        self.stdout.write(f"{len(unknown)} stores marked.")
