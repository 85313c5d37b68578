# SPDX-License-Identifier: EUPL-1.2
"""The harness itself: what every other test relies upon."""

import socket
import warnings
from pathlib import Path

import pytest
from django.conf import settings


def test_data_folder_is_not_the_one_of_the_installation():
    assert not Path(settings.DATA_DIR).is_relative_to(settings.BASE_DIR)


def test_warning_is_an_error():
    with pytest.raises(UserWarning, match="anything"):
        warnings.warn("anything", stacklevel=1)


def test_undeclared_network_is_refused():
    with socket.socket() as outside, pytest.raises(UserWarning, match="A test tried"):
        outside.connect(("192.0.2.1", 80))
