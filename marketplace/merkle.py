# SPDX-License-Identifier: EUPL-1.2
"""Merkle tree hashing. Source: RFC 6962, § 2.1."""

import hashlib


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of a leaf, 32 bytes. The prefix keeps a leaf from being taken for a node."""
    return hashlib.sha256(b"\x00" + data).digest()
