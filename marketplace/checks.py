# SPDX-License-Identifier: EUPL-1.2
"""System checks: combinations of settings that would break a promise, each with its remedy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from marketplace import notes, pdf, timestamps
from marketplace.notes import BadNote

SPOOLING_HANDLER = "django.core.files.uploadhandler.TemporaryFileUploadHandler"


@register(Tags.security)
def plaintext_stays_in_memory(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """Nothing that Django is told to do may write a body in clear to the disk."""
    found: list[CheckMessage] = []
    if SPOOLING_HANDLER in settings.FILE_UPLOAD_HANDLERS:
        found.append(
            Error(
                "Uploaded files would be written in clear to the disk.",
                hint="Remove TemporaryFileUploadHandler from FILE_UPLOAD_HANDLERS.",
                id="sigille.E001",
            )
        )
    if getattr(settings, "ASGI_APPLICATION", None):
        found.append(
            Error(
                "ASGI spools request bodies to the disk in clear.",
                hint="Serve marketplace.wsgi with gunicorn; leave ASGI_APPLICATION unset.",
                id="sigille.E002",
            )
        )
    return found


@register(Tags.security)
def secrets_are_apart(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """The keys of sessions, of released bids and of the journal are three keys."""
    if len({settings.SECRET_KEY, settings.RELEASE_KEY, settings.LOG_KEY}) == 3:
        return []
    return [
        Error(
            "Two of SIGILLE_SECRET_KEY, SIGILLE_RELEASE_KEY and SIGILLE_LOG_KEY are the same: "
            "one leak would open what was released, or sign another journal.",
            hint="Give each its own random value.",
            id="sigille.E003",
        )
    ]


@register(Tags.security)
def journal_keys_are_readable(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """The former keys of the journal can be read, and its name is one that a note can carry."""
    try:
        for key in settings.LOG_FORMER_KEYS:
            notes.read_verifier_key(key)
        notes.check_name(settings.LOG_NAME)
    except BadNote as error:
        return [
            Error(
                f"The journal's heads could not be checked: {error}.",
                hint="See SIGILLE_LOG_NAME and SIGILLE_LOG_FORMER_KEYS in docs/operations.md.",
                id="sigille.E004",
            )
        ]
    return []


@register(Tags.security)
def timestamps_can_be_verified(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """An authority is nothing without the certificates that vouch for it."""
    if not settings.TSA_URL:
        return []
    try:
        is_whole = settings.TSA_URL.startswith(("http://", "https://")) and bool(
            timestamps.HttpAuthority().roots
        )
    except (OSError, ValueError):
        is_whole = False
    if is_whole:
        return []
    return [
        Error(
            "The time-stamp authority has no address in http, or no certificate vouches for it.",
            hint="SIGILLE_TSA_URL is its address, SIGILLE_TSA_ROOTS a PEM file with its roots.",
            id="sigille.E005",
        )
    ]


@register(Tags.security)
def copies_are_apart(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """What loses one of two copies of the bids leaves the other."""
    stores: Mapping[str, Any] = settings.STORAGES
    described = stores["default"].get("OPTIONS", {})
    if "second" not in described:
        return []
    first, second = described["first"]["OPTIONS"], described["second"]["OPTIONS"]
    hint = "Give SIGILLE_SECOND_STORE, or SIGILLE_SECOND_S3_BUCKET, a place of its own."
    if _is_one_place(first, second):
        return [Error("Both copies of each bid go to one place.", hint=hint, id="sigille.E006")]
    if _share_a_support(first, second):
        message = (
            "Both copies of each bid are on one disk or one server, which may fail as a whole."
        )
        return [checks.Warning(message, hint=hint, id="sigille.W007")]
    return []


def _is_one_place(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether they are one bucket, or one folder, or a folder and one below it."""
    if "location" in first and "location" in second:
        one, other = Path(first["location"]).resolve(), Path(second["location"]).resolve()
        return one.is_relative_to(other) or other.is_relative_to(one)
    return _bucket(first) == _bucket(second)


def _share_a_support(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    if "location" in first and "location" in second:
        return _disk(Path(first["location"])) == _disk(Path(second["location"]))
    return _bucket(first)[:1] == _bucket(second)[:1]


def _bucket(described: Mapping[str, Any]) -> tuple[object, ...]:
    """Its server and its name; those of a folder are like no bucket's."""
    if "location" in described:
        return (described["location"],)
    return described.get("endpoint_url"), described["bucket_name"]


def _disk(folder: Path) -> int:
    """Of the folder, or of what it will be made in."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.stat().st_dev


@register(Tags.compatibility)
def documents_can_be_made(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """Receipts, registers and statements are PDF; without pango pages are printed instead."""
    if pdf.is_available():
        return []
    return [
        checks.Warning(
            "PDF documents cannot be made: pango is missing.",
            hint="On Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
            " fonts-dejavu-core.",
            id="sigille.W008",
        )
    ]


@register(Tags.security, deploy=True)
def production_is_whole(
    app_configs: Sequence[AppConfig] | None, **_kwargs: object
) -> list[CheckMessage]:
    """What an embedded installation may do without, and a public one may not."""
    expectations = [
        (settings.IS_HTTPS, "SIGILLE_BASE_URL is not https://.", "W001"),
        (
            connection.vendor == "postgresql",
            "SQLite serves one machine alone; SIGILLE_DATABASE_URL names no PostgreSQL.",
            "W002",
        ),
        (
            settings.BROKER_URL.startswith("redis"),
            "The file broker serves one machine alone; SIGILLE_BROKER_URL names no Redis.",
            "W003",
        ),
        (
            bool(settings.EMAIL_HOST),
            "Alerts are written to files; SIGILLE_EMAIL_HOST names no mail server.",
            "W004",
        ),
        (
            settings.LOG_KEY_IS_GIVEN,
            "The journal is signed with a key of the data folder; SIGILLE_LOG_KEY names none.",
            "W005",
        ),
        (
            bool(settings.TSA_URL),
            "Time stamps are those of a development authority; SIGILLE_TSA_URL names no other.",
            "W006",
        ),
        (
            bool(settings.OPERATORS),
            "The log alone says that the store of bids fails; SIGILLE_OPERATORS names nobody.",
            "W009",
        ),
    ]
    return [
        checks.Warning(message, hint="See SECURITY.md, Settings that matter.", id=f"sigille.{code}")
        for holds, message, code in expectations
        if not holds
    ]
