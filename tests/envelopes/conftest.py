# SPDX-License-Identifier: EUPL-1.2
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from marketplace import clock
from marketplace.storage import DurableStorage
from tools.services import object_store


def folder_at(location: Path) -> dict[str, Any]:
    """A store of files, as the setting `STORAGES` has it, that this installation knows."""
    DurableStorage(location=location).mark()
    return {
        "BACKEND": "marketplace.storage.DurableStorage",
        "OPTIONS": {"location": location},
    }


def bucket_of(server: dict[str, str]) -> dict[str, Any]:
    return {
        "BACKEND": "marketplace.object_storage.ObjectStorage",
        "OPTIONS": {
            "bucket_name": server["SIGILLE_S3_BUCKET"],
            "endpoint_url": server["SIGILLE_S3_ENDPOINT"],
            "access_key": server["SIGILLE_S3_ACCESS_KEY"],
            "secret_key": server["SIGILLE_S3_SECRET_KEY"],
            "file_overwrite": False,
        },
    }


def both(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {
        "BACKEND": "marketplace.mirrored_storage.MirroredStorage",
        "OPTIONS": {"first": first, "second": second},
    }


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    """A real S3-compatible store."""
    with object_store() as environ:
        yield environ


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> Path:
    """An empty store of sealed blocks, of the kind that an installation has."""
    location = tmp_path / "blocks"
    settings.STORAGES = settings.STORAGES | {"default": folder_at(location)}
    return location


@pytest.fixture
def second_store(settings, tmp_path: Path, store: Path) -> Path:
    """A second one, that has a copy of all that is saved from now on."""
    location = tmp_path / "second"
    described = both(folder_at(store), folder_at(location))
    settings.STORAGES = settings.STORAGES | {"default": described}
    return location


@pytest.fixture
def set_clock(monkeypatch) -> Callable[[datetime], None]:
    """`set_clock(instant)`: what the views take for now."""

    def set_clock(instant: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: instant)
        monkeypatch.setattr(clock, "now", lambda: instant)  # PostgreSQL has its own

    return set_clock
