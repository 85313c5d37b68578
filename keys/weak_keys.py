# SPDX-License-Identifier: EUPL-1.2
"""RSA keys whose public half is enough to compute the private one.

A small private exponent (Wiener, Boneh and Durfee) is not looked for: with a public exponent below 2^256,
which is asked of every key, the private exponent is nearly as long as the modulus.
"""

import math
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Final

SMALLEST_FACTOR: Final = 1 << 16  # a prime below it is no prime of an RSA key
FERMAT_ROUNDS: Final = 100
LEAST_ENTROPY: Final = (
    7 / 8
)  # of the bytes of a modulus, as zlib sees them; random bytes do not shrink
MOST_BIAS: Final = 0.1  # nine standard deviations of the share of ones in 2048 random bits
# Infineon's primes are 65537^a modulo the product of at least the first 126 primes, for keys of 2048 bits
# and more (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, § 2.1).
ROCA_PRIMES_BELOW: Final = 702


def weaknesses(modulus: int) -> Iterator[str]:
    """The codes of what is wrong with an odd modulus of 2048 bits or more; nothing is said of its size."""
    if math.gcd(modulus, _product_of_small_primes()) != 1:
        yield "small_factor"
    if _is_patterned(modulus):
        yield "patterned_modulus"
    if _has_close_primes(modulus):
        yield "close_primes"
    if _has_roca_fingerprint(modulus):
        yield "roca"


def _is_patterned(modulus: int) -> bool:
    """Whether the modulus repeats itself, or has far too many zeros or ones: its primes were not random."""
    data = modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    if len(zlib.compress(data, 9)) < LEAST_ENTROPY * len(data):
        return True
    return abs(modulus.bit_count() / modulus.bit_length() - 0.5) > MOST_BIAS


def _has_close_primes(modulus: int) -> bool:
    """Whether a few rounds of Fermat's method factor the modulus, a square included (CVE-2022-26320)."""
    middle = math.isqrt(modulus - 1) + 1
    for _ in range(FERMAT_ROUNDS):
        square = middle * middle - modulus
        if math.isqrt(square) ** 2 == square:
            return True
        middle += 1
    return False


def _has_roca_fingerprint(modulus: int) -> bool:
    """Whether the modulus was made by Infineon's flawed library (CVE-2017-15361)."""
    return all(modulus % prime in powers for prime, powers in _powers_of_65537())


@cache
def _powers_of_65537() -> list[tuple[int, frozenset[int]]]:
    """Modulo each prime, from the smallest."""
    return [(prime, _powers(65537 % prime, prime)) for prime in _odd_primes(ROCA_PRIMES_BELOW)]


def _powers(base: int, prime: int) -> frozenset[int]:
    powers, power = {1}, base
    while power != 1:
        powers.add(power)
        power = power * base % prime
    return frozenset(powers)


@cache
def _product_of_small_primes() -> int:
    primes = _odd_primes(SMALLEST_FACTOR)
    return math.prod(
        math.prod(primes[start::80]) for start in range(80)
    )  # in parts: ten times quicker


def _odd_primes(limit: int) -> list[int]:
    is_prime = bytearray(b"\x01") * limit
    for number in range(3, math.isqrt(limit) + 1, 2):
        if is_prime[number]:
            is_prime[number * number :: 2 * number] = bytes(
                len(range(number * number, limit, 2 * number))
            )
    return [number for number in range(3, limit, 2) if is_prime[number]]
