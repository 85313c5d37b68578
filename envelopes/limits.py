# SPDX-License-Identifier: EUPL-1.2
"""What may be sent, said once: the pages announce it, the server checks it."""

from datetime import timedelta
from typing import Final

LARGEST_FILE: Final = 20 * 1000**3  # bytes
LARGEST_DEPOSIT: Final = 100 * 1000**3  # bytes, of all its files
LARGEST_REHEARSAL: Final = (
    100 * 1000**2
)  # bytes, of all the files of a deposit in a test consultation
MOST_REHEARSALS: Final = 10  # that a company submits within `REHEARSALS_COUNTED_FOR`
REHEARSALS_COUNTED_FOR: Final = timedelta(days=1)
REHEARSAL_KEPT_FOR: Final = timedelta(days=7)  # its files, once it is submitted
MOST_FILES: Final = 5_000  # in one deposit
LARGEST_REQUEST: Final = 16 * 1024 * 1024  # bytes a browser sends at a time: two whole blocks
LARGEST_READ: Final = 256 * 1024  # bytes of a body, or of a stored block, in memory at a time
LARGEST_MEASURE: Final = 4 * 1024 * 1024  # bytes sent to know how fast a line is, and thrown away
