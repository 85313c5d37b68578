# SPDX-License-Identifier: EUPL-1.2
"""Everything that `make test` means, in one run that goes to its end and closes on pytest's lines.

The gates; the tests on PostgreSQL and Redis; the tests on SQLite, those in Chromium included.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
JOBS = os.environ.get("JOBS", "2")
PYTEST = [PYTHON, "-m", "pytest", "--quiet", "--numprocesses", JOBS, "--dist", "loadgroup"]
STAGES = {
    "Gates": [PYTHON, "-m", "tools.gates"],
    "Tests on PostgreSQL and Redis": [PYTHON, "-m", "tools.services", *PYTEST, "-m", "not e2e"],
    "Tests on SQLite, and in Chromium": [*PYTEST, "--durations", "10"],
}


def main(arguments: Sequence[str]) -> int:
    if arguments:
        print("make test takes no argument; run pytest for a part of it.", file=sys.stderr)
        return 2
    refused: list[str] = []
    for title, command in STAGES.items():
        print(f"\n=== {title} ===", flush=True)
        if refused:
            print(f"(refused so far: {', '.join(refused)})", flush=True)
        if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
            refused.append(title)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
