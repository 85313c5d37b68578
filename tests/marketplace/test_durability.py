# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.db import connection
from django.db.utils import ConnectionHandler

from marketplace.durability import ForgetfulDatabase, missing_settings
from marketplace.environment import database


def connect(**options: str) -> None:
    """Open a connection of its own to the database of the run, with other options."""
    description = connection.settings_dict | {
        "OPTIONS": connection.settings_dict["OPTIONS"] | options
    }
    other = ConnectionHandler({"default": description})["default"]
    try:
        other.ensure_connection()
    finally:
        other.close()


@pytest.mark.django_db
def test_database_set_up_as_an_installation_is_used():
    connect()


@pytest.mark.django_db
def test_database_that_forgets_is_not_used():
    forgetful, missing = {
        "sqlite": ({"init_command": "PRAGMA synchronous=NORMAL"}, "synchronous=FULL"),
        "postgresql": ({"options": "-c synchronous_commit=off"}, "synchronous_commit=on"),
    }[connection.vendor]

    with pytest.raises(ForgetfulDatabase, match=rf"Set {missing}\."):
        connect(**forgetful)


@pytest.mark.parametrize(
    ("vendor", "answers", "missing"),
    [
        ("postgresql", ("on", "on", "on"), []),
        ("postgresql", ("remote_apply", "on", "on"), []),
        ("postgresql", ("local", "on", "on"), ["synchronous_commit=on"]),
        ("postgresql", ("remote_write", "on", "on"), ["synchronous_commit=on"]),
        ("postgresql", ("on", "off", "off"), ["fsync=on", "full_page_writes=on"]),
        ("sqlite", (3,), []),
        ("sqlite", (2,), []),
        ("sqlite", (1,), ["synchronous=FULL"]),
        ("sqlite", (0,), ["synchronous=FULL"]),
    ],
)
def test_missing_settings_are_named(vendor, answers, missing):
    assert missing_settings(vendor, answers) == missing


def test_postgresql_is_asked_for_synchronous_commits():
    options = database("postgresql://sigille@127.0.0.1/sigille")["OPTIONS"]

    assert options == {"options": "-c synchronous_commit=on"}
