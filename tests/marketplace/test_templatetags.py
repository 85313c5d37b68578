# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.utils import translation

from marketplace.templatetags.sigille import size

SPACE = "\u202f"  # narrow and unbreakable, as browsers write it


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 octet"),
        (999, "999 octets"),
        (1000, "1 ko"),
        (1540, "1,5 ko"),
        (2040, "2 ko"),
        (9949, "9,9 ko"),
        (9950, "10 ko"),
        (12_500, "13 ko"),
        (999_999, "1 000 ko"),
        (1_000_000, "1 Mo"),
        (40_000_000, "40 Mo"),
        (20_000_000_000, "20 Go"),
        (5_000_000_000_000, "5 000 Go"),
    ],
)
def test_size_is_in_the_units_of_the_pages_script(count, expected):
    with translation.override("fr"):
        assert size(count).replace("\u00a0", SPACE) == expected.replace(" ", SPACE)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1540, "1.5 kB"),
        (5_000_000_000_000, "5,000 GB"),
    ],
)
def test_size_follows_the_language_of_the_page(count, expected):
    with translation.override("en-gb"):
        assert size(count) == expected
