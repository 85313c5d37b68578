# SPDX-License-Identifier: EUPL-1.2
"""A head is signed over what is stored, or not at all (attack L5)."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import F

from marketplace import heads, journal, journal_tree, notes
from marketplace.errors import JournalDamaged
from marketplace.models import JournalEntry, JournalHead, JournalNode, SignedHead
from marketplace.notes import Checkpoint, VerifierKey
from tests.factories import NOW, SECOND, make_organisation

pytestmark = pytest.mark.django_db


def record(count: int = 1) -> None:
    organisation = make_organisation()
    for number in range(count):
        with transaction.atomic():
            journal.record("thing.changed", organisation, actor=None, now=NOW, number=number)


def sign(now=NOW) -> SignedHead:
    with transaction.atomic():
        return heads.sign(now=now)


def test_sign_signs_the_root_of_the_entries(settings):
    record(5)

    signed = sign()

    root = journal_tree.frontier(5).root
    assert heads.checkpoint(signed) == Checkpoint(settings.LOG_NAME, 5, root)
    assert notes.read(signed.note, [heads.verifier_key()]).root == root


def test_sign_twice_is_one_head():
    record(3)

    first, second = sign(), sign(now=NOW + SECOND)

    assert first == second
    assert SignedHead.objects.get().signed_at == NOW


def test_sign_goes_on_from_the_last_head(django_assert_num_queries):
    record(9)
    sign()
    record(8)

    # savepoint, head; last head; its tree: entries, nodes; what is new: entries, nodes; the insert
    with django_assert_num_queries(9):
        signed = sign()

    assert heads.checkpoint(signed).root == journal_tree.frontier(17).root


def test_sign_of_an_empty_journal():
    assert heads.checkpoint(sign()).size == 0


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


DAMAGES = {
    "the action of an entry": lambda: JournalEntry.objects.filter(index=7).update(action="x"),
    "its time": lambda: JournalEntry.objects.filter(index=7).update(recorded_at=NOW - SECOND),
    "its subject": lambda: JournalEntry.objects.filter(index=7).update(subject="Thing 2"),
    "its organisation": lambda: JournalEntry.objects.filter(index=7).update(
        organisation=make_organisation()
    ),
    "its actor": lambda: JournalEntry.objects.filter(index=7).update(actor="someone"),
    "its facts": lambda: JournalEntry.objects.filter(index=7).update(facts={"number": 8}),
    "its facts, no canonical form": lambda: JournalEntry.objects.filter(index=7).update(
        facts={"number": 0.5}
    ),
    "its salt": lambda: JournalEntry.objects.filter(index=7).update(salt=bytes(16)),
    "its commitment": lambda: JournalEntry.objects.filter(index=7).update(commitment=bytes(32)),
    "its leaf hash": lambda: JournalEntry.objects.filter(index=7).update(leaf_hash=bytes(32)),
    "the entry itself": lambda: JournalEntry.objects.filter(index=7).delete(),
    "a node": lambda: JournalNode.objects.filter(level=1, index=3).update(hash=bytes(32)),
    "a node that is gone": lambda: JournalNode.objects.filter(level=1, index=3).delete(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_sign_refuses_a_journal_damaged_since_the_last_head(damage):
    record(6)
    sign()
    record(5)

    damage()

    with pytest.raises(JournalDamaged) as refused:
        sign()
    assert refused.value.index in {6, 7}
    assert SignedHead.objects.count() == 1


def test_sign_refuses_any_flipped_bit_of_what_was_added():
    record(2)
    sign()
    record(1)
    entry = JournalEntry.objects.get(index=2)
    for field in ("salt", "commitment", "leaf_hash"):
        whole = bytes(getattr(entry, field))
        for bit in range(len(whole) * 8):
            spoiled = bytearray(whole)
            spoiled[bit // 8] ^= 1 << bit % 8
            JournalEntry.objects.filter(index=2).update(**{field: bytes(spoiled)})
            with pytest.raises(JournalDamaged):
                sign()
        JournalEntry.objects.filter(index=2).update(**{field: whole})

    assert sign().size == 3


def test_sign_refuses_a_journal_whose_last_tree_is_no_longer_there():
    record(6)
    sign()
    record(1)
    node = JournalNode.objects.get(level=2, index=0)

    JournalNode.objects.filter(level=2).update(hash=flipped(bytes(node.hash)))

    with pytest.raises(JournalDamaged):
        sign()


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head.note.replace("\n3\n", "\n2\n"),
        lambda head: head.note[:-10] + head.note[-9:],
        lambda _head: "",
    ],
)
def test_sign_refuses_when_the_last_head_was_altered(change):
    record(3)
    head = sign()
    record(1)

    SignedHead.objects.update(note=change(head))

    with pytest.raises(JournalDamaged):
        sign()


def test_sign_refuses_a_head_moved_to_another_size():
    record(3)
    sign()
    record(1)

    SignedHead.objects.update(size=2)

    with pytest.raises(JournalDamaged):
        sign()


def test_sign_refuses_a_journal_that_lost_its_end():
    record(4)
    JournalEntry.objects.filter(index=3).delete()

    with pytest.raises(JournalDamaged) as refused:
        sign()
    assert refused.value.index == 3


def test_sign_refuses_while_the_journal_is_stopped():
    record(1)
    JournalHead.objects.update(stopped_at=NOW)

    with pytest.raises(JournalDamaged):
        sign()


def test_sign_does_not_trust_the_size_alone():
    record(4)
    JournalHead.objects.update(size=F("size") + 1)

    with pytest.raises(JournalDamaged) as refused:
        sign()
    assert refused.value.index == 4


def test_heads_of_a_log_that_changed_its_name_are_still_read(settings):
    record(2)
    sign()
    record(1)

    settings.LOG_NAME = "sigille.example/journal"

    assert heads.checkpoint(sign()).origin == "sigille.example/journal"
    assert heads.checkpoint(SignedHead.objects.get(size=2)).size == 2


def test_heads_of_a_former_key_are_still_read(settings):
    former = Ed25519PrivateKey.generate()
    record(2)
    root = journal_tree.frontier(2).root
    note = notes.sign(Checkpoint("former.example/journal", 2, root), former)
    SignedHead.objects.create(size=2, note=note, signed_at=NOW)
    record(1)

    with pytest.raises(JournalDamaged):
        sign()

    settings.LOG_FORMER_KEYS = [str(VerifierKey("former.example/journal", former.public_key()))]
    assert heads.checkpoint(sign()).origin == settings.LOG_NAME
