# SPDX-License-Identifier: EUPL-1.2
"""The one clock that decides of deadlines, whichever web process asks."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The database's instant, which all the machines share; SQLite has that of its only machine.

    Of this very call, in a transaction or not. For what is in time or late: submissions, withdrawals,
    openings. The rest may ask its own machine.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [instant] = cursor.fetchone()
    return instant  # type: ignore[no-any-return] # an aware datetime
