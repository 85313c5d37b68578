# SPDX-License-Identifier: EUPL-1.2
"""The tree against an independent recursion, taken from the words of RFC 6962 (attacks L4 and L7)."""

import hashlib
import random
from collections.abc import Sequence

import pytest

from marketplace import merkle
from marketplace.merkle import BadProof, Frontier

PAIRS_UP_TO = 130
LEAVES = [hashlib.sha256(b"\x00" + str(number).encode()).digest() for number in range(1025)]


# RFC 6962, § 2.1 to § 2.1.2, word for word.


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], is_whole: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if is_whole else [mth(leaves)]
    k = largest_power_below(n)
    if m <= k:
        return [*subproof(m, leaves[:k], is_whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Tree:
    """All the nodes of a tree, in memory, and how many of them were read."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.nodes = {(0, index): leaf for index, leaf in enumerate(leaves)}
        self.frontier = Frontier()
        self.reads = 0
        for leaf in leaves:
            self.nodes.update(self.frontier.append(leaf))

    def read(self, places):
        self.reads += len(places)
        return {place: self.nodes[place] for place in places}


TREE = Tree(LEAVES)


def test_root_is_the_tree_hash_of_the_standard_for_0_to_1025_leaves():
    frontier = Frontier()
    for size in range(1026):
        assert frontier.root == mth(LEAVES[:size]), size
        places = merkle.cover((0, size))
        assert frontier.hashes == [TREE.nodes[place] for place in places]
        if size < 1025:
            frontier.append(LEAVES[size])


def test_root_of_published_examples():
    """The inputs and roots of the reference implementation of Certificate Transparency."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    frontier = Frontier()
    roots = [frontier.root.hex()]
    for data in inputs:
        frontier.append(merkle.leaf_hash(bytes.fromhex(data)))
        roots.append(frontier.root.hex())

    assert roots[0] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert roots[1] == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert roots[8] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_each_inclusion_up_to_130_leaves_is_proven_as_in_the_standard():
    count = 0
    for size in range(1, PAIRS_UP_TO + 1):
        root = mth(LEAVES[:size])
        for index in range(size):
            proof = merkle.prove_inclusion(index, size, TREE.read)
            assert proof == path(index, LEAVES[:size]), (index, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
            count += 1

    assert count >= 8500


def test_each_consistency_up_to_130_leaves_is_proven_as_in_the_standard():
    roots = [mth(LEAVES[:size]) for size in range(PAIRS_UP_TO + 1)]
    count = 0
    for second in range(1, PAIRS_UP_TO + 1):
        for first in range(1, second + 1):
            proof = merkle.prove_consistency(first, second, TREE.read)
            assert proof == subproof(first, LEAVES[:second], True), (first, second)
            merkle.verify_consistency((first, second), (roots[first], roots[second]), proof)
            count += 1

    assert count >= 8500


def test_nothing_is_consistent_with_every_tree():
    assert merkle.prove_consistency(0, 7, TREE.read) == []
    merkle.verify_consistency((0, 7), (merkle.EMPTY_ROOT, mth(LEAVES[:7])), [])


def test_proof_of_a_big_tree_reads_few_nodes():
    """What counts is the number of nodes: a tree of a million has them where a smaller one has."""
    asked: list[int] = []

    def read(places):
        asked.append(len(places))
        return dict.fromkeys(places, bytes(32))

    for index in (0, 1, 523_776, 999_998, 999_999):
        merkle.prove_inclusion(index, 1_000_000, read)
        merkle.prove_consistency(index + 1, 1_000_000, read)

    assert max(asked) <= 40


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_prove_inclusion_refuses_a_leaf_outside_the_tree(index, size):
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.prove_inclusion(index, size, TREE.read)


@pytest.mark.parametrize(("first", "second"), [(-1, 3), (4, 3)])
def test_prove_consistency_refuses_a_tree_that_shrinks(first, second):
    with pytest.raises(ValueError, match="does not begin"):
        merkle.prove_consistency(first, second, TREE.read)


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """Ways to spoil a proof: each is another list of hashes."""
    flipped = [
        [*proof[:at], bytes([hash_[0] ^ 1]) + hash_[1:], *proof[at + 1 :]]
        for at, hash_ in enumerate(proof)
    ]
    return [
        *flipped,
        proof[1:],
        proof[:-1],
        proof[::-1],
        [*proof, bytes(32)],
        [*proof, *proof],
        [*proof, *[bytes(32)] * 63],
        [bytes(32), *proof],
        [hash_[:31] for hash_ in proof],
        [hash_ + b"\x00" for hash_ in proof],
    ]


def test_bad_inclusion_proofs_are_refused():
    refused = 0
    for index, size in [(0, 1), (0, 2), (3, 7), (6, 7), (12, 13), (40, 97), (64, 65), (128, 129)]:
        good = merkle.prove_inclusion(index, size, TREE.read)
        root, leaf = mth(LEAVES[:size]), LEAVES[index]
        cases = [(leaf, index, size, bad, root) for bad in spoiled(good) if bad != good]
        cases += [
            (LEAVES[index + 1], index, size, good, root),
            (leaf, index - 1, size, good, root),
            (leaf, index + 1, size, good, root),
            (leaf, index + size, size, good, root),
            (leaf, index, 0, good, root),
            (leaf, index, size, good, mth(LEAVES[: size + 1])),
            (leaf, index, size, good, bytes(32)),
        ]
        for case in cases:
            with pytest.raises(BadProof):
                merkle.verify_inclusion(*case)
        refused += len(cases)

    assert refused >= 100


def test_bad_consistency_proofs_are_refused():
    refused = 0
    for first, second in [(1, 2), (3, 7), (4, 7), (6, 13), (8, 8), (32, 97), (64, 65), (100, 129)]:
        good = merkle.prove_consistency(first, second, TREE.read)
        sizes, roots = (first, second), (mth(LEAVES[:first]), mth(LEAVES[:second]))
        cases = [(sizes, roots, bad) for bad in spoiled(good) if bad != good]
        cases += [
            ((second, first) if first != second else (second + 1, first), roots, good),
            (sizes, (roots[0], bytes(32)), good),
            (sizes, (bytes(32), roots[1]), good),
            (sizes, (mth(LEAVES[: first + 1]), roots[1]), good),
            ((-1, second), roots, good),
            ((0, second), roots, good),
        ]
        for case in cases:
            with pytest.raises(BadProof):
                merkle.verify_consistency(*case)
        refused += len(cases)

    assert refused >= 100


def test_a_history_rewritten_at_random_is_never_consistent():
    chance = random.Random(6962)
    for _ in range(200):
        second = chance.randrange(2, 60)
        first = chance.randrange(1, second)
        changed = chance.randrange(first)
        rewritten = [*LEAVES[:second]]
        rewritten[changed] = chance.randbytes(32)
        tree = Tree(rewritten)
        proof = merkle.prove_consistency(first, second, tree.read)

        with pytest.raises(BadProof):
            merkle.verify_consistency(
                (first, second), (mth(LEAVES[:first]), tree.frontier.root), proof
            )
