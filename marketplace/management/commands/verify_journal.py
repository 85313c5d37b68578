# SPDX-License-Identifier: EUPL-1.2
"""`manage.py verify_journal`: the journal, its heads and its anchors, computed again."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from marketplace import auditing, canonical, heads, journal_tree
from marketplace.canonical import JSONValue
from marketplace.journal_tree import NodesMissing
from marketplace.notes import BadNote, Checkpoint


class Command(BaseCommand):
    help = (
        "Computes the journal again from its entries, with its signed heads and their anchors; "
        "exits 1 and names the first wrong entry."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--against",
            nargs="+",
            type=Path,
            default=[],
            metavar="FILE",
            help="receipts, or signed heads, that were kept elsewhere",
        )
        parser.add_argument(
            "--resume", action="store_true", help="sign heads again, if nothing is wrong any more"
        )

        parser.add_argument(
            "--consistency",
            nargs=2,
            type=Path,
            metavar=("A", "B"),
            help="print the proof that the journal of one receipt or head begins with the other's",
        )

    def handle(
        self,
        *,
        against: list[Path],
        resume: bool,
        consistency: list[Path] | None,
        **_options: object,
    ) -> None:
        if consistency:
            self.stdout.write(_consistency(*map(_kept_note, consistency)), ending="")
            return
        done = auditing.audit([_kept_head(path) for path in against])
        self.stdout.write(f"Key: {heads.verifier_key()}")
        self.stdout.write(
            f"{done.size} entries ({done.erased} erased), {done.heads} signed heads, "
            f"{done.anchors} anchors ({done.pending} pending), {len(against)} kept elsewhere."
        )
        if problems := done.problems:
            for problem in problems[1:]:
                self.stderr.write(f"Entry {problem.index}: {problem.what}.")
            raise CommandError(f"First wrong entry: {problems[0].index} ({problems[0].what}).")
        if resume:
            auditing.resume()
        self.stdout.write("Nothing is wrong.")


def _consistency(one: str, other: str) -> str:
    """The proof as `docs/envelope-format.md` § 13 writes it, that `envelopes.offline verify` reads."""
    first, second = sorted((one, other), key=lambda note: heads.read(note).size)
    sizes = heads.read(first).size, heads.read(second).size
    try:
        proof = journal_tree.prove_consistency(*sizes)
    except NodesMissing as error:
        raise CommandError(f"The journal has not {sizes[1]} entries.") from error
    nodes: list[JSONValue] = [node.hex() for node in proof]
    return canonical.dumps(
        {"first": first, "proof": nodes, "second": second, "version": 1}
    ).decode()


def _kept_head(path: Path) -> Checkpoint:
    return heads.read(_kept_note(path))


def _kept_note(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        note = str(json.loads(text)["journal"]["head"]) if text.startswith("{") else text
        heads.read(note)
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = error if isinstance(error, OSError | BadNote) else "it is no receipt"
        raise CommandError(f"{path} cannot be compared with: {why}.") from error
    return note
