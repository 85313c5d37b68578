# SPDX-License-Identifier: EUPL-1.2
"""The place of a block in its file: how its nonce and its length are bound to it.

Source: docs/envelope-format.md §2, §5 and §9.
"""

from typing import Final

from keys.cms.errors import Misplaced

BLOCK_SIZE: Final = 8 * 1024 * 1024  # bytes of plaintext
MOST_BLOCKS: Final = 2**31
FILE_ID_SIZE: Final = 8  # bytes


def nonce_of(file_id: bytes, number: int, *, is_last: bool) -> bytes:
    """The nonce that binds block `number`, counted from 0, to its place (§ 5)."""
    if len(file_id) != FILE_ID_SIZE or not 0 <= number < MOST_BLOCKS:
        raise ValueError("a place is a file id of 8 bytes and a number below 2^31")
    return file_id + (number | is_last << 31).to_bytes(4, "big")


def check_length(size: int, number: int, *, is_last: bool) -> None:
    """Check that block `number` may hold `size` bytes of plaintext (§ 9, 7).

    Raises:
        Misplaced: only the last block is shorter than BLOCK_SIZE, and only a file's single block is empty.
    """
    smallest = BLOCK_SIZE if not is_last else min(number, 1)
    if not smallest <= size <= BLOCK_SIZE:
        raise Misplaced(f"block {number} cannot hold {size} bytes")
