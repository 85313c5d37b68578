# SPDX-License-Identifier: EUPL-1.2
"""RSA moduli whose factors are found, made as the software that once made them did."""

import hashlib
import math
from functools import cache

from keys import weak_keys

SMALL_PRIMES = math.prod([2, *weak_keys._odd_primes(1 << 16)])
FIRST_126_PRIMES = math.prod([2, *weak_keys._odd_primes(702)])  # Infineon's, below 3968 bits


def random(bits: int, seed: str = "") -> int:
    """The same number each time, of exactly so many bits, odd."""
    size = (bits + 7) // 8
    drawn = int.from_bytes(hashlib.shake_256(f"{bits} {seed}".encode()).digest(size), "big")
    return drawn >> (size * 8 - bits) | 1 << bits - 1 | 1


@cache
def sound_looking(bits: int) -> int:
    """A modulus that nothing speaks against; nobody has its private key."""
    modulus = random(bits)
    while math.gcd(modulus, SMALL_PRIMES) != 1:
        modulus += 2
    return modulus


@cache
def next_prime(number: int) -> int:
    number |= 1
    while math.gcd(number, SMALL_PRIMES) != 1 or pow(2, number - 1, number) != 1:
        number += 2
    return number


@cache
def prime(bits: int, seed: str = "") -> int:
    return next_prime(random(bits, seed) | 1 << bits - 2)


def close_primes(bits: int, distance: int) -> int:
    """The second prime is the first one at `distance` or beyond."""
    first = prime(bits // 2)
    return first * next_prime(first + distance)


def roca(bits: int) -> int:
    """Infineon's primes: k M + (65537^a mod M)."""
    return _infineon_prime(bits // 2, "p") * _infineon_prime(bits // 2, "q")


@cache
def _infineon_prime(bits: int, seed: str) -> int:
    rest = pow(65537, random(64, seed), FIRST_126_PRIMES)
    factor = (random(bits, seed) | 1 << bits - 2) // FIRST_126_PRIMES
    while pow(2, (found := factor * FIRST_126_PRIMES + rest) - 1, found) != 1:
        factor += 1
    return found


def repeated(bits: int, pattern: str) -> int:
    """A modulus that repeats these hexadecimal digits, without a small factor."""
    digits = (pattern * (bits // 4))[: bits // 4]
    modulus = int(digits, 16) | 1 << bits - 1 | 1
    while math.gcd(modulus, SMALL_PRIMES) != 1:
        modulus += 2
    return modulus


def sparse(bits: int, share: int) -> int:
    """A modulus one bit of which in `share` is set, at random, without a small factor."""
    modulus = (1 << bits) - 1
    for number in range(share.bit_length() - 1):
        modulus &= random(bits, str(number))
    modulus |= 1 << bits - 1 | 1
    while math.gcd(modulus, SMALL_PRIMES) != 1:
        modulus += 2
    return modulus
