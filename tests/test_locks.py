# SPDX-License-Identifier: EUPL-1.2
"""No two rules wait for each other: each locks its rows, then the journal's head, until its end.

PostgreSQL checks foreign keys when the transaction ends, the head being held: each check waits for
whoever locked the row that is referred to, unless with `FOR NO KEY UPDATE`.
"""

import re
import threading

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from keys import alerts, registration
from keys.models import Alert, Challenge
from tests.factories import DAY, NOW, make_key_pair
from tests.test_conventions import named, ours

LOCKING_KEYS = re.compile(r"(?<!JournalHead\.objects\.)select_for_update\((?!\s*no_key=True)")


def test_locks_leave_those_who_refer_to_the_row_alone():
    sources = [path for path in ours(".py") if "tests" not in path.parts]

    found = [path for path in sources if LOCKING_KEYS.search(path.read_text(encoding="utf-8"))]

    assert named(found) == []


@pytest.mark.django_db(transaction=True)
def test_challenge_is_issued_while_an_alert_of_its_key_pair_is_sent(monkeypatch):
    key_pair = make_key_pair(not_after=NOW + 5 * DAY)
    failures: list[Exception] = []

    def issue():
        try:
            registration.issue_challenge(
                key_pair.pk, asked_by=key_pair.holder, origin="https://example.org", now=NOW
            )
        except Exception as error:  # noqa: BLE001 - the test's own thread shows it
            failures.append(error)
        finally:
            connection.close()

    issuing = threading.Thread(target=issue)

    def send_meanwhile(self, messages):
        issuing.start()
        issuing.join(timeout=2)  # seconds; SQLite has one writer, so that it waits for this one
        return len(messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_meanwhile)

    alerts.raise_alerts(now=NOW)
    issuing.join()

    assert failures == []
    assert Challenge.objects.get().key_pair == key_pair
    assert Alert.objects.get().sent_at == NOW
