# SPDX-License-Identifier: EUPL-1.2
"""A worker that SIGKILL ends while it mails: `python -m tests.killed_worker ERRAND POINT NOW`.

The errand is a function of a module, `keys.alerts.raise_alerts`, that is given the instant.
"""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import django
from django.core.mail.backends.filebased import EmailBackend
from django.utils.module_loading import import_string

POINTS = ("taken", "handed over", "marked")


def main(errand: str, point: str, now: str) -> None:
    django.setup()
    from marketplace import journal  # noqa: PLC0415 - Django is ready now

    run = import_string(errand)
    deliver = EmailBackend.send_messages

    def send_messages(backend: EmailBackend, messages: Sequence[Any]) -> int:
        if point == "taken":
            die()
        count = deliver(backend, messages)
        if point == "handed over":
            die()
        return count

    EmailBackend.send_messages = send_messages  # type: ignore[method-assign,assignment] # the outside network
    if point == "marked":
        journal.record = die  # type: ignore[assignment] # in the transaction, before its commit
    run(now=datetime.fromisoformat(now))


def die(*_arguments: Any, **_facts: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
