# SPDX-License-Identifier: EUPL-1.2
"""`manage.py report`: a signature report of a file on the disk, judged now under both orders."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from signatures.validation import LegalFrame, extract, judge, to_json


class Command(BaseCommand):
    help = (
        "Reports on the signatures of a PDF file: the facts, and the verdict of each legal order."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="the only form there is")

    def handle(self, *, file: Path, **_options: object) -> None:
        try:
            with file.open("rb") as stream:
                facts = extract(stream)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        now = timezone.now()
        verdicts = {
            frame.value: to_json(judge(facts, frame=frame, moment=now)) for frame in LegalFrame
        }
        report = {"file": str(file), "facts": to_json(facts), "verdicts": verdicts}
        self.stdout.write(json.dumps(report, ensure_ascii=False))
