# SPDX-License-Identifier: EUPL-1.2
"""The whole journal computed again: its entries, its tree, its signed heads and their anchors.

What somebody wrote again from end to end, and signed, is consistent with itself: a head that is kept
elsewhere (a receipt, for instance) tells it from the journal that was.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Q

from marketplace import erasure, heads, journal, timestamps
from marketplace.errors import JournalDamaged
from marketplace.merkle import Frontier, Place
from marketplace.models import Anchor, JournalEntry, JournalHead, JournalNode, SignedHead
from marketplace.notes import Checkpoint
from marketplace.tokens import BadToken

Expected = Mapping[int, list[tuple[bytes, str]]]  # the roots of a size, and who says so

CHUNK: Final = 2000  # entries
MOST_PROBLEMS: Final = 100


@dataclass(frozen=True)
class Problem:
    """What is wrong, from which entry on."""

    index: int
    what: str


@dataclass
class Audit:
    """How much was looked at, and what was found; the problem of the first entry comes first."""

    size: int = 0
    heads: int = 0
    anchors: int = 0
    pending: int = 0  # anchors whose token has not come yet
    erased: int = 0
    found: list[Problem] = field(default_factory=list)

    def add(self, index: int, what: str) -> None:
        self.found.append(Problem(index, what))

    def has_found(self, first: int, end: int) -> bool:
        """Whether something is wrong with one of these entries."""
        return any(first <= problem.index < end for problem in self.found)

    @property
    def problems(self) -> list[Problem]:
        return sorted(self.found, key=lambda problem: problem.index)[:MOST_PROBLEMS]


def audit(against: Iterable[Checkpoint] = ()) -> Audit:
    """Compute the journal again, up to where it ends now, and compare it with its heads and with others."""
    head = JournalHead.objects.first()
    done = Audit(size=head.size if head else 0)
    expected = _expected(done, against)
    _Walk(done, expected).go()
    _check_anchors(done)
    return done


def stop_if_damaged(*, now: datetime) -> list[Problem]:
    """Look at the whole journal; where it is damaged, no head is signed until an operator says so."""
    problems = audit().problems
    if problems:
        JournalHead.objects.filter(stopped_at=None).update(stopped_at=now)
    return problems


def resume() -> None:
    """Sign heads again, after the journal was repaired."""
    JournalHead.objects.update(stopped_at=None)


def _expected(done: Audit, against: Iterable[Checkpoint]) -> Expected:
    """The roots that the tree must have, by size, and who says so."""
    expected = defaultdict(list)
    for signed in SignedHead.objects.order_by("size").iterator(CHUNK):
        done.heads += 1
        try:
            found = heads.checkpoint(signed)
        except JournalDamaged:
            done.add(signed.size, "the signed head of this size is not what was signed")
            continue
        expected[found.size].append((found.root, "its signed head"))
    for kept in against:
        expected[kept.size].append((kept.root, "a head kept elsewhere"))
    for size in [size for size in expected if size > done.size]:
        for _, who in expected[size]:
            done.add(done.size, f"the journal ends here, and {who} has {size} entries")
    return expected


class _Walk:
    """From the first entry to the last, with the tree that they make.

    What a wrong entry explains, in the nodes above it and in the heads after it, is not said again.
    """

    def __init__(self, done: Audit, expected: Expected) -> None:
        self.done, self.expected = done, expected
        self.grown = Frontier()
        self.good = 0  # the last size at which a head agreed
        self.erased: set[int] = set()
        self.told: set[int] = set()  # of the erased ones, those that an entry tells of

    def go(self) -> None:
        for start in range(0, self.done.size, CHUNK):
            end = min(self.done.size, start + CHUNK)
            entries = JournalEntry.objects.filter(index__gte=start, index__lt=end)
            completed: dict[Place, bytes] = {}
            for entry in entries.order_by("index"):
                if entry.index != self.grown.size:
                    break
                self._look_at(entry)
                completed.update(self.grown.append(bytes(entry.leaf_hash)))
                self._compare_heads()
            self._compare_nodes(completed, start)
            if self.grown.size < end:
                self.done.add(self.grown.size, "the entry is missing")
                return
        for index in self.erased - self.told:
            self.done.add(index, "the entry was erased, and no entry says so")
        self.done.erased = len(self.erased)

    def _look_at(self, entry: JournalEntry) -> None:
        if not journal.is_intact(entry):
            self.done.add(entry.index, "the entry is not what was written")
        if journal.is_erased(entry):
            self.erased.add(entry.index)
        if entry.action == erasure.ACTION:
            self.told.update(entry.facts.get("indexes", ()))

    def _compare_heads(self) -> None:
        size = self.grown.size
        for root, who in self.expected.get(size, ()):
            if root == self.grown.root:
                self.good = size
            elif not self.done.has_found(0, size):
                self.done.add(self.good, f"{who} of {size} entries is of another journal")

    def _compare_nodes(self, completed: Mapping[Place, bytes], start: int) -> None:
        """The nodes that these entries made whole, and no others, are what they make."""
        stored = _stored_nodes(start, self.grown.size)
        for level, index in sorted(stored.keys() | completed.keys()):
            first, end = index << level, (index + 1) << level
            is_same = stored.get((level, index)) == completed.get((level, index))
            if not is_same and not self.done.has_found(first, end):
                self.done.add(first, f"node {index} of level {level} is not what it was")


def _stored_nodes(start: int, end: int) -> dict[Place, bytes]:
    """Those that the entries from `start` to `end` should have made whole."""
    wanted = Q(pk__in=[])
    for level in range(1, end.bit_length()):
        wanted |= Q(level=level, index__gte=start >> level, index__lt=end >> level)
    nodes = JournalNode.objects.filter(wanted).values_list("level", "index", "hash")
    return {(level, index): bytes(node) for level, index, node in nodes}


def _check_anchors(done: Audit) -> None:
    for anchor in Anchor.objects.select_related("head", "timestamp").order_by("head"):
        done.anchors += 1
        timestamp, last = anchor.timestamp, max(0, anchor.head_id - 1)
        digest = hashlib.sha256(anchor.head.note.encode()).digest()
        if bytes(timestamp.digest) != digest:
            done.add(last, "the anchor is of another head")
        elif timestamp.token is None:
            done.pending += 1
        else:
            try:
                timestamps.verify(timestamp)
            except BadToken as error:
                done.add(last, f"the token of the anchor does not hold ({error.code})")
