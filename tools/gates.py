# SPDX-License-Identifier: EUPL-1.2
"""Every check that is not a Python test, a few at a time: `python -m tools.gates [NAME…]`.

Prints one line a gate, and what it said when it refuses; exits 1 if any does.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
MANAGE = [str(BIN / "python"), "-W", "error::RuntimeWarning", "manage.py"]
TEMPLATES = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "templates").rglob("*.html"))]
PRODUCTION = {
    "SIGILLE_ALLOWED_HOSTS": "sigille.example",
    "SIGILLE_BASE_URL": "https://sigille.example",
    "SIGILLE_BROKER_URL": "redis://redis:6379/0",
    "SIGILLE_DATABASE_URL": "postgresql://sigille:password@postgresql:5432/sigille",
    "SIGILLE_EMAIL_HOST": "mail.example",
    "SIGILLE_HASHED_STATIC": "1",
    "SIGILLE_LOG_KEY": "".join(map(chr, range(97, 34, -1))),
    "SIGILLE_OPERATORS": "operator@sigille.example",
    "SIGILLE_RELEASE_KEY": "".join(map(chr, range(48, 122))),
    "SIGILLE_S3_BUCKET": "sigille",
    "SIGILLE_SECRET_KEY": "".join(map(chr, range(122, 48, -1))),
    "SIGILLE_TSA_ROOTS": str(ROOT / "tests/vectors/keys/rsa-2048.crt"),
    "SIGILLE_TSA_URL": "https://tsa.example",
    "SIGILLE_TRUST_PROXY": "1",
}


@dataclass(frozen=True)
class Gate:
    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)


GATES = [  # the slowest first
    Gate("types", [str(BIN / "mypy"), "."]),
    Gate("vitest", ["npm", "run", "--silent", "test"]),
    Gate("eslint", ["npm", "run", "--silent", "lint"]),
    Gate("tsc", ["npm", "run", "--silent", "check"]),
    Gate("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
    Gate("system", [*MANAGE, "check", "--fail-level", "WARNING"]),
    Gate("deployment", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    Gate("imports", [str(BIN / "lint-imports")]),
    Gate("template-lint", [str(BIN / "djlint"), "--lint", "--quiet", "templates"]),
    Gate("template-format", [str(BIN / "djade"), "--check", "--target-version", "5.2", *TEMPLATES]),
    Gate("lint", [str(BIN / "ruff"), "check", "."]),
    Gate("format", [str(BIN / "ruff"), "format", "--check", "."]),
    Gate("script-format", ["npm", "run", "--silent", "format"]),
]


def main(names: Sequence[str]) -> int:
    unknown = set(names) - {gate.name for gate in GATES}
    if unknown:
        print(f"No such gate: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [gate for gate in GATES if not names or gate.name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = [future.result() for future in as_completed(pool.submit(run, g) for g in chosen)]
    return 0 if all(passed) else 1


def run(gate: Gate) -> bool:
    environ = {
        **os.environ,
        "SIGILLE_DATA_DIR": str(ROOT / "build" / "gates"),
        **gate.environ,
    }
    started = time.monotonic()
    done = subprocess.run(
        gate.command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    said = "" if passed else f"\n{done.stdout}"
    verdict = "ok  " if passed else "FAIL"
    print(f"{verdict} {gate.name} ({time.monotonic() - started:.1f} s){said}", flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
