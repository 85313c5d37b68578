# SPDX-License-Identifier: EUPL-1.2
"""Typed reading of the environment: the one place where settings come from outside."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from marketplace import durable_files

PREFIX = "SIGILLE_"
# Seconds. Of either database, opening one takes as long as several queries.
CONNECTION_LASTS = 60


def env(name: str, default: str = "") -> str:
    return os.environ.get(PREFIX + name, default)


def env_bool(name: str, *, default: bool = False) -> bool:
    value = env(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{PREFIX}{name} must be 0 or 1, not {value!r}.")
    return value in {"1", "true", "yes"}


def env_int(name: str, default: int) -> int:
    value = env(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(
            f"{PREFIX}{name} must be a whole number, not {value!r}."
        ) from None


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


def env_secret(name: str) -> str:
    """A secret, from `SIGILLE_NAME` or from the file that `SIGILLE_NAME_FILE` names; "" if neither."""
    path = env(name + "_FILE")
    return Path(path).read_text(encoding="utf-8").strip() if path else env(name)


def local_secret(path: Path) -> str:
    """The secret kept in `path` (mode 0600), made on the first start of an embedded installation.

    Of processes that start together, all have the first one's.

    Raises:
        ImproperlyConfigured: the file is empty: another secret would not open what this one sealed.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable_files.make_once(path, secrets.token_urlsafe(64).encode("ascii"))
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise ImproperlyConfigured(
            f"{path} is empty: put it back from a backup; remove it where there is nothing to lose."
        )
    return secret


def block_store(folder: Path) -> dict[str, Any]:
    """Django's description of the store of sealed blocks: a bucket, or else this folder.

    With a second bucket, or a second folder, of both; each object is then kept twice.
    """
    first = _bucket(
        env("S3_BUCKET"), env("S3_ENDPOINT"), env("S3_ACCESS_KEY"), env_secret("S3_SECRET_KEY")
    ) or _folder(folder)
    bucket = _bucket(
        env("SECOND_S3_BUCKET"),
        env("SECOND_S3_ENDPOINT"),
        env("SECOND_S3_ACCESS_KEY"),
        env_secret("SECOND_S3_SECRET_KEY"),
    )
    path = env("SECOND_STORE")
    if path and bucket:
        raise ImproperlyConfigured(
            f"{PREFIX}SECOND_STORE and {PREFIX}SECOND_S3_BUCKET name two second stores: keep one."
        )
    second = bucket or (_folder(Path(path)) if path else None)
    if second is None:
        return first
    return {
        "BACKEND": "marketplace.mirrored_storage.MirroredStorage",
        "OPTIONS": {"first": first, "second": second},
    }


def _folder(path: Path) -> dict[str, Any]:
    return {
        "BACKEND": "marketplace.storage.DurableStorage",
        "OPTIONS": {"location": path.resolve()},
    }


def _bucket(name: str, endpoint: str, access_key: str, secret_key: str) -> dict[str, Any] | None:
    """None without its name."""
    if not name:
        return None
    return {
        "BACKEND": "marketplace.object_storage.ObjectStorage",
        "OPTIONS": {
            "bucket_name": name,
            "endpoint_url": endpoint or None,
            "access_key": access_key or None,
            "secret_key": secret_key or None,
            "file_overwrite": False,
        },
    }


def database(url: str) -> dict[str, object]:
    """Django's description of the database at `url`.

    `sqlite:///path` is the embedded one: WAL, and IMMEDIATE transactions, without which two
    writers meet "database is locked"; `postgresql://user:password@host:port/name` is the full one.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path.removeprefix("/"),
            "CONN_MAX_AGE": CONNECTION_LASTS,
            "OPTIONS": {
                "timeout": 30,  # seconds
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{PREFIX}DATABASE_URL must be sqlite:// or postgresql://, not {parts.scheme}://."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": env_secret("DATABASE_PASSWORD") or unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # Whatever the server's default: a bid is acknowledged once its row is on the disk.
        "OPTIONS": {"options": "-c synchronous_commit=on"},
        "CONN_MAX_AGE": CONNECTION_LASTS,
        "CONN_HEALTH_CHECKS": True,
    }
