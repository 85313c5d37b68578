# SPDX-License-Identifier: EUPL-1.2
"""The benchmark of pages: the key pairs of a service that has 10,000, beside a bare list of Django's."""

from pathlib import Path

from tests.installation import demonstrate, environ, manage

MEASURED = ["shell", "--no-imports", "--command", "from tools import crowded_list as c; c.main()"]


def seconds_of_pages(folder: Path, turns: int) -> tuple[float, float]:
    """Seconds of a page of ours and of the bare list, medians of so many turns, on one database."""
    variables = environ(folder, {"SIGILLE_LOG_LEVEL": "ERROR", "TURNS": str(turns)})
    demonstrate(environ=variables)
    ours, bare = manage(*MEASURED, environ=variables).split()
    return float(ours), float(bare)
