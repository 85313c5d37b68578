# SPDX-License-Identifier: EUPL-1.2
"""What an agent released, as it lies in the database: encrypted under the server's release key.

Whoever copies the database alone reads neither the content keys nor the index. The release key opens
nothing that no agent has released.
"""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from keys.cms import FILE_ID_SIZE

CONTENT_KEY_SIZE: Final = 32  # bytes
NONCE_SIZE: Final = 12  # bytes
_COUNT_SIZE: Final = 4  # bytes
_CONTEXT: Final = b"sigille-release-v1"

ContentKeys = Mapping[bytes, tuple[bytes, ...]]  # by file id: the key of each block, in order


class Purpose(StrEnum):
    """What is sealed; with the envelope's id it is the associated data, so that nothing moves."""

    KEYS = "keys"
    INDEX = "index"


class ReleaseUnreadable(Exception):
    """The release key is not the one that sealed this, or the row was altered."""


def seal(plaintext: bytes, envelope_id: UUID, purpose: Purpose) -> bytes:
    """`nonce ‖ AES-256-GCM`, the nonce drawn at random."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    sealed = _cipher(settings.RELEASE_KEY).encrypt(nonce, plaintext, _place(envelope_id, purpose))
    return nonce + sealed


def unseal(sealed: bytes, envelope_id: UUID, purpose: Purpose) -> bytes:
    """What `seal` was given.

    Raises:
        ReleaseUnreadable: it was sealed under another key, for another envelope or purpose, or altered.
    """
    nonce, rest = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
    try:
        return _cipher(settings.RELEASE_KEY).decrypt(nonce, rest, _place(envelope_id, purpose))
    except (InvalidTag, ValueError) as error:
        raise ReleaseUnreadable(str(envelope_id)) from error


def encode(keys: ContentKeys) -> bytes:
    """`file id (8) ‖ number of blocks (4, big-endian) ‖ keys (32 each)`, for each file."""
    return b"".join(
        file_id + len(of_blocks).to_bytes(_COUNT_SIZE, "big") + b"".join(of_blocks)
        for file_id, of_blocks in keys.items()
    )


def decode(data: bytes) -> ContentKeys:
    """What `encode` was given; `data` is one of its results."""
    keys: dict[bytes, tuple[bytes, ...]] = {}
    position = 0
    while position < len(data):
        start = position + FILE_ID_SIZE + _COUNT_SIZE
        file_id, count = data[position:][:FILE_ID_SIZE], data[position + FILE_ID_SIZE : start]
        position = start + int.from_bytes(count, "big") * CONTENT_KEY_SIZE
        keys[file_id] = split(data[start:position])
    return keys


def split(keys: bytes) -> tuple[bytes, ...]:
    """Content keys set end to end, one by one."""
    return tuple(
        keys[start : start + CONTENT_KEY_SIZE] for start in range(0, len(keys), CONTENT_KEY_SIZE)
    )


@cache
def _cipher(release_key: str) -> AESGCM:
    derivation = HKDF(hashes.SHA256(), length=32, salt=None, info=_CONTEXT)
    return AESGCM(derivation.derive(release_key.encode()))


def _place(envelope_id: UUID, purpose: Purpose) -> bytes:
    return purpose.encode() + envelope_id.bytes
