# SPDX-License-Identifier: EUPL-1.2
"""RSA keys that share a prime: whoever knows one of the two moduli computes the private half of both.

Machines that draw their primes before they have gathered randomness make such keys (Heninger et al., "Mining
Your Ps and Qs", USENIX Security 2012).
"""

import logging
import math
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from keys.certificates import Certificate
from keys.errors import SharedPrime
from keys.models import KeyPairQuerySet

logger = logging.getLogger(__name__)


def refuse_shared_primes(certificate: Certificate, *, among: KeyPairQuerySet) -> None:
    """Check that the modulus of this certificate has no factor in common with those of `among`.

    The other key is named in the operator's log alone: its holder may be of another organisation.

    Raises:
        SharedPrime: it has.
    """
    if not isinstance(certificate.public_key, rsa.RSAPublicKey):
        return
    modulus = certificate.public_key.public_numbers().n
    stored = among.filter(algorithm__startswith="RSA-").values_list("fingerprint", "certificate")
    if not _share(modulus, (_modulus(bytes(der)) for _, der in stored.iterator())):
        return
    for fingerprint, der in stored.iterator():
        if _share(modulus, [_modulus(bytes(der))]):
            logger.critical("Keys %s and %s share a prime.", certificate.sha256, fingerprint)
    raise SharedPrime(certificate.sha256)


def _share(modulus: int, others: Iterable[int]) -> bool:
    """Whether one of the others has a factor in common: their product has, and it is kept short."""
    product = 1
    for other in others:
        product = product * other % modulus
    return math.gcd(product, modulus) != 1


def _modulus(der: bytes) -> int:
    public_key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)  # noqa: S101 - as its column says
    return public_key.public_numbers().n
