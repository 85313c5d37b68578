# SPDX-License-Identifier: EUPL-1.2
"""Two views for two people are found when their heads meet (attack L3), whatever proof is invented.

`SIGILLE_ATTACKS=10000 pytest tests/envelopes/test_offline_compare.py` is the campaign.
"""

import os
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from envelopes.offline import verify
from marketplace import canonical, merkle, notes
from marketplace.merkle import Frontier
from marketplace.notes import Checkpoint, VerifierKey

ATTACKS = int(os.environ.get("SIGILLE_ATTACKS", "300"))
LOG = "sigille.example/journal"
PRIVATE_KEY = Ed25519PrivateKey.generate()
KEY = str(VerifierKey(LOG, PRIVATE_KEY.public_key()))


class View:
    """A journal, as one person is shown it; the log's key signs any."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes = {(0, index): leaf for index, leaf in enumerate(leaves)}
        self.roots = [merkle.EMPTY_ROOT]
        frontier = Frontier()
        for leaf in leaves:
            self.nodes.update(frontier.append(leaf))
            self.roots.append(frontier.root)

    def read(self, places):
        return {place: self.nodes[place] for place in places}

    def head(self, size: int) -> verify.Head:
        return verify.Head(LOG, size, self.roots[size])

    def note(self, size: int) -> str:
        return notes.sign(Checkpoint(LOG, size, self.roots[size]), PRIVATE_KEY)

    def proof(self, first: int, second: int) -> list[bytes]:
        return merkle.prove_consistency(first, second, self.read)


def leaves(chance: random.Random, count: int) -> list[bytes]:
    return [chance.randbytes(32) for _ in range(count)]


def test_each_pair_of_heads_of_one_journal_is_consistent():
    view = View(leaves(random.Random(1), 70))

    for second in range(71):
        for first in range(second + 1):
            verify.check_consistency(view.head(first), view.head(second), view.proof(first, second))


def test_two_views_are_found_each_time():
    chance = random.Random(3)
    found = 0
    for _ in range(ATTACKS):
        common = leaves(chance, chance.randrange(0, 40))
        one = View(common + leaves(chance, chance.randrange(1, 20)))
        two = View(common + leaves(chance, chance.randrange(1, 20)))
        first = chance.randrange(len(common) + 1, len(one.roots))
        second = chance.randrange(len(common) + 1, len(two.roots))
        older, newer = sorted([(first, one), (second, two)], key=lambda view: view[0])
        proofs = [
            [],
            newer[1].proof(older[0], newer[0]),
            leaves(chance, chance.randrange(1, 7)),
            [*newer[1].proof(older[0], newer[0]), older[1].roots[older[0]]],
        ]
        for proof in proofs:
            with pytest.raises(verify.Wrong):
                verify.check_consistency(older[1].head(older[0]), newer[1].head(newer[0]), proof)
        found += 1

    assert found == ATTACKS


def test_each_spoiled_proof_of_consistency_is_refused():
    view, refused = View(leaves(random.Random(5), 90)), 0
    for first, second in [(1, 90), (32, 90), (45, 90), (64, 65), (7, 8), (89, 90)]:
        good = view.proof(first, second)
        bad = [good[1:], good[:-1], [*good, bytes(32)], [*good, *[bytes(32)] * 63], good[::-1]]
        bad += [[*good[:at], bytes(32), *good[at + 1 :]] for at in range(len(good))]
        for proof in bad:
            if proof != good:
                with pytest.raises(verify.Wrong):
                    verify.check_consistency(view.head(first), view.head(second), proof)
                refused += 1

    assert refused > 50


def test_compare_command(tmp_path: Path, capsys):
    chance = random.Random(7)
    common = leaves(chance, 5)
    view, other = View(common + leaves(chance, 4)), View(common + leaves(chance, 4))
    files = {
        "older": view.note(6),
        "newer": view.note(9),
        "same": view.note(9),
        "other": other.note(9),
        "proof": canonical.dumps(
            {
                "first": view.note(6),
                "proof": [node.hex() for node in view.proof(6, 9)],
                "second": view.note(9),
                "version": 1,
            }
        ).decode(),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*names: str, key: str = KEY, proof: str | None = "proof") -> int:
        paths = [str(tmp_path / name) for name in names]
        more = ["--consistency", str(tmp_path / proof)] if proof else []
        return verify.main(["--compare", *paths, "--key", key, *more])

    assert run("older", "newer") == run("newer", "older") == 0
    assert run("newer", "same", proof=None) == 0
    assert run("older", "newer", proof=None) == 1
    assert run("newer", "other", proof=None) == 1
    assert "two views" in capsys.readouterr().err
    assert run("older", "other") == 1
    stranger = str(VerifierKey(LOG, Ed25519PrivateKey.generate().public_key()))
    assert run("older", "newer", key=stranger) == 1
    assert verify.main(["--compare", *[str(tmp_path / n) for n in ("older", "newer")]]) == 1
