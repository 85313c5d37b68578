# SPDX-License-Identifier: EUPL-1.2
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> Path:
    """An empty store of sealed blocks, of the kind that an installation has."""
    location = tmp_path / "blocks"
    location.mkdir()
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "marketplace.storage.DurableStorage",
            "OPTIONS": {"location": location},
        }
    }
    return location


@pytest.fixture
def set_clock(monkeypatch) -> Callable[[datetime], None]:
    """`set_clock(instant)`: what the views take for now."""

    def set_clock(instant: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return set_clock
