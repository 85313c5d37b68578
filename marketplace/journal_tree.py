# SPDX-License-Identifier: EUPL-1.2
"""The Merkle tree of the journal, as it is stored: each whole subtree is a row, the leaves are the entries.

An entry adds one row on average, and a proof reads O(log n) of them.
"""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from marketplace import merkle
from marketplace.merkle import Frontier, Place
from marketplace.models import JournalEntry, JournalNode


class NodesMissing(Exception):
    """The journal lacks nodes that its size says are there."""

    def __init__(self, places: Collection[Place]) -> None:
        super().__init__(sorted(places))
        self.first_leaf = min(index << level for level, index in places)


def append(entry: JournalEntry) -> None:
    """Store the nodes that an entry makes whole; it is the last of the journal, whose head is locked."""
    completed_count = (~entry.index & (entry.index + 1)).bit_length() - 1
    if completed_count == 0:
        return  # a leaf without its left neighbour
    places = merkle.cover((0, entry.index))[-completed_count:]
    nodes = read(places)
    end = Frontier(entry.index, (nodes[place] for place in places))
    JournalNode.objects.bulk_create(
        JournalNode(level=level, index=index, hash=node)
        for (level, index), node in end.append(bytes(entry.leaf_hash))
    )


def frontier(size: int) -> Frontier:
    """What the tree of the first `size` entries is made of."""
    places = merkle.cover((0, size))
    nodes = read(places)
    return Frontier(size, (nodes[place] for place in places))


def read(places: Collection[Place]) -> dict[Place, bytes]:
    """The hashes of these nodes and leaves.

    Raises:
        NodesMissing: one of them is not there.
    """
    by_level = defaultdict(list)
    for level, index in places:
        by_level[level].append(index)
    found = {
        (0, index): bytes(leaf)
        for index, leaf in JournalEntry.objects.filter(index__in=by_level.pop(0, ())).values_list(
            "index", "leaf_hash"
        )
    }
    if by_level:
        wanted = Q()
        for level, indexes in by_level.items():
            wanted |= Q(level=level, index__in=indexes)
        for level, index, node in JournalNode.objects.filter(wanted).values_list(
            "level", "index", "hash"
        ):
            found[level, index] = bytes(node)
    if missing := set(places) - found.keys():
        raise NodesMissing(missing)
    return found


def prove_inclusion(index: int, size: int) -> list[bytes]:
    """The proof that entry `index` is in the tree of the first `size` entries."""
    return merkle.prove_inclusion(index, size, read)


def prove_consistency(first: int, second: int) -> list[bytes]:
    """The proof that the journal of `second` entries begins with that of `first`."""
    return merkle.prove_consistency(first, second, read)
