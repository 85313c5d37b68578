# SPDX-License-Identifier: EUPL-1.2
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def store(settings, tmp_path) -> Path:
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
