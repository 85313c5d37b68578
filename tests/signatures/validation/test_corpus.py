# SPDX-License-Identifier: EUPL-1.2
"""The field: real files of other people, when `SIGILLE_CORPUS` names the folder that holds them."""

import json
import os
from pathlib import Path

import pytest

from tools.corpus import sweep

FOLDER = os.environ.get("SIGILLE_CORPUS")
NAMES = (
    [item["file"] for item in json.loads((Path(FOLDER) / "expectations.json").read_text())]
    if FOLDER
    else []
)

if FOLDER:

    @pytest.fixture(scope="module")
    def dangers() -> set[str]:
        return {item.name for item in sweep(Path(FOLDER or "")) if item.agreement == "DANGER"}

    @pytest.mark.parametrize("name", NAMES)
    def test_no_altered_file_of_the_field_is_called_intact(name, dangers):
        assert name not in dangers
