# SPDX-License-Identifier: EUPL-1.2
"""`manage.py assess`: what the site would say of certificates, one JSON object a line."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from keys import certificates, findings
from keys.certificates import Finding


class Command(BaseCommand):
    help = "Says whether bids may be sealed to certificates, and why not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("certificates", nargs="+", type=Path, help="DER or PEM files")
        parser.add_argument("--json", action="store_true", help="the only form there is")

    def handle(self, *, certificates: list[Path], **_options: object) -> None:
        for path in certificates:
            self.stdout.write(json.dumps(assessment(path), ensure_ascii=False))


def assessment(path: Path) -> dict[str, object]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    found = certificates.assess(data, now=timezone.now())
    return {
        "file": str(path),
        "accepted": found.accepted,
        "refusals": _explained(found.refusals),
        "warnings": _explained(found.warnings),
        "fingerprint": found.certificate.sha256 if found.certificate else None,
    }


def _explained(found: Iterable[Finding]) -> list[dict[str, str]]:
    return [
        {"code": finding.code, "message": str(findings.explain(finding).message)}
        for finding in found
    ]
