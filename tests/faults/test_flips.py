# SPDX-License-Identifier: EUPL-1.2
"""F18: a bit flips in a stored block, in its header, its ciphertext or its tag."""

import random
from pathlib import Path

import pytest

from envelopes.models import SealedBlock
from tests.envelopes import sealed
from tests.envelopes.conftest import both, folder_at
from tests.envelopes.damages import flip_and_refuse, flip_and_scrub

pytestmark = pytest.mark.django_db


@pytest.fixture
def folders(settings, tmp_path) -> tuple[Path, Path]:
    """Two stores of their own; no server has part in this."""
    first, second = tmp_path / "first", tmp_path / "second"
    settings.STORAGES = settings.STORAGES | {"default": both(folder_at(first), folder_at(second))}
    return first, second


def test_bit_flipped_in_one_of_two_copies_is_found_and_repaired(folders, campaign):
    for _ in range(10):
        sealed.make_scene()
    count = campaign.extent(500, 10_000)

    flip_and_scrub(count, folders, list(SealedBlock.objects.all()), random.Random())

    campaign.report("bit flipped in one of two copies", tried=count, met=count, repaired=count)


def test_bit_flipped_in_a_single_copy_is_found_and_never_given(settings, folders, campaign):
    settings.STORAGES = settings.STORAGES | {"default": folder_at(folders[0])}
    sealed.make_scene()
    count = campaign.extent(500, 10_000)

    flip_and_refuse(count, folders[0], list(SealedBlock.objects.all()), random.Random())

    campaign.report("bit flipped in a single copy", tried=count, met=count)
