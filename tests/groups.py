# SPDX-License-Identifier: EUPL-1.2
"""Which tests share a process of the run, in place of xdist's marks: pytest 9.2 does not let it set them."""

from xdist.scheduler import LoadScopeScheduling

FOLDERS = (
    "tests/e2e/",  # two browsers would slow each other down
    "tests/faults/",  # and two servers that are killed and starved
)


def group_of(test: str) -> str:
    """Tests of the same group run in the same process; most are a group of their own."""
    return next((folder for folder in FOLDERS if test.startswith(folder)), test)


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Whole groups go to whichever process is free, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
