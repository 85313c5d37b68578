# SPDX-License-Identifier: EUPL-1.2
"""Sweep a folder of signed files whose right answer is known: `python -m tools.corpus DIR`.

DIR holds `expectations.json` and the files it names. Exits 1 if an altered file is called intact, if anything
crashes, or if a file takes longer than `MAX_SECONDS`. Kinds that are not checked yet are counted apart,
never as agreement.
"""

import json
import logging
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from signatures.validation import (
    DocumentFacts,
    Kind,
    LegalFrame,
    Line,
    Status,
    extract,
    from_json,
    judge,
    to_json,
)

MAX_SECONDS = 30  # a file
_GOOD = {Status.CONFORM, Status.NOT_APPLICABLE}


class TimeIsUp(BaseException):
    """Not an `Exception`, so that no handler between here and the parser takes it for a parser's."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sweep says of one file."""

    name: str
    verdict: (
        str  # "intact", "doubtful", "altered", "not read", "not supported yet", "crash", "time-out"
    )
    agreement: str  # "agrees", "disagrees", "no expectation", "not supported yet", "DANGER"
    seconds: float
    detail: str = ""


def sweep(folder: Path) -> list[Outcome]:
    """Every file of `expectations.json`, in its order."""
    expectations = json.loads((folder / "expectations.json").read_text())
    return [_examine(folder, expectation) for expectation in expectations]


def main(arguments: list[str]) -> int:
    """Print the table of agreement and each miss; 1 when something dangerous happened."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tools.corpus DIR\n")
        return 2
    logging.disable(logging.CRITICAL)
    outcomes = sweep(Path(arguments[0]))
    for outcome in outcomes:
        if outcome.agreement in {"disagrees", "DANGER"}:
            print(f"{outcome.agreement:10} {outcome.verdict:10} {outcome.name}  {outcome.detail}")
    for agreement, count in Counter(item.agreement for item in outcomes).most_common():
        print(f"{count:5} {agreement}")
    print(f"{sum(item.seconds for item in outcomes):.1f} s for {len(outcomes)} files")
    return 1 if any(item.agreement == "DANGER" for item in outcomes) else 0


def _examine(folder: Path, expectation: dict[str, Any]) -> Outcome:
    name, started = expectation["file"], time.monotonic()
    signal.signal(signal.SIGALRM, _interrupt)
    signal.alarm(MAX_SECONDS)
    try:
        verdict, detail = _read(folder / name)
    except TimeIsUp:
        verdict, detail = "time-out", f"more than {MAX_SECONDS} s"
    except Exception as error:  # noqa: BLE001 - a crash is what the sweep looks for
        verdict, detail = "crash", repr(error)
    finally:
        signal.alarm(0)
    seconds = time.monotonic() - started
    return Outcome(name, verdict, _compare(verdict, expectation), seconds, detail)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise TimeIsUp


def _read(path: Path) -> tuple[str, str]:
    with path.open("rb") as stream:
        facts = extract(stream)
    if from_json(json.loads(json.dumps(to_json(facts)))) != facts:
        raise ValueError("the facts are not what was stored of them")
    return _call(facts)


def _call(facts: DocumentFacts) -> tuple[str, str]:
    """The one word on integrity; the sweep knows neither the anchors nor the dates of these files."""
    verdict = judge(facts, frame=LegalFrame.ORDER_2019, moment=datetime.now(UTC))
    if facts.kind is not Kind.PDF:
        return "not supported yet", facts.kind.value
    lines = [
        item.line(line) for item in verdict.signatures for line in (Line.INTEGRITY, Line.COVERAGE)
    ]
    detail = ", ".join(sorted({item.code.value for line in lines for item in line.findings}))
    if facts.problem is not None or not lines:
        return "not read", detail
    statuses = {line.status for line in lines}
    if statuses <= _GOOD:
        return "intact", detail
    return ("altered" if Status.NOT_CONFORM in statuses else "doubtful"), detail


def _compare(verdict: str, expectation: dict[str, Any]) -> str:
    if verdict in {"crash", "time-out"}:
        return "DANGER"
    if verdict == "not supported yet":
        return verdict
    if expectation["must_not_pass"]:
        return "DANGER" if verdict == "intact" else "agrees"
    if expectation["expect_intact"] is None:
        return "no expectation"
    return "agrees" if (verdict == "intact") == expectation["expect_intact"] else "disagrees"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
