# SPDX-License-Identifier: EUPL-1.2
"""Opening envelopes after the deadline: what is shown, what is served, what is released.

Until the deadline nothing is listed nor served, to anybody: each of these rules begins with it
(CCP, art. R2132-9). An agent's browser then unwraps the content keys of an envelope with the private
key, which stays there, and releases them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, Q

from envelopes import chains, release_keys, sessions
from envelopes.chains import Link
from envelopes.errors.opening import (
    BlockDamaged,
    IndexDamaged,
    NotARecipientKey,
    WrongContentKeys,
)
from envelopes.manifest import BadIndex, Index, IndexFile, read_index
from envelopes.models import Deposit, Envelope, LocalOpening, Release, ReleasedFile
from envelopes.release_keys import ContentKeys, Purpose
from envelopes.signals import envelope_opened
from envelopes.standing import State
from envelopes.stored import (
    StoredEnvelope,
    StoredFile,
    manifest_of,
    read_block,
    read_header,
    stored_envelope,
)
from keys.models import KeyPair
from marketplace import journal
from marketplace.models import Agent, Consultation

HEADERS_PAGE_SIZE: Final = 2 * 1024 * 1024  # bytes of headers in one answer


@dataclass(frozen=True)
class ReleasedKeys:
    """What an agent's browser sends: the content keys, and the certificate of the key that unwrapped them."""

    fingerprint: str
    content_keys: ContentKeys = field(repr=False)  # no log shows them


@dataclass(frozen=True)
class Headers:
    """Headers of consecutive blocks of an envelope; `following` is the rank of the next one, if any."""

    headers: list[bytes]
    following: int | None


@dataclass(frozen=True)
class _Opened:
    """A verified envelope: its index, and the SHA-256 of the plaintext of each of its files."""

    index: Index
    index_plaintext: bytes
    digests: tuple[bytes, ...]


def deposits(consultation: Consultation, *, now: datetime) -> list[Link]:
    """The submitted deposits of a consultation, in order of arrival, with all that their page shows.

    What stands is opened by default; what is late or replaced on purpose only; what is withdrawn, never.

    Raises:
        DeadlineNotReached: see the module.
    """
    sessions.check_deadline(consultation, now=now)
    files = ReleasedFile.objects.select_related("file").order_by("name", "pk")
    envelopes = (
        Envelope.objects.select_related("lot", "release__released_by__user", "release__key_pair")
        .annotate(is_opened=Q(release__isnull=False))
        .prefetch_related(Prefetch("release__files", files))
        .order_by("kind", "lot__number")  # "application" is before "offer"
    )
    local = LocalOpening.objects.select_related("agent__user").order_by("started_at", "pk")
    submitted = consultation.deposits.filter(state=Deposit.State.SUBMITTED)
    return chains.grouped(
        submitted.select_related("company", "follows")
        .prefetch_related(
            Prefetch("envelopes", envelopes.prefetch_related(Prefetch("local_openings", local))),
            Prefetch("local_openings", local.filter(envelope=None)),
        )
        .order_by("number")
    )


def manifest(envelope_id: UUID, *, now: datetime) -> bytes:
    """The manifest of the deposit of an envelope that may be opened now.

    Raises:
        DeadlineNotReached, DepositWithdrawn, ApplicationFirst, ManifestDamaged.
    """
    envelope = sessions.openable(envelope_id, now=now)
    manifest_of(envelope.deposit)
    return bytes(envelope.deposit.manifest or b"")


def headers(envelope_id: UUID, *, start: int, now: datetime) -> Headers:
    """The headers of an envelope's blocks, from the block of rank `start`: the index, then the files.

    Raises:
        DeadlineNotReached, DepositWithdrawn, ApplicationFirst, ManifestDamaged, BlockDamaged,
        StoreUnavailable.
    """
    blocks = stored_envelope(sessions.openable(envelope_id, now=now)).blocks
    found: list[bytes] = []
    size = 0
    while start + len(found) < len(blocks) and size < HEADERS_PAGE_SIZE:
        found.append(read_header(*blocks[start + len(found)]))
        size += len(found[-1])
    following = start + len(found)
    return Headers(found, following if following < len(blocks) else None)


def release(
    envelope_id: UUID,
    *,
    agent: Agent,
    keys: ReleasedKeys,
    now: datetime,
    accepts: str = "",
) -> Release:
    """Keep the content keys of an envelope, so that its files are served from now on; once for ever.

    Everything is verified first, outside any transaction, since it takes as long as the envelope is
    large; then everything is written, or nothing.

    1. The deadline has passed, the deposit is not withdrawn, and its application is open.
    2. The key pair is of the recipient set.
    3. A late or replaced deposit is opened on purpose: `accepts` says which of the two.
    4. Every block of the index and of the files is whole, in its place, and opens (§ 9, 2 to 7).
    5. The index is that of the manifest (§ 9, 8); each file's size and digest are compared with it.

    Raises:
        OpeningRefused: one of these is not so; nothing was changed.
    """
    envelope = sessions.openable(envelope_id, now=now)  # 1
    if hasattr(envelope, "release"):
        return envelope.release
    key_pair = _recipient(envelope, keys.fingerprint)  # 2
    chains.check_openable(envelope.deposit, accepts=accepts)  # 3
    stored = stored_envelope(envelope)
    _check_keys(stored, keys.content_keys)
    opened = _opened(stored, keys.content_keys)  # 4, 5
    draft = Release(
        envelope=envelope,
        released_at=now,
        released_by=agent,
        key_pair=key_pair,
        sealed_keys=release_keys.seal(
            release_keys.encode(keys.content_keys), envelope.pk, Purpose.KEYS
        ),
        sealed_index=release_keys.seal(opened.index_plaintext, envelope.pk, Purpose.INDEX),
    )
    return _keep(draft, list(_released_files(draft, stored, opened)), accepts=accepts)


@transaction.atomic
def _keep(draft: Release, files: list[ReleasedFile], *, accepts: str) -> Release:
    """Write a release, unless another agent's came first: then that one is the release."""
    deposit = draft.envelope.deposit
    is_first = sessions.lock(deposit)
    Envelope.objects.select_for_update(no_key=True, of=("self",)).get(pk=draft.pk)
    first = Release.objects.filter(pk=draft.pk).first()
    if first is not None:
        return first
    state = sessions.check(deposit, accepts=accepts, now=draft.released_at)
    draft.save(force_insert=True)
    ReleasedFile.objects.bulk_create(files)
    if is_first:
        sessions.record_start(deposit.consultation, agent=draft.released_by, now=draft.released_at)
    envelope = draft.envelope
    journal.record(
        "envelope.opened",
        envelope,
        actor=draft.released_by.user,
        now=draft.released_at,
        organisation_id=envelope.deposit.consultation.service.organisation_id,
        deposit=str(envelope.deposit_id),
        fingerprint=draft.key_pair.fingerprint,
        is_late=envelope.deposit.is_late,
        is_replaced=state == State.REPLACED,
        different_files=sum(not file.matches_index for file in files),
    )
    transaction.on_commit(
        partial(
            envelope_opened.send_robust,
            Envelope,
            envelope_id=envelope.pk,
            released_at=draft.released_at,
        )
    )
    return draft


def _recipient(envelope: Envelope, fingerprint: str) -> KeyPair:
    recipients = KeyPair.objects.filter(recipient_sets=envelope.deposit.consultation_id)
    key_pair = recipients.filter(fingerprint=fingerprint).first()
    if key_pair is None:
        raise NotARecipientKey
    return key_pair


def _check_keys(stored: StoredEnvelope, content_keys: ContentKeys) -> None:
    """One key for each block, and no other: before anything is read."""
    given = {file_id: len(keys) for file_id, keys in content_keys.items()}
    if given != {file.id: len(file.blocks) for file in stored.files}:
        raise WrongContentKeys


def _opened(stored: StoredEnvelope, content_keys: ContentKeys) -> _Opened:
    """Verify everything; of the plaintext, only the index and digests stay."""
    index_file, *files = stored.files
    plaintext = b"".join(_plaintext(index_file, content_keys[index_file.id]))
    try:
        index = read_index(plaintext)
        index.check_fits(stored.manifest)
    except BadIndex as error:
        raise IndexDamaged from error
    digests = (_digest(file, content_keys[file.id]) for file in files)
    return _Opened(index, plaintext, tuple(digests))


def _digest(file: StoredFile, keys: tuple[bytes, ...]) -> bytes:
    digest, size = hashlib.sha256(), 0
    for piece in _plaintext(file, keys):
        digest.update(piece)
        size += len(piece)
    if size != file.row.size:
        raise BlockDamaged(file.position, len(file.blocks) - 1, "length")
    return digest.digest()


def _plaintext(file: StoredFile, keys: tuple[bytes, ...]) -> Iterable[bytes]:
    return (read_block(file, block, key) for block, key in zip(file.blocks, keys, strict=True))


def _released_files(
    draft: Release, stored: StoredEnvelope, opened: _Opened
) -> Iterable[ReleasedFile]:
    for file, announced, digest in zip(
        stored.files[1:], opened.index.files, opened.digests, strict=True
    ):
        yield ReleasedFile(
            file=file.row,
            release=draft,
            name=announced.name,
            sha256=digest,
            matches_index=_matches(announced, file.row.size, digest),
        )


def _matches(announced: IndexFile, size: int, digest: bytes) -> bool:
    return (announced.size, announced.sha256) == (size, digest.hex())
