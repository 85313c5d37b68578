# SPDX-License-Identifier: EUPL-1.2
"""The weaknesses of RSA keys, beside those that `badkeys` finds in the same moduli."""

import pytest
from badkeys.checks import checkrsa

from keys.weak_keys import weaknesses
from tests.keys import weak_moduli
from tests.keys.assembling import rsa_modulus
from tests.keys.weak_moduli import prime, random, sound_looking

ORACLE = {  # the name of each weakness there
    "small_factor": "smallfactors",
    "close_primes": "fermat",
    "roca": "roca",
    "patterned_modulus": "pattern",
}
WEAK = {
    "roca": lambda: weak_moduli.roca(2048),
    "close_primes": lambda: weak_moduli.close_primes(2048, 2),
    "small_factor": lambda: 3 * sound_looking(2047),
    "patterned_modulus": lambda: weak_moduli.repeated(2048, "8" + "0" * 63),
}


def of_others(modulus):
    return set(checkrsa(modulus, checks=list(ORACLE.values())))


@pytest.mark.parametrize("code", WEAK)
def test_weaknesses_are_those_that_badkeys_finds(code):
    modulus = WEAK[code]()

    assert list(weaknesses(modulus)) == [code]
    assert of_others(modulus) == {ORACLE[code]}


@pytest.mark.parametrize("name", ["rsa-2048", "rsa-3072", "rsa-4096"])
def test_keys_of_our_own_are_not_weak(name):
    modulus = rsa_modulus(name)

    assert list(weaknesses(modulus)) == []
    assert of_others(modulus) == set()


def test_primes_are_far_enough_apart_where_a_hundred_rounds_do_not_find_them():
    first = prime(1024)
    far = weak_moduli.next_prime(first + (1 << 530))

    assert list(weaknesses(first * far)) == []


@pytest.mark.parametrize(("factor", "expected"), [(65521, ["small_factor"]), (65537, [])])
def test_factor_is_small_below_two_to_the_sixteenth(factor, expected):
    assert list(weaknesses(factor * sound_looking(2032))) == expected


def test_random_moduli_are_not_weak():
    moduli = [random(bits, f"n° {n}") for bits in (2048, 3072, 4096, 8192) for n in range(50)]

    found = {code for modulus in moduli for code in weaknesses(modulus)}

    assert found == {"small_factor"}  # as most random numbers have
