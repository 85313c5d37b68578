# SPDX-License-Identifier: EUPL-1.2
"""No connection is used whose commits would be acknowledged before the disk has them.

A block is acknowledged once its row is committed (SECURITY.md, P2): that is worth what a commit is worth.
"""

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

QUESTIONS = {
    "sqlite": "PRAGMA synchronous",
    "postgresql": "SELECT current_setting('synchronous_commit'), current_setting('fsync'),"
    " current_setting('full_page_writes')",
}
ACCEPTED: dict[str, dict[str, set[object]]] = {  # in the order of the answers
    "sqlite": {"synchronous=FULL": {2, 3}},  # 3, EXTRA, does more
    "postgresql": {
        "synchronous_commit=on": {"on", "remote_apply"},  # the others do not wait for every disk
        "fsync=on": {"on"},
        "full_page_writes=on": {"on"},
    },
}


class ForgetfulDatabase(ImproperlyConfigured):
    """A commit of this database may be lost with the power: nothing can be acknowledged."""


@receiver(connection_created)
def refuse_forgetful(sender: object, connection: BaseDatabaseWrapper, **_signal: object) -> None:
    """At each new connection, so at start-up, and again after the database was set up otherwise.

    Raises:
        ForgetfulDatabase: a setting gives up durability for speed; the message names it.
    """
    with connection.cursor() as cursor:
        cursor.execute(QUESTIONS[connection.vendor])
        missing = missing_settings(connection.vendor, cursor.fetchone())
    if missing:
        connection.close()
        raise ForgetfulDatabase(
            f"The database would acknowledge bids that a power cut loses. Set {', '.join(missing)}."
        )


def missing_settings(vendor: str, answers: tuple[object, ...]) -> list[str]:
    """What is to be set for a database that answered so to its question."""
    expected = ACCEPTED[vendor].items()
    return [
        setting
        for (setting, accepted), answer in zip(expected, answers, strict=True)
        if answer not in accepted
    ]
