# SPDX-License-Identifier: EUPL-1.2
"""Certificates that are refused for their public key: name → (code, maker)."""

from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from keys import der
from tests.keys import weak_moduli
from tests.keys.assembling import (
    algorithm,
    assemble,
    bits,
    ec_public_key,
    held,
    integer,
    oid,
    public_key,
    rsa_modulus,
    rsa_public_key,
    seq,
)

Maker = Callable[[], bytes]
P256, P384 = "1.2.840.10045.3.1.7", "1.3.132.0.34"
RSA = "1.2.840.113549.1.1.1"
MODULUS = rsa_modulus("rsa-2048")
POINT = held("p-256")[-65:]
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1  # of P-256


def with_key(make: Callable[[], bytes]) -> Maker:
    return lambda: assemble(key=make())


def with_modulus(make: Callable[[], int], exponent: int = 65537) -> Maker:
    return with_key(lambda: rsa_public_key(make(), exponent))


def with_generated(generate: Callable[[], PrivateKeyTypes]) -> Maker:
    return with_key(lambda: public_key(generate()))


def named(identifier: str, parameters: bytes = b"", key: bytes = b"\x01" * 32) -> Maker:
    return with_key(lambda: seq(algorithm(identifier, parameters), bits(key)))


def on_curve(identifier: str) -> Maker:
    """A key that names this curve; its point is not looked at."""
    return with_key(lambda: ec_public_key(identifier, b"\x04" + b"\x01" * 64))


def explicit(base_point: bytes = POINT) -> bytes:
    """P-256 described rather than named; another base point is CVE-2020-0601's trap."""
    field = seq(oid("1.2.840.10045.1.1"), integer(FIELD))
    b = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
    curve = seq(
        der.encode(der.OCTET_STRING, (FIELD - 3).to_bytes(32, "big")),
        der.encode(der.OCTET_STRING, bytes.fromhex(b)),
    )
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    described = seq(
        integer(1),
        field,
        curve,
        der.encode(der.OCTET_STRING, base_point),
        integer(order),
        integer(1),
    )
    return seq(algorithm("1.2.840.10045.2.1", described), bits(POINT))


def small_private_exponent() -> bytes:
    """Wiener's case: the public exponent is as long as the modulus."""
    p, q = weak_moduli.prime(1024), weak_moduli.prime(1024, "q")
    exponent = pow(weak_moduli.prime(256), -1, (p - 1) * (q - 1))
    return rsa_public_key(p * q, exponent)


def pss_key() -> bytes:
    key = held("rsa-2048")
    rsa_algorithm = algorithm(RSA)
    return key.replace(rsa_algorithm, algorithm("1.2.840.113549.1.1.10", b"")).replace(
        key[:4], der.head(der.SEQUENCE, len(key) - 6), 1
    )


OTHER_ALGORITHMS: dict[str, Maker] = {
    "Ed25519": with_generated(ed25519.Ed25519PrivateKey.generate),
    "Ed448": with_generated(ed448.Ed448PrivateKey.generate),
    "X25519": with_generated(x25519.X25519PrivateKey.generate),
    "X448": with_generated(x448.X448PrivateKey.generate),
    "ML-DSA-44": named("2.16.840.1.101.3.4.3.17", key=bytes(range(256)) * 5 + bytes(32)),
    "ML-KEM-768": named("2.16.840.1.101.3.4.4.2", key=bytes(range(256)) * 4 + bytes(160)),
    "DSA": named("1.2.840.10040.4.1", key=integer(MODULUS)),
    "Diffie-Hellman": named("1.2.840.10046.2.1", key=integer(MODULUS)),
    "Diffie-Hellman, PKCS#3": named("1.2.840.113549.1.3.1", key=integer(MODULUS)),
    "RSA-PSS": with_key(pss_key),
    "RSAES-OAEP": named("1.2.840.113549.1.1.7"),
    "ElGamal": named("1.3.6.1.4.1.3029.1.2.1"),
    "GOST 2012": named("1.2.643.7.1.1.1.1"),
    "id-ecDH": named("1.3.132.1.12", oid(P256), POINT),
    "id-ecMQV": named("1.3.132.1.13", oid(P256), POINT),
    "composite of two algorithms": named("2.16.840.1.114027.80.5.2.21"),
    "unheard of": named("1.2.3.4.5"),
}
OTHER_CURVES = {
    "P-192": "1.2.840.10045.3.1.1", "P-224": "1.3.132.0.33", "P-521": "1.3.132.0.35",
    "secp256k1": "1.3.132.0.10", "sect233k1": "1.3.132.0.26", "sect283r1": "1.3.132.0.17",
    "sect571k1": "1.3.132.0.38", "brainpoolP256r1": "1.3.36.3.3.2.8.1.1.7",
    "brainpoolP384r1": "1.3.36.3.3.2.8.1.1.11", "brainpoolP512r1": "1.3.36.3.3.2.8.1.1.13",
    "SM2": "1.2.156.10197.1.301", "FRP256v1": "1.2.250.1.223.101.256.1",
    "GOST A": "1.2.643.2.2.35.1", "unheard of": "1.2.3.4.5",
}  # fmt: skip
BAD_KEYS: dict[str, Maker] = {
    "point off the curve": with_key(
        lambda: ec_public_key(P256, POINT[:-1] + bytes([POINT[-1] ^ 1]))
    ),
    "point (0, 0)": with_key(lambda: ec_public_key(P256, b"\x04" + bytes(64))),
    "point at infinity": with_key(lambda: ec_public_key(P256, b"\x00")),
    "no point": with_key(lambda: ec_public_key(P256, b"")),
    "point cut": with_key(lambda: ec_public_key(P256, POINT[:-1])),
    "point beyond the field": with_key(
        lambda: ec_public_key(P256, b"\x04" + FIELD.to_bytes(32, "big") + POINT[33:])
    ),
    "compressed point off the curve": with_key(
        lambda: ec_public_key(P256, b"\x02" + (5).to_bytes(32, "big").replace(b"\x05", b"\x01"))
    ),
    "point of P-256 on P-384": with_key(lambda: ec_public_key(P384, POINT)),
    "point of P-384 on P-256": with_key(lambda: ec_public_key(P256, held("p-384")[-97:])),
    "no curve": with_key(lambda: seq(algorithm("1.2.840.10045.2.1", b""), bits(POINT))),
    "implicit curve": with_key(lambda: seq(algorithm("1.2.840.10045.2.1"), bits(POINT))),
    "negative modulus": with_modulus(lambda: -MODULUS),
    "RSA key that is none": with_key(lambda: seq(algorithm(RSA), bits(b"\x01" * 256))),
    "RSA key without exponent": with_key(lambda: seq(algorithm(RSA), bits(seq(integer(MODULUS))))),
    "empty RSA key": with_key(lambda: seq(algorithm(RSA), bits(b""))),
    "RSA key with a third number": with_key(
        lambda: seq(algorithm(RSA), bits(seq(*map(integer, (MODULUS, 65537, 1)))))
    ),
}
SIZES = (512, 768, 1023, 1024, 1536, 2040, 2047, 8193, 9000, 16384, 65536)
EXPONENTS = {
    "-65537": -65537, "-1": -1, "0": 0, "1": 1, "2": 2, "3": 3, "5": 5, "17": 17, "257": 257,
    "65535": 65535, "65536": 65536, "65538": 65538, "2^256 + 1": 2**256 + 1, "modulus - 2": MODULUS - 2,
    "modulus + 2": MODULUS + 2,
}  # fmt: skip
SMALL_FACTORS = (3, 5, 7, 11, 257, 641, 7919, 65521)
DISTANCES = {"next": 1, "2^64": 1 << 64, "2^256": 1 << 256, "2^500": 1 << 500}
PATTERNS = ("deadbeef", "0123456789abcdef", "a5", "ff00", "f" * 127 + "7", "8" + "0" * 63)


def even(name: str) -> int:
    return rsa_modulus(name) - 1


def multiple(factor: int) -> int:
    """Of the factor and of a number that has no small one, 2048 bits in all."""
    return factor * weak_moduli.sound_looking(2049 - factor.bit_length())


CASES: dict[str, tuple[str, Maker]] = {
    **{f"algorithm: {key}": ("unsupported_algorithm", make) for key, make in OTHER_ALGORITHMS.items()},
    **{f"curve: {key}": ("unsupported_curve", on_curve(curve)) for key, curve in OTHER_CURVES.items()},
    "curve: P-256 described": ("explicit_curve", with_key(explicit)),
    "curve: P-256 with another base point": (
        "explicit_curve",
        with_key(lambda: explicit(held("p-256-3")[-65:])),
    ),
    **{f"key: {key}": ("bad_key", make) for key, make in BAD_KEYS.items()},
    **{
        f"RSA-{size}": ("rsa_size", with_modulus(partial(weak_moduli.sound_looking, size)))
        for size in SIZES
    },
    **{
        f"exponent: {key}": ("rsa_exponent", with_modulus(lambda: MODULUS, exponent))
        for key, exponent in EXPONENTS.items()
    },
    "exponent: of 65 bits, with RSA-4096": (
        "rsa_exponent",
        with_modulus(lambda: weak_moduli.sound_looking(4096), 2**64 + 1),
    ),
    "exponent: small private one": ("rsa_exponent", with_key(small_private_exponent)),
    **{
        f"even modulus: {key}": ("even_modulus", with_modulus(partial(even, key)))
        for key in ("rsa-2048", "rsa-3072", "rsa-4096")
    },
    **{
        f"small factor: {factor}": ("small_factor", with_modulus(partial(multiple, factor)))
        for factor in SMALL_FACTORS
    },
    "small factors: many": (
        "small_factor",
        with_modulus(lambda: multiple(3 * 5 * 7 * 11 * 13 * 17 * 19 * 23)),
    ),
    **{
        f"close primes: {key}": (
            "close_primes",
            with_modulus(partial(weak_moduli.close_primes, 2048, distance)),
        )
        for key, distance in DISTANCES.items()
    },
    "close primes: next, RSA-3072": (
        "close_primes",
        with_modulus(lambda: weak_moduli.close_primes(3072, 1)),
    ),
    "close primes: the same": ("close_primes", with_modulus(lambda: weak_moduli.prime(1024) ** 2)),
    "ROCA": ("roca", with_modulus(lambda: weak_moduli.roca(2048))),
    **{
        f"pattern: {pattern[:16]}": (
            "patterned_modulus",
            with_modulus(partial(weak_moduli.repeated, 2048, pattern)),
        )
        for pattern in PATTERNS
    },
    "pattern: three quarters of zeros": (
        "patterned_modulus",
        with_modulus(lambda: weak_moduli.sparse(3072, 4)),
    ),
}  # fmt: skip
