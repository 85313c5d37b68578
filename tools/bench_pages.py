# SPDX-License-Identifier: EUPL-1.2
"""The benchmark of pages: the key pairs of a service that has 10,000, beside a bare list of Django's."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREPARED = (["migrate", "--verbosity", "0"], ["createcachetable"], ["demo"])
MEASURED = ["shell", "--no-imports", "--command", "from tools import crowded_list as c; c.main()"]


def seconds_of_pages(folder: Path, turns: int) -> tuple[float, float]:
    """Seconds of a page of ours and of the bare list, medians of so many turns, on one database."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("SIGILLE_")}
    variables |= {
        "SIGILLE_DATA_DIR": str(folder),
        "SIGILLE_LOG_LEVEL": "ERROR",
        "TURNS": str(turns),
    }
    for words in (*PREPARED, MEASURED):
        manage = [sys.executable, "manage.py", *words]
        said = subprocess.check_output(manage, cwd=ROOT, env=variables, text=True)
    ours, bare = said.split()
    return float(ours), float(bare)
