# SPDX-License-Identifier: EUPL-1.2
"""Merkle trees over leaf hashes: hashing, proofs, and their verification.

A *node* is the root of a whole subtree: node (level, index) covers the leaves from `index << level`
to `(index + 1) << level`, which never changes once they are all there. Everything else is made of
O(log n) nodes, that a `Reader` gives.

Source: RFC 6962, § 2.1; RFC 9162, § 2.1.3.2 and § 2.1.4.2 for the verification.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Final

Place = tuple[int, int]  # level, 0 for the leaves; index at this level, counted from 0
Range = tuple[int, int]  # leaves: the first, and the first after
Reader = Callable[[Collection[Place]], Mapping[Place, bytes]]

HASH_SIZE: Final = 32  # bytes
EMPTY_ROOT: Final = hashlib.sha256().digest()  # of a tree without leaves


class BadProof(ValueError):
    """The proof does not show what it should."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of a leaf, 32 bytes. The prefix keeps a leaf from being taken for a node."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The subtrees of which a tree of `size` leaves is made, the largest first; it grows by its end."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)  # those of `cover((0, size))`

    def append(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Add a leaf hash; the nodes above it that it makes whole, the lowest first."""
        completed = []
        node, level, index = leaf, 0, self.size
        while index & 1:
            node, level, index = node_hash(self.hashes.pop(), node), level + 1, index >> 1
            completed.append(((level, index), node))
        self.hashes.append(node)
        self.size += 1
        return completed

    @property
    def root(self) -> bytes:
        return fold(self.hashes) if self.hashes else EMPTY_ROOT


def cover(leaves: Range) -> list[Place]:
    """The nodes that a range of a proof, or a whole tree, is made of, from left to right."""
    start, end = leaves
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append((level, start >> level))
        start += 1 << level
    return places


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of a range from those of its nodes; at least one."""
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def prove_inclusion(index: int, size: int, read: Reader) -> list[bytes]:
    """The proof that leaf `index` is in the tree of the first `size` leaves."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    return _hashes(_path(index, (0, size)), read)


def prove_consistency(first: int, second: int, read: Reader) -> list[bytes]:
    """The proof that the tree of `second` leaves begins with the tree of `first`."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} does not begin with {first} leaves")
    if first in {0, second}:
        return []
    return _hashes(_growth(first, (0, second), is_known=True), read)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf`, a leaf hash, is number `index` of the tree of this size and root.

    Raises:
        BadProof: it is not shown.
    """
    if not 0 <= index < size:
        raise BadProof("the leaf is outside the tree")
    found = leaf
    for sibling, is_left in _siblings(index, size - 1, proof):
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    if found != root:
        raise BadProof("the leaf is not in the tree")


def verify_consistency(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> None:
    """Check that the second tree begins with the first one.

    Raises:
        BadProof: it is not shown.
    """
    (first, second), (first_root, second_root) = sizes, roots
    if not 0 <= first <= second:
        raise BadProof("the second tree is the smaller one")
    if first in {0, second}:
        _verify_trivial(first, second, (first_root, second_root), proof)
        return
    is_whole = first & (first - 1) == 0  # then its root is known, and left out of the proof
    path = [first_root, *proof] if is_whole else [*proof]
    if not path:
        raise BadProof("the proof is too short")
    height = (first & -first).bit_length() - 1  # of the last whole subtree of the first tree
    old = new = path[0]
    for sibling, is_left in _siblings((first - 1) >> height, (second - 1) >> height, path[1:]):
        new = node_hash(sibling, new) if is_left else node_hash(new, sibling)
        old = node_hash(sibling, old) if is_left else old
    if (old, new) != (first_root, second_root):
        raise BadProof("the second tree does not begin with the first")


def _verify_trivial(
    first: int, second: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> None:
    if proof:
        raise BadProof("the proof is too long")
    if first == 0 and roots[0] != EMPTY_ROOT:
        raise BadProof("a tree without leaves has another root")
    if first == second and roots[0] != roots[1]:
        raise BadProof("two trees of one size have two roots")


def _siblings(place: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each hash of a proof on the way up from `place`, and whether it is the left one.

    `last` is the last place of the level.
    """
    for sibling in proof:
        if len(sibling) != HASH_SIZE:
            raise BadProof("a hash of the proof has not 32 bytes")
        if last == 0:
            raise BadProof("the proof is too long")
        is_left = bool(place & 1) or place == last
        yield sibling, is_left
        while is_left and place and not place & 1:  # without a right neighbour, up to one that has
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")


def _path(index: int, leaves: Range) -> list[Range]:
    """RFC 6962, § 2.1.1: PATH(index, leaves), the deepest first."""
    start, end = leaves
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(index, (start, middle)), (middle, end)]
    return [*_path(index, (middle, end)), (start, middle)]


def _growth(first: int, leaves: Range, *, is_known: bool) -> list[Range]:
    """RFC 6962, § 2.1.2: SUBPROOF(first, leaves, is_known); `first` counts from the tree's beginning."""
    start, end = leaves
    if first == end:
        return [] if is_known else [leaves]
    middle = start + _split(end - start)
    if first <= middle:
        return [*_growth(first, (start, middle), is_known=is_known), (middle, end)]
    return [*_growth(first, (middle, end), is_known=False), (start, middle)]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _hashes(ranges: Sequence[Range], read: Reader) -> list[bytes]:
    covers = [cover(leaves) for leaves in ranges]
    nodes = read({place for places in covers for place in places})
    return [fold([nodes[place] for place in places]) for places in covers]
