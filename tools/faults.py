# SPDX-License-Identifier: EUPL-1.2
"""The campaign of faults: `tests/faults/` with all its positions, on SQLite and on PostgreSQL.

Writes its dated figures to `docs/faults.md`. A loss, a second receipt or a byte in clear fails a test, and
the campaign with it: then the figures are only shown. All traffic stays on the loopback.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "faults.md"
PYTEST = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:randomly", "tests/faults"]
NOT_COUNTED = (
    "bit flipped in one of two copies",
    "bit flipped in a single copy",
    "requests in any order",
    "submission within 50 ms of the deadline",
)
RUNS = [PYTEST, [sys.executable, "-m", "tools.services", *PYTEST]]
HEAD = """# Faults: the last campaign

Made by `make faults` on {day}, in {minutes} minutes: {system}, Python {python}, {cores} cores.
What each fault is, and what must hold after it, is in `tests/faults/`: `make test` tries some of each.

After every fault the offset answered is the durable one. After every bid, whether it met one fault or many:
all that was acknowledged opens with each key to the bytes sent; no file of the installation holds them in
clear; a client that asked again has finished without help; the receipt is the same bytes however often it
is asked. One exception would have failed the campaign:
**{met} faults, 0 loss**, which is less than {bound} a fault, with 95 % confidence. Not counted there:
requests in any order and submissions near the deadline, which are no faults; bits flipped in what is kept.
Each of those bits was found: of two copies the bad one was written again; of a single one nothing was given.

| fault | database | positions | met | more |
|---|---|---|---|---|
{rows}

“Met” counts the faults that really struck: a body may come in fewer pieces than when the calls were counted.
"""


def main(arguments: list[str]) -> int:
    started = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="sigille-faults-") as folder:
        report = Path(folder) / "report.jsonl"
        report.touch()
        environ = os.environ | {"SIGILLE_FAULTS_REPORT": str(report)}
        commands = [[*command, *arguments] for command in RUNS]
        has_failed = [
            subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode != 0
            for command in commands
        ]
        figures = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    if any(has_failed):
        print("The campaign failed: docs/faults.md stays as it is.", file=sys.stderr)
    elif arguments:
        print("Not the whole campaign: docs/faults.md stays as it is.")
    else:
        PAGE.write_text(page(figures, started), encoding="utf-8")
    print("\n".join(rows(figures)))
    return int(any(has_failed))


def page(figures: list[dict[str, object]], started: datetime) -> str:
    faults = (line for line in figures if line["fault"] not in NOT_COUNTED)
    met = sum(int(str(line["met"])) for line in faults)
    return HEAD.format(
        day=started.date(),
        minutes=round((datetime.now(UTC) - started).total_seconds() / 60),
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        python=platform.python_version(),
        cores=os.cpu_count(),
        met=met,
        bound=f"{300 / met:.2g} %",
        rows="\n".join(rows(figures)),
    )


def rows(figures: Iterable[dict[str, object]]) -> list[str]:
    known = ("fault", "database", "tried", "met")
    lines = []
    for line in figures:
        more = ", ".join(f"{name}: {value}" for name, value in line.items() if name not in known)
        lines.append("| " + " | ".join([*(str(line[name]) for name in known), more]) + " |")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
