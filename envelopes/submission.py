# SPDX-License-Identifier: EUPL-1.2
"""A deposit, from its first page to its receipt.

Submitting reads every block back, which takes seconds for a big deposit: nothing is locked meanwhile. The
change itself is one short transaction, that first makes sure that nothing moved.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from envelopes import attempts, chains, mending, presence, rehearsals, relations
from envelopes.errors.submission import (
    BadFileName,
    FileIncomplete,
    FilesDiffer,
    NothingToSubmit,
    RelationChanged,
    RelationMissing,
    SameName,
    StoredBlockDamaged,
    StoreSilent,
    SubmissionRefused,
)
from envelopes.manifest import (
    BadIndex,
    Index,
    IndexFile,
    Manifest,
    ManifestBlock,
    ManifestEnvelope,
    ManifestFile,
    fold_name,
)
from envelopes.mending import Finding
from envelopes.models import (
    Attempt,
    Deposit,
    Envelope,
    Receipt,
    RecipientSet,
    SealedBlock,
    SealedFile,
)
from envelopes.receipts import AnnouncedEnvelope, Announcement, annex, receipt, statement
from envelopes.sealing import Recipients, discard, recipients_of, seal_bytes, verify_stored
from marketplace import canonical, heads, journal, timestamps
from marketplace.models import Bidder, Consultation, EnvelopeKind, Lot, User


@dataclass(frozen=True)
class _Part:
    """One envelope that is being submitted, with its files in the bidder's order."""

    envelope: Envelope
    files: list[SealedFile]
    index: bytes


@dataclass(frozen=True)
class _SealedPart:
    """The same, once its index is sealed."""

    part: _Part
    index: SealedFile
    index_blocks: list[SealedBlock]


@transaction.atomic
def start(
    consultation: Consultation, bidder: Bidder, *, now: datetime, relation: str = ""
) -> Deposit:
    """The company's deposit in preparation for a consultation on line; a new one where it has none.

    A deadline that has passed does not prevent it: a late deposit is received, and flagged. `relation` is
    what a new one is to the earlier one, where there is one that is neither withdrawn nor replaced.

    Raises:
        RelationMissing: there is one, and that was not said.
        TooManyRehearsals: it could not be submitted.
    """
    locked = Consultation.objects.published().select_for_update(no_key=True, of=("self",))
    consultation = locked.get(pk=consultation.pk)
    drafts = consultation.deposits.filter(company=bidder.company_id, state=Deposit.State.DRAFT)
    if (draft := drafts.first()) is not None:
        return draft
    rehearsals.check_count(consultation, bidder.company_id, now=now)
    follows = chains.followed(chains.locked(consultation.pk, bidder.company_id))
    deposit = Deposit.objects.create(
        consultation=consultation,
        company=bidder.company,
        bidder=bidder,
        created_at=now,
        follows=follows,
        relation=relations.checked(relation, follows),
    )
    Envelope.objects.bulk_create(
        Envelope(deposit=deposit, kind=kind, lot=lot)
        for kind in consultation.envelope_kinds
        for lot in _lots(consultation, kind)
    )
    relations.tell("deposit.started", deposit, actor=bidder.user, now=now)
    return deposit


def _lots(consultation: Consultation, kind: EnvelopeKind) -> list[Lot | None]:
    """One application serves all the lots; each lot has its offer."""
    lots = consultation.lots.order_by("number") if kind == EnvelopeKind.OFFER else ()
    return [*lots] or [None]


def submit(deposit_id: UUID, announcement: Announcement, *, actor: User, now: datetime) -> Receipt:
    """Submit a deposit whose files have all arrived; repeated, it gives the same receipt for ever.

    `now` is when the whole request had arrived: at the deadline itself, the deposit is late. What the
    server does afterwards, however long, does not count against the bidder.

    Raises:
        SubmissionRefused: something is missing or damaged; the deposit stays as it was.
    """
    if not _is_begun(deposit_id, now=now):
        return Receipt.objects.get(pk=deposit_id)
    with attempts.remembered(deposit_id, Attempt.Step.SUBMISSION, lambda: now):
        return _submit(deposit_id, announcement, actor=actor, now=now)


@transaction.atomic
def _is_begun(deposit_id: UUID, *, now: datetime) -> bool:
    """Keep the start of a submission; false where the deposit is submitted already."""
    deposit = Deposit.objects.select_for_update(no_key=True, of=("self",)).get(pk=deposit_id)
    if deposit.state == Deposit.State.SUBMITTED:
        return False
    attempts.record(deposit, Attempt.Step.SUBMISSION, Attempt.Outcome.STARTED, now=now)
    return True


def _submit(deposit_id: UUID, announcement: Announcement, *, actor: User, now: datetime) -> Receipt:
    deposits = Deposit.objects.select_related("consultation__service__organisation", "company")
    deposit = deposits.get(pk=deposit_id)
    if (deposit.follows_id, deposit.relation) != (announcement.follows, announcement.relation):
        raise RelationChanged
    rehearsals.check_count(deposit.consultation, deposit.company_id, now=now)
    envelopes = {e.pk: e for e in deposit.envelopes.select_related("lot")}
    if not envelopes.keys() >= {announced.id for announced in announcement.envelopes}:
        raise FilesDiffer
    files = _announced_files(deposit, announcement)
    parts = [
        _part(envelopes[announced.id], announced, files) for announced in announcement.envelopes
    ]
    recipients = recipients_of(deposit.consultation_id)
    try:
        presence.recognise()
        blocks = _verified_blocks(deposit, now=now)
        sealed = [_sealed(part, recipients, now=now) for part in parts]
    except OSError as error:
        raise StoreSilent from error
    proof = annex(deposit, announcement, envelopes)
    manifest = _manifest(deposit, sealed, blocks)
    try:
        return _commit(deposit, sealed, manifest=manifest, annex=proof, actor=actor, now=now)
    except SubmissionRefused:
        _discard(sealed)
        raise


def _announced_files(deposit: Deposit, announcement: Announcement) -> dict[UUID, SealedFile]:
    """The files of the deposit, all announced and whole, by their ids."""
    files = {file.pk: file for file in deposit.uploads()}
    received = {(file.envelope_id, file.pk, file.size) for file in files.values()}
    announced = [
        (envelope.id, file.upload_id, file.size)
        for envelope in announcement.envelopes
        for file in envelope.files
    ]
    if len(announced) != len(received) or set(announced) != received:
        raise FilesDiffer
    if not files:
        raise NothingToSubmit
    if any(file.completed_at is None for file in files.values()):
        raise FileIncomplete
    return files


def _part(envelope: Envelope, announced: AnnouncedEnvelope, files: dict[UUID, SealedFile]) -> _Part:
    in_order = [files[file.upload_id] for file in announced.files]
    if len({fold_name(file.name) for file in announced.files}) < len(announced.files):
        raise SameName
    index = Index(
        deposit=envelope.deposit_id,
        envelope=envelope.pk,
        kind=envelope.kind,
        lot=envelope.lot.number if envelope.lot else None,
        files=tuple(
            IndexFile(bytes(file.file_id), said.name, said.sha256, said.size)
            for file, said in zip(in_order, announced.files, strict=True)
        ),
    )
    try:
        return _Part(envelope, in_order, index.to_bytes())
    except BadIndex as error:
        raise BadFileName from error


def _verified_blocks(deposit: Deposit, *, now: datetime) -> dict[UUID, list[SealedBlock]]:
    """The blocks of the files, in order, each copy of them read back; a bad one is written again."""
    blocks = defaultdict(list)
    for block in SealedBlock.objects.filter(file__envelope__deposit=deposit).order_by("number"):
        _verify(block, now=now)
        blocks[block.file_id].append(block)
    return blocks


def _verify(block: SealedBlock, *, now: datetime) -> None:
    try:
        verify_stored(block)
    except (StoredBlockDamaged, OSError):
        if mending.mend(block.pk, now=now) not in {Finding.SOUND, Finding.REPAIRED}:
            raise


def _sealed(part: _Part, recipients: Recipients, *, now: datetime) -> _SealedPart:
    index = SealedFile(
        envelope=part.envelope,
        is_index=True,
        size=len(part.index),
        received_size=len(part.index),
        created_at=now,
        completed_at=now,
    )
    blocks = seal_bytes(index, part.index, recipients)
    index.block_count = len(blocks)
    for block in blocks:
        verify_stored(block)
    return _SealedPart(part, index, blocks)


def _manifest(
    deposit: Deposit, sealed: list[_SealedPart], blocks: dict[UUID, list[SealedBlock]]
) -> bytes:
    envelopes = tuple(
        ManifestEnvelope(
            id=one.part.envelope.pk,
            kind=one.part.envelope.kind,
            lot=one.part.envelope.lot.number if one.part.envelope.lot else None,
            index=_manifest_file(one.index, one.index_blocks),
            files=tuple(_manifest_file(file, blocks[file.pk]) for file in one.part.files),
        )
        for one in sealed
    )
    recipients = tuple(deposit.consultation.recipient_set.fingerprints)
    return Manifest(deposit.pk, deposit.consultation_id, envelopes, recipients).to_bytes()


def _manifest_file(file: SealedFile, blocks: list[SealedBlock]) -> ManifestFile:
    return ManifestFile(
        bytes(file.file_id),
        tuple(ManifestBlock(bytes(block.sha256).hex(), block.size) for block in blocks),
    )


@transaction.atomic
def _commit(
    deposit: Deposit,
    sealed: list[_SealedPart],
    *,
    manifest: bytes,
    annex: bytes,
    actor: User,
    now: datetime,
) -> Receipt:
    """Make the deposit submitted, unless another request just did."""
    locked = Deposit.objects.select_for_update(no_key=True, of=("self",)).get(pk=deposit.pk)
    if locked.state == Deposit.State.SUBMITTED:
        transaction.on_commit(lambda: _discard(sealed))
        return locked.receipt
    if (locked.follows_id, locked.relation) != (deposit.follows_id, deposit.relation):
        raise RelationChanged
    if locked.follows_id is None and _is_second(locked):
        raise RelationMissing
    announced = {file.pk for one in sealed for file in one.part.files}
    if announced != set(deposit.uploads().values_list("pk", flat=True)):
        raise FilesDiffer
    SealedFile.objects.bulk_create(one.index for one in sealed)
    SealedBlock.objects.bulk_create(block for one in sealed for block in one.index_blocks)
    deposit.envelopes.exclude(pk__in=[one.part.envelope.pk for one in sealed]).delete()
    _number(deposit)
    deposit.first_byte_at, deposit.last_byte_at = locked.first_byte_at, locked.last_byte_at
    deposit.state, deposit.submitted_at, deposit.manifest = Deposit.State.SUBMITTED, now, manifest
    deposit.is_late = deposit.consultation.is_closed(now)
    deposit.save()
    digest = hashlib.sha256(manifest).digest()
    said = statement(deposit, manifest=manifest, annex=annex)
    attempts.record(deposit, Attempt.Step.SUBMISSION, Attempt.Outcome.COMPLETED, now=now)
    # No organisation: see `uploads._create`.
    entry = journal.record(
        "deposit.submitted",
        deposit,
        actor=actor,
        now=now,
        is_late=deposit.is_late,
        manifest_sha256=digest.hex(),
        receipt_sha256=hashlib.sha256(canonical.dumps(said)).hexdigest(),
    )
    content = receipt(said, entry=entry, proof=heads.prove(entry, now=now))
    timestamp = timestamps.request(digest, now=now)
    return Receipt.objects.create(
        deposit=deposit, content=content, issued_at=now, timestamp=timestamp
    )


def _is_second(deposit: Deposit) -> bool:
    """Whether the company has a deposit that this one replaces or completes: one is asked when it begins."""
    chain = chains.of_company(deposit.consultation_id, deposit.company_id)
    return chains.followed(chain) is not None


def _number(deposit: Deposit) -> None:
    """The next number of the consultation; whoever gives one locks the recipient set."""
    RecipientSet.objects.select_for_update(no_key=True).get(pk=deposit.consultation_id)
    highest = Deposit.objects.filter(consultation=deposit.consultation_id).aggregate(Max("number"))
    deposit.number = (highest["number__max"] or 0) + 1


def _discard(sealed: list[_SealedPart]) -> None:
    discard(block.storage_name for one in sealed for block in one.index_blocks)
