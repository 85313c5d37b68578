# SPDX-License-Identifier: EUPL-1.2
import pytest

from marketplace.registration_numbers import compact, is_siren, is_siret


@pytest.mark.parametrize(
    ("siret", "expected"),
    [
        ("73282932000074", True),
        ("73282932000075", False),  # wrong key
        ("73282932000047", False),  # two digits swapped
        ("7328293200007", False),  # 13 digits
        ("732829320000740", False),  # 15 digits
        ("", False),
        ("7328293200007A", False),
        ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", False),  # digits, of another script
        ("35600000000048", True),  # La Poste, head office: Luhn
        ("35600000049837", True),  # La Poste, an establishment: a multiple of five
        ("35600000049838", False),
        ("35600000100049", False),
    ],
)
def test_is_siret_checks_length_digits_and_key(siret, expected):
    assert is_siret(siret) is expected


@pytest.mark.parametrize(
    ("siren", "expected"), [("732829320", True), ("732829321", False), ("73282932", False)]
)
def test_is_siren_checks_length_and_key(siren, expected):
    assert is_siren(siren) is expected


@pytest.mark.parametrize(
    "typed", ["732 829 320 00074", "732.829.320-00074", "732\u202f829\u00a0320 00074 "]
)
def test_compact_drops_what_people_type_between_digits(typed):
    assert compact(typed) == "73282932000074"
