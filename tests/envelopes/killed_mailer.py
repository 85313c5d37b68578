# SPDX-License-Identifier: EUPL-1.2
"""A worker that SIGKILL ends while it mails receipts: `python -m tests.envelopes.killed_mailer POINT NOW`."""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import django
from django.core.mail.backends.filebased import EmailBackend

POINTS = ("taken", "handed over", "marked")


def main(point: str, now: str) -> None:
    django.setup()
    from envelopes import receipt_mails  # noqa: PLC0415 - Django is ready now
    from marketplace import journal  # noqa: PLC0415 - likewise

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
    receipt_mails.tell(now=datetime.fromisoformat(now))


def die(*_arguments: Any, **_facts: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
