# SPDX-License-Identifier: EUPL-1.2
"""One sealed block: a CMS AuthEnvelopedData to the certificates of a recipient set.

A block is sealed as its bytes arrive, so that no plaintext waits; it is opened whole, so that no byte is used
before its tag is verified. What binds blocks to one another is in `envelopes.manifest`.

Source: docs/envelope-format.md §2 to §5, §9 and §10.
"""

from keys.cms.errors import (
    Damaged,
    EnvelopeError,
    Malformed,
    Misplaced,
    NotARecipient,
    SealingError,
    Unsupported,
)
from keys.cms.headers import Header, read_header
from keys.cms.opening import (
    PrivateKey,
    open_block,
    open_into,
    open_message,
    open_with,
    unwrap,
)
from keys.cms.places import BLOCK_SIZE, FILE_ID_SIZE, check_length, nonce_of
from keys.cms.sealing import BlockSealer, Recipient, seal_block, sealed_size

__all__ = [
    "BLOCK_SIZE",
    "FILE_ID_SIZE",
    "BlockSealer",
    "Damaged",
    "EnvelopeError",
    "Header",
    "Malformed",
    "Misplaced",
    "NotARecipient",
    "PrivateKey",
    "Recipient",
    "SealingError",
    "Unsupported",
    "check_length",
    "nonce_of",
    "open_block",
    "open_into",
    "open_message",
    "open_with",
    "read_header",
    "seal_block",
    "sealed_size",
    "unwrap",
]
