# SPDX-License-Identifier: EUPL-1.2
"""The harness itself: what every other test relies upon."""

import socket
import warnings
from pathlib import Path

import pytest
from django.conf import settings

from tests.groups import group_of


def test_data_folder_is_not_the_one_of_the_installation():
    assert not Path(settings.DATA_DIR).is_relative_to(settings.BASE_DIR)


def test_warning_is_an_error():
    with pytest.raises(UserWarning, match="anything"):
        warnings.warn("anything", stacklevel=1)


def test_undeclared_network_is_refused():
    with socket.socket() as outside, pytest.raises(UserWarning, match="A test tried"):
        outside.connect(("192.0.2.1", 80))


def test_what_would_disturb_each_other_runs_in_one_process():
    faults = {group_of(f"tests/faults/{test}") for test in ("test_a.py::test_b", "test_c.py::d[e]")}

    assert faults == {"tests/faults/"}
    assert group_of("tests/test_a.py::test_b") == "tests/test_a.py::test_b"
