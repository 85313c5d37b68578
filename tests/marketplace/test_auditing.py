# SPDX-License-Identifier: EUPL-1.2
"""The journal computed again: each attack is found, and named by its first entry (L1, L2, L5, L6).

`SIGILLE_ATTACKS=10000 pytest tests/marketplace/test_auditing.py` is the campaign.
"""

import hashlib
import os
import random
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from envelopes.offline import verify
from marketplace import (
    anchoring,
    auditing,
    canonical,
    erasure,
    heads,
    journal,
    journal_tree,
    merkle,
    notes,
    tasks,
    timestamps,
)
from marketplace.errors import JournalDamaged
from marketplace.merkle import Frontier
from marketplace.models import (
    Anchor,
    JournalEntry,
    JournalHead,
    JournalNode,
    SignedHead,
    Timestamp,
    User,
)
from marketplace.notes import Checkpoint
from tests.factories import NOW, SECOND, make_organisation, make_user

pytestmark = pytest.mark.django_db
ATTACKS = int(os.environ.get("SIGILLE_ATTACKS", "60"))


def record(count: int, *, actor: User | None = None) -> None:
    organisation = make_organisation()
    for number in range(count):
        with transaction.atomic():
            journal.record("thing.changed", organisation, actor=actor, now=NOW, number=number)


def sign() -> SignedHead:
    with transaction.atomic():
        return heads.sign(now=NOW)


def make_journal() -> SignedHead:
    """23 entries, heads at 7 and 16, an anchor at 19 with its token; the head at 16."""
    record(7)
    sign()
    record(9)
    signed = sign()
    record(3)
    anchoring.anchor(now=NOW)
    timestamps.obtain_waiting(clock=lambda: NOW)
    record(4)
    return signed


def first_wrong(*against: Checkpoint) -> int | None:
    problems = auditing.audit(against).problems
    return problems[0].index if problems else None


def test_audit_finds_nothing_wrong_in_what_was_written():
    signed = make_journal()

    done = auditing.audit([heads.checkpoint(signed)])

    assert (done.size, done.heads, done.anchors, done.pending) == (23, 3, 1, 0)
    assert done.problems == []


def test_audit_of_an_empty_journal():
    assert auditing.audit().problems == []


def test_audit_asks_little_of_a_long_journal(django_assert_num_queries):
    make_journal()

    # the head; heads; entries and nodes of one chunk; anchors
    with django_assert_num_queries(5):
        auditing.audit()


def update(index: int, **fields: object) -> Callable[[], object]:
    return lambda: JournalEntry.objects.filter(index=index).update(**fields)


DAMAGES = {
    "an action": (update(11, action="x"), 11),
    "a time": (update(11, recorded_at=NOW - SECOND), 11),
    "an actor": (update(11, actor="somebody"), 11),
    "facts": (update(11, facts={"number": 99}), 11),
    "facts without a canonical form": (update(11, facts={"number": 0.5}), 11),
    "a salt": (update(11, salt=bytes(16)), 11),
    "a commitment": (update(11, commitment=bytes(32)), 11),
    "a leaf hash": (update(11, leaf_hash=bytes(32)), 11),
    "erased without a word": (update(11, salt=b"", actor="", facts={}), 11),
    "an entry": (lambda: JournalEntry.objects.filter(index=11).delete(), 11),
    "the last entry": (lambda: JournalEntry.objects.filter(index=22).delete(), 22),
    "a node": (lambda: JournalNode.objects.filter(level=1, index=5).update(hash=bytes(32)), 10),
    "a high node": (lambda: JournalNode.objects.filter(level=4).update(hash=bytes(32)), 0),
    "a node that is gone": (lambda: JournalNode.objects.filter(level=2, index=3).delete(), 12),
    "a head": (lambda: SignedHead.objects.filter(size=16).update(note="x"), 16),
    "an anchor of another head": (lambda: Timestamp.objects.update(digest=bytes(32)), 18),
    "a token": (lambda: Timestamp.objects.update(token=b"x"), 18),
    "the size": (lambda: JournalHead.objects.update(size=24), 23),
}


@pytest.mark.parametrize(("damage", "index"), DAMAGES.values(), ids=DAMAGES)
def test_audit_names_the_first_wrong_entry(damage, index):
    make_journal()

    damage()

    assert first_wrong() == index


def test_audit_counts_the_tokens_that_are_waited_for():
    record(1)
    anchoring.anchor(now=NOW)

    done = auditing.audit()

    assert (done.anchors, done.pending, done.problems) == (1, 1, [])


# A root administrator: the database and the log's key are his. He writes everything again.


def rewrite(entries: list[JournalEntry]) -> None:
    """These entries instead of those, with commitments, hashes, tree, heads and size to match."""
    sizes = set(SignedHead.objects.values_list("size", flat=True))
    for model in (Anchor, Timestamp, SignedHead, JournalNode, JournalEntry):
        model.objects.all().delete()
    grown, nodes, signed = Frontier(), [], []
    for index, entry in enumerate(entries):
        entry.index = index
        entry.commitment = journal.commitment(entry)
        entry.leaf_hash = merkle.leaf_hash(journal.leaf(entry))
        nodes += grown.append(bytes(entry.leaf_hash))
        if grown.size in sizes:
            note = notes.sign(
                Checkpoint(heads.verifier_key().name, grown.size, grown.root), heads._private_key()
            )
            signed.append(SignedHead(size=grown.size, note=note, signed_at=NOW))
    JournalEntry.objects.bulk_create(entries)
    JournalNode.objects.bulk_create(
        JournalNode(level=level, index=index, hash=node) for (level, index), node in nodes
    )
    SignedHead.objects.bulk_create(signed)
    JournalHead.objects.update(size=len(entries))


def attack(chance: random.Random, entries: list[JournalEntry], before: int) -> list[JournalEntry]:
    """One entry before that size edited, back-dated, deleted, doubled, or exchanged with another."""
    at, other = chance.randrange(before), chance.randrange(before)
    kind = chance.choice(["edit", "date", "delete", "insert", "swap", "cut"])
    done = list(entries)
    if kind == "edit":
        done[at].facts = {"number": chance.randrange(1000, 2000)}
    elif kind == "date":
        done[at].recorded_at -= SECOND * chance.randrange(1, 9999)
    elif kind == "delete":
        del done[at]
    elif kind == "insert":
        done.insert(at, JournalEntry.objects.get(index=other))
        done[at].facts = {"number": -1}
    elif kind == "swap":
        other = (at + 1) % before
        done[at], done[other] = done[other], done[at]
    else:
        done = done[:at]
    return done


def test_a_rewriting_is_found_with_any_head_issued_after_the_entry():
    kept = heads.checkpoint(make_journal())
    entries = list(JournalEntry.objects.order_by("index"))
    chance = random.Random(9)
    for _ in range(ATTACKS):
        with transaction.atomic():
            changed = attack(chance, list(JournalEntry.objects.order_by("index")), kept.size)
            rewrite(changed)
            assert first_wrong() is None, "the rewriting must be consistent with itself"
            assert first_wrong(kept) is not None
            transaction.set_rollback(True)

    assert list(JournalEntry.objects.order_by("index")) == entries


def test_a_journal_put_back_to_an_old_copy_is_found():
    kept = heads.checkpoint(make_journal())

    rewrite(list(JournalEntry.objects.order_by("index")[: kept.size - 1]))

    assert first_wrong() is None
    assert first_wrong(kept) == kept.size - 1


# Erasing.


def test_erasing_a_person_breaks_no_proof():
    person = make_user()
    record(3)
    record(2, actor=person)
    signed = sign()
    leaf = bytes(JournalEntry.objects.get(index=3).leaf_hash)
    proof = journal_tree.prove_inclusion(3, 5)

    count = erasure.erase(person, actor=None, now=NOW)

    assert count == 2
    erased = JournalEntry.objects.get(index=3)
    assert (erased.actor, erased.facts, bytes(erased.salt)) == ("", {}, b"")
    assert journal_tree.prove_inclusion(3, 5) == proof
    root = heads.checkpoint(signed).root
    merkle.verify_inclusion(merkle.leaf_hash(journal.leaf(erased)), 3, 5, proof, root)
    assert bytes(erased.leaf_hash) == leaf
    done = auditing.audit([heads.checkpoint(signed)])
    assert (done.erased, done.problems) == (2, [])
    assert heads.checkpoint(sign()).size == 6


def test_what_was_erased_is_not_found_by_trying():
    """All that could have been written is tried: without the salt, none of it has the commitment."""
    person = make_user()
    record(1, actor=person)
    erasure.erase(person, actor=None, now=NOW)
    commitment = bytes(JournalEntry.objects.get(index=0).commitment)

    told = canonical.dumps({"actor": f"{person.email} {person.pk}", "facts": {"number": 0}})
    tried = {
        hashlib.sha256(salt + told).digest()
        for salt in (b"", bytes(16), person.pk.bytes, commitment[:16])
    }

    assert commitment not in tried


def test_erasing_leaves_an_entry_and_twice_changes_nothing():
    person, other = make_user(), make_user()
    record(2, actor=person)
    record(1, actor=other)

    assert erasure.erase(person, actor=other, now=NOW) == 2
    assert erasure.erase(person, actor=other, now=NOW) == 0

    told = JournalEntry.objects.get(action="journal.erased")
    assert told.facts == {"indexes": [0, 1]}
    assert JournalEntry.objects.get(index=2).actor.startswith(other.email)
    assert JournalEntry.objects.count() == 4


# Stopping, and the command.


def test_damage_found_at_night_stops_the_signing_until_the_operator_says_so():
    make_journal()
    JournalEntry.objects.filter(index=2).update(action="x")

    tasks.check_journal()

    with pytest.raises(JournalDamaged):
        sign()
    JournalEntry.objects.filter(index=2).update(action="thing.changed")
    with pytest.raises(JournalDamaged):
        sign()
    call_command("verify_journal", "--resume", stdout=StringIO())
    assert sign().size == 23


def test_sound_journal_is_not_stopped():
    make_journal()

    tasks.check_journal()

    assert sign().size == 23


def test_command_says_what_it_looked_at(tmp_path: Path):
    kept = tmp_path / "head"
    kept.write_text(make_journal().note, encoding="utf-8")
    said = StringIO()

    call_command("verify_journal", "--against", str(kept), stdout=said)

    lines = said.getvalue().splitlines()
    assert lines[0] == f"Key: {heads.verifier_key()}"
    assert lines[1].startswith("23 entries (0 erased), 3 signed heads, 1 anchors (0 pending), 1 ")
    assert lines[2] == "Nothing is wrong."


def test_command_names_the_first_wrong_entry():
    make_journal()
    for index in (15, 4):
        JournalEntry.objects.filter(index=index).update(action="x")
    errors = StringIO()

    with pytest.raises(CommandError, match=r"^First wrong entry: 4 \("):
        call_command("verify_journal", stdout=StringIO(), stderr=errors)

    assert "Entry 15:" in errors.getvalue()


@pytest.mark.parametrize("text", ["", "x", "{}", '{"journal":{"head":null}}', "{"])
def test_command_refuses_to_compare_with_what_is_no_head(tmp_path: Path, text):
    kept = tmp_path / "kept"
    kept.write_text(text, encoding="utf-8")

    with pytest.raises(CommandError, match="cannot be compared"):
        call_command("verify_journal", "--against", str(kept), stdout=StringIO())


def test_command_proves_to_the_verifier_that_two_heads_are_of_one_journal(tmp_path: Path):
    make_journal()
    paths = [tmp_path / str(size) for size in (16, 7)]
    for path in paths:
        path.write_text(SignedHead.objects.get(size=int(path.name)).note, encoding="utf-8")
    proof = StringIO()

    call_command("verify_journal", "--consistency", *map(str, paths), stdout=proof)

    (tmp_path / "proof").write_text(proof.getvalue(), encoding="utf-8")
    options = ["--key", str(heads.verifier_key()), "--consistency", str(tmp_path / "proof")]
    assert verify.main(["--compare", *map(str, paths), *options]) == 0


def test_command_has_no_proof_of_a_journal_that_was_cut(tmp_path: Path):
    kept = make_journal()
    record(9)
    paths = [tmp_path / "old", tmp_path / "new"]
    for path, signed in zip(paths, (kept, sign()), strict=True):
        path.write_text(signed.note, encoding="utf-8")
    JournalEntry.objects.filter(index__gte=kept.size).delete()
    JournalNode.objects.filter(level=4, index=1).delete()

    with pytest.raises(CommandError, match="has not 32 entries"):
        call_command("verify_journal", "--consistency", *map(str, paths), stdout=StringIO())


def test_erase_person_command():
    person = make_user()
    record(2, actor=person)
    said = StringIO()

    call_command("erase_person", person.email, "--yes", stdout=said)

    assert said.getvalue().startswith("2 entries")
    assert not JournalEntry.objects.filter(actor__contains=person.email).exists()
    with pytest.raises(CommandError, match="Nobody"):
        call_command("erase_person", "nobody@example.org", "--yes")
    with pytest.raises(CommandError, match="--yes"):
        call_command("erase_person", person.email)
