# SPDX-License-Identifier: EUPL-1.2
"""Writing the journal: in the same transaction as the change it tells of."""

import hashlib
import secrets
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from marketplace import canonical, journal_tree, merkle
from marketplace.canonical import CanonicalError, JSONValue
from marketplace.errors import Refusal
from marketplace.models import JournalEntry, JournalHead, User

SALT_SIZE = 16  # bytes
SYSTEM = "system"  # the actor of what no person asked for

Fact = str | int | bool | None | list[str] | list[int]


Subject = Model  # what an entry is about: any row with a UUID


def record(
    action: str,
    subject: Subject,
    *,
    actor: User | None,
    now: datetime,
    organisation_id: UUID | None = None,
    **facts: Fact,
) -> JournalEntry:
    """Append an entry. `facts` must tell nothing of what a bid contains.

    The head stays locked until the transaction ends, and PostgreSQL looks at foreign keys at its very end:
    a rule locks its rows before, with `no_key=True`, or two rules wait for each other.

    Raises:
        TransactionManagementError: outside a transaction, where the entry could outlive the change.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a journal entry goes with its change")
    head, _ = JournalHead.objects.select_for_update().get_or_create(pk=1)
    entry = JournalEntry(
        index=head.size,
        recorded_at=now.astimezone(UTC),
        action=action,
        subject=_named(subject),
        organisation_id=organisation_id,
        actor=f"{actor.email} {actor.pk}" if actor else SYSTEM,
        facts=facts,
        salt=secrets.token_bytes(SALT_SIZE),
    )
    entry.commitment = commitment(entry)
    entry.leaf_hash = merkle.leaf_hash(leaf(entry))
    entry.save(force_insert=True)
    journal_tree.append(entry)
    head.size += 1
    head.save(update_fields=["size"])
    return entry


@transaction.atomic
def record_refusal(
    refusal: Refusal,
    subject: Subject,
    *,
    actor: User | None,
    now: datetime,
    organisation_id: UUID | None = None,
) -> JournalEntry:
    """Append what was refused: attempts must be detectable (directive 2014/24/EU, annex IV g)."""
    return record(
        "refused." + refusal.code,
        subject,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        **refusal.facts,
    )


def tells(action: str, subject: Subject, **facts: Fact) -> bool:
    """Whether an entry about `subject` says that `action` happened, with these facts among others."""
    said = {f"facts__{name}": value for name, value in facts.items()}
    return JournalEntry.objects.filter(subject=_named(subject), action=action, **said).exists()


def _named(subject: Subject) -> str:
    return f"{subject._meta.object_name} {subject.pk}"  # noqa: SLF001 - Django documents it


def is_intact(entry: JournalEntry) -> bool:
    """Whether an entry, as it is stored, is what was written, but for what was erased."""
    try:
        is_its_own = is_erased(entry) or commitment(entry) == bytes(entry.commitment)
        return is_its_own and merkle.leaf_hash(leaf(entry)) == bytes(entry.leaf_hash)
    except CanonicalError:
        return False


def is_erased(entry: JournalEntry) -> bool:
    """Whether nothing is left but the leaf."""
    return not (entry.actor or entry.facts or bytes(entry.salt))


def commitment(entry: JournalEntry) -> bytes:
    """SHA-256 of the salt and of what may be erased one day, 32 bytes."""
    erasable = canonical.dumps({"actor": entry.actor, "facts": entry.facts})
    return hashlib.sha256(bytes(entry.salt) + erasable).digest()


def leaf(entry: JournalEntry) -> bytes:
    """The bytes that the tree holds for an entry: `docs/envelope-format.md` § 12."""
    return canonical.dumps(_public(entry) | {"commitment": bytes(entry.commitment).hex()})


def opened(entry: JournalEntry) -> JSONValue:
    """All of an entry, with the salt that shows what its commitment commits to."""
    erasable = {"actor": entry.actor, "facts": entry.facts, "salt": bytes(entry.salt).hex()}
    return _public(entry) | erasable


def _public(entry: JournalEntry) -> dict[str, JSONValue]:
    return {
        "action": entry.action,
        "index": entry.index,
        "organisation": str(entry.organisation_id) if entry.organisation_id else None,
        "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
        "subject": entry.subject,
    }
