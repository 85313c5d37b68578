# SPDX-License-Identifier: EUPL-1.2
"""Threads that start at the same instant, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def race(*runners: Callable[[], Any]) -> list[Any]:
    """What each answered, or the exception that it raised, in their order."""
    barrier = threading.Barrier(len(runners), timeout=30)

    def run(runner: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        barrier.wait()
        try:
            return runner()
        except Exception as error:  # noqa: BLE001 - what was raised is what the test looks at
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(run, runners))
