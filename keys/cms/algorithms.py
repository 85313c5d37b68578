# SPDX-License-Identifier: EUPL-1.2
"""Identifiers and algorithms of a sealed block, as the bytes that they are in DER.

Source: docs/envelope-format.md §3, §4 and §10.
"""

import itertools
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from keys import der

CONTENT_KEY_SIZE: Final = 32  # bytes
NONCE_SIZE: Final = 12  # bytes
TAG_SIZE: Final = 16  # bytes
MOST_RECIPIENTS: Final = 64


def sequence(*parts: bytes) -> bytes:
    return der.encode(der.SEQUENCE, *parts)


def _identifier(octets: str) -> bytes:
    return der.encode(der.OBJECT_IDENTIFIER, bytes.fromhex(octets))


AUTH_ENVELOPED_DATA = _identifier("2a864886f70d0109100117")
DATA = _identifier("2a864886f70d010701")
_AES256_GCM = _identifier("60864801650304012e")
_RSAES_OAEP = _identifier("2a864886f70d010107")
_MGF1 = _identifier("2a864886f70d010108")
_P_SPECIFIED = _identifier("2a864886f70d010109")
_SHA256 = _identifier("608648016503040201")
_SHA256_KDF = _identifier("2b8104010b01")  # dhSinglePass-stdDH-sha256kdf-scheme
_SHA1_KDF = _identifier("2b81051086483f0002")  # dhSinglePass-stdDH-sha1kdf-scheme
EC_PUBLIC_KEY = sequence(_identifier("2a8648ce3d0201"))
_AES_WRAPS = {  # by the size of the key-encryption key, in bytes
    16: sequence(_identifier("608648016503040105")),
    24: sequence(_identifier("608648016503040119")),
    32: sequence(_identifier("60864801650304012d")),
}
VERSION_0 = der.encode(der.INTEGER, b"\x00")
VERSION_3 = der.encode(der.INTEGER, b"\x03")
GCM_BEFORE_NONCE = bytes.fromhex("301e") + _AES256_GCM + bytes.fromhex("3011040c")
GCM_AFTER_NONCE = der.encode(der.INTEGER, bytes((TAG_SIZE,)))
TAG_HEAD = der.head(der.OCTET_STRING, TAG_SIZE)
TAIL_SIZE = len(TAG_HEAD) + TAG_SIZE


def _oaep_algorithm(digest: bytes, mask_digest: bytes, source: bytes = b"") -> bytes:
    mask = sequence(_MGF1, mask_digest)
    return sequence(_RSAES_OAEP, sequence(der.encode(0xA0, digest), der.encode(0xA1, mask), source))


_SHA256_FORMS = (sequence(_SHA256, der.NULL), sequence(_SHA256))  # ours, and OpenSSL's
_EMPTY_LABEL = der.encode(0xA2, sequence(_P_SPECIFIED, der.encode(der.OCTET_STRING)))
OAEP = _oaep_algorithm(_SHA256_FORMS[0], _SHA256_FORMS[0])
READABLE_OAEP = frozenset(
    _oaep_algorithm(*forms)
    for forms in itertools.product(_SHA256_FORMS, _SHA256_FORMS, (b"", _EMPTY_LABEL))
)
OAEP_PADDING = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)


@dataclass(frozen=True)
class Agreement:
    """How an ECDH secret becomes the key that wraps the content key (RFC 5753, § 7.2)."""

    digest: hashes.HashAlgorithm
    digest_identifier: bytes
    size: int  # bytes of the key-encryption key

    @property
    def algorithm(self) -> bytes:
        return sequence(self.digest_identifier, _AES_WRAPS[self.size])

    def key_encryption_key(self, secret: bytes) -> bytes:
        bits = der.encode(der.OCTET_STRING, (self.size * 8).to_bytes(4, "big"))
        shared_info = sequence(_AES_WRAPS[self.size], der.encode(0xA2, bits))
        return X963KDF(self.digest, self.size, shared_info).derive(secret)


ECDH = Agreement(hashes.SHA256(), _SHA256_KDF, 32)
READABLE_ECDH = {
    agreement.algorithm: agreement
    for size in _AES_WRAPS
    for agreement in (
        Agreement(hashes.SHA256(), _SHA256_KDF, size),
        Agreement(hashes.SHA1(), _SHA1_KDF, size),  # noqa: S303 - OpenSSL's default, read only
    )
}
