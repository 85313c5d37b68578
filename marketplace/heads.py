# SPDX-License-Identifier: EUPL-1.2
"""Signing the journal's head. What is signed is computed again from what is stored, never remembered.

Every entry since the last head is read back, its commitment and its leaf hash are made again, and the
tree of the last head must still be there: a flipped bit is found before it is signed, not after.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from marketplace import journal, journal_tree, notes
from marketplace.errors import JournalDamaged
from marketplace.journal_tree import NodesMissing
from marketplace.merkle import Frontier, Place
from marketplace.models import JournalEntry, JournalHead, SignedHead
from marketplace.notes import BadNote, Checkpoint, VerifierKey

_logger = logging.getLogger(__name__)
_CONTEXT = b"sigille-log-v1"


@dataclass(frozen=True)
class Proof:
    """That an entry is in the journal: a signed head, and the hashes of RFC 6962, § 2.1.1."""

    note: str
    hashes: tuple[bytes, ...]


def sign(*, now: datetime) -> SignedHead:
    """The signed head of the journal as it is; in a transaction, until whose end nothing is appended.

    Raises:
        JournalDamaged: the journal is not what was written, and nothing was signed.
    """
    head, _ = JournalHead.objects.select_for_update().get_or_create(pk=1)
    if head.stopped_at is not None:
        raise JournalDamaged(None)
    last = SignedHead.objects.order_by("size").last()
    if last is not None and last.size == head.size:
        return last
    root = _root(last, head.size)
    note = notes.sign(Checkpoint(settings.LOG_NAME, head.size, root), _private_key())
    return SignedHead.objects.create(size=head.size, note=note, signed_at=now)


def prove(entry: JournalEntry, *, now: datetime) -> Proof | None:
    """The signed head and the place in it of the entry that was just recorded, in its transaction.

    None where the journal turns out to be damaged: what an entry tells of must not be lost for that.
    """
    try:
        head = sign(now=now)
    except JournalDamaged as damage:
        _logger.critical("The journal is damaged at entry %s: no head is signed", damage.index)
        return None
    return Proof(head.note, tuple(journal_tree.prove_inclusion(entry.index, head.size)))


def checkpoint(head: SignedHead) -> Checkpoint:
    """What a head says.

    Raises:
        JournalDamaged: its signature does not hold, or it is of another size.
    """
    try:
        found = read(head.note)
    except BadNote as error:
        raise JournalDamaged(head.size) from error
    if found.size != head.size:
        raise JournalDamaged(head.size)
    return found


def verifier_key() -> VerifierKey:
    """The public key of the log, with its name."""
    return VerifierKey(settings.LOG_NAME, _private_key().public_key())


def read(note: str) -> Checkpoint:
    """What a note says that our key has signed, under whatever name the log had then, or a former key.

    Raises:
        BadNote: it is no note, or of another key.
    """
    own = VerifierKey(note.partition("\n")[0], _private_key().public_key())
    return notes.read(note, [own, *map(notes.read_verifier_key, settings.LOG_FORMER_KEYS)])


def _private_key() -> Ed25519PrivateKey:
    return _derived(settings.LOG_KEY)


@cache
def _derived(secret: str) -> Ed25519PrivateKey:
    derivation = HKDF(hashes.SHA256(), length=32, salt=None, info=_CONTEXT)
    return Ed25519PrivateKey.from_private_bytes(derivation.derive(secret.encode()))


def _root(last: SignedHead | None, size: int) -> bytes:
    try:
        grown = journal_tree.frontier(last.size if last else 0)
        if last is not None and grown.root != checkpoint(last).root:
            raise JournalDamaged(None)
        completed = _append_stored(grown, size)
        stored = journal_tree.read(completed)
    except NodesMissing as error:
        raise JournalDamaged(error.first_leaf) from error
    wrong = [place for place, node in completed.items() if stored[place] != node]
    if wrong:
        raise JournalDamaged(min(index << level for level, index in wrong))
    return grown.root


def _append_stored(grown: Frontier, size: int) -> dict[Place, bytes]:
    """Read the entries up to `size` back into the tree; the nodes that they make whole."""
    completed: dict[Place, bytes] = {}
    entries = JournalEntry.objects.filter(index__gte=grown.size, index__lt=size)
    for entry in entries.order_by("index").iterator():
        if entry.index != grown.size or not journal.is_intact(entry):
            raise JournalDamaged(grown.size)
        completed.update(grown.append(bytes(entry.leaf_hash)))
    if grown.size != size:
        raise JournalDamaged(grown.size)
    return completed
