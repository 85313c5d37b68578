# SPDX-License-Identifier: EUPL-1.2
"""SIREN and SIRET numbers: their form and their key. Pure; whether the company exists is not checked."""

import re

LA_POSTE = "356000000"  # a SIREN whose establishments outgrew the key of Luhn
_SEPARATORS = re.compile(r"[\s.\-\u00a0\u202f]+")
_SIREN = re.compile(r"[0-9]{9}")
_SIRET = re.compile(r"[0-9]{14}")


def compact(number: str) -> str:
    """`number` without the spaces, dots and hyphens that people type."""
    return _SEPARATORS.sub("", number)


def is_siren(number: str) -> bool:
    """Whether `number` is nine digits with a right key."""
    return bool(_SIREN.fullmatch(number)) and luhn_sum(number) % 10 == 0


def is_siret(number: str) -> bool:
    """Whether `number` is fourteen digits with a right key.

    The digits of an establishment of La Poste add up to a multiple of five instead; its head
    office keeps the key of Luhn.

    Source: INSEE, « Numéro SIRET »; ISO/IEC 7812-1, annex B.
    """
    if not _SIRET.fullmatch(number):
        return False
    if number.startswith(LA_POSTE) and sum(map(int, number)) % 5 == 0:
        return True
    return luhn_sum(number) % 10 == 0


def luhn_sum(digits: str) -> int:
    """The sum of Luhn: from the right, every second digit counts double, nines cast out."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled)
