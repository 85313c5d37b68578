# SPDX-License-Identifier: EUPL-1.2
"""Opening away from the site: sealed bytes leave it, and from then on it cannot tell who reads them.

What an agent may take is what could be released (`envelopes.sessions`). That it was taken is kept before
its first byte leaves.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from envelopes import archive, chains, sessions
from envelopes.archive import Archive
from envelopes.errors.opening import NotDeclared
from envelopes.models import LocalOpening, SealedBlock
from envelopes.standing import State
from envelopes.stored import read_row, stored_envelope
from marketplace import journal
from marketplace.journal import Fact
from marketplace.models import Agent


def take_away(deposit_id: UUID, *, agent: Agent, now: datetime, accepts: str = "") -> Archive:
    """Give a deposit as an archive that opens off line with the file of a key pair.

    1. The deadline has passed, the deposit is not withdrawn, and its applications are open: the archive
       has its offers too.
    2. A late or replaced deposit is taken on purpose: `accepts` says which of the two.
    3. The manifest is that of the receipt, and a store has each block. Whether the bytes of a block are
       those that were sealed is found as it leaves: the archive is then cut.

    Raises:
        OpeningRefused: one of these is not so; nothing was changed.
    """
    deposit = sessions.whole(deposit_id, now=now)  # 1
    chains.check_openable(deposit, accepts=accepts)  # 2
    taken = archive.of(deposit)
    taken.check_present()  # 3
    _keep(LocalOpening(deposit=deposit, agent=agent, started_at=now), accepts=accepts)
    return taken


def declare(envelope_id: UUID, *, agent: Agent, now: datetime, accepts: str = "") -> LocalOpening:
    """Keep that an agent opens an envelope on a computer; from now on its sealed blocks are served to it.

    1. The deadline has passed, the deposit is not withdrawn, and its application is open.
    2. A late or replaced deposit is opened on purpose: `accepts` says which of the two.
    3. The manifest is that of the receipt, and the rows of all its blocks are there.

    Raises:
        OpeningRefused: one of these is not so; nothing was changed.
    """
    envelope = sessions.openable(envelope_id, now=now)  # 1
    chains.check_openable(envelope.deposit, accepts=accepts)  # 2
    stored_envelope(envelope)  # 3
    draft = LocalOpening(deposit=envelope.deposit, envelope=envelope, agent=agent, started_at=now)
    return _keep(draft, accepts=accepts)


def block(envelope_id: UUID, *, file_id: bytes, number: int, agent: Agent, now: datetime) -> bytes:
    """A sealed block of an envelope, for the agent who declared that it opens it on a computer.

    Raises:
        DeadlineNotReached, DepositWithdrawn, ApplicationFirst, NotDeclared.
        FilesRemoved, ManifestDamaged, BlockDamaged, StoreUnavailable: as `envelopes.stored`.
        SealedBlock.DoesNotExist: the manifest has no such block.
    """
    envelope = sessions.openable(envelope_id, now=now)
    if not envelope.local_openings.filter(agent=agent).exists():
        raise NotDeclared
    rows = SealedBlock.objects.select_related("file__envelope__deposit")
    try:
        row = rows.get(file__envelope=envelope, file__file_id=file_id, number=number)
    except SealedBlock.DoesNotExist:
        stored_envelope(envelope)  # says which one is gone
        raise
    return read_row(row)


@transaction.atomic
def _keep(draft: LocalOpening, *, accepts: str) -> LocalOpening:
    """Write it, unless this agent did the same before: then that one stays. The journal has each."""
    deposit, envelope, agent, now = draft.deposit, draft.envelope, draft.agent, draft.started_at
    is_first = sessions.lock(deposit)
    state = sessions.check(deposit, accepts=accepts, now=now)
    kept, _ = LocalOpening.objects.get_or_create(
        deposit=deposit, envelope=envelope, agent=agent, defaults={"started_at": now}
    )
    if is_first:
        sessions.record_start(deposit.consultation, agent=agent, now=now)
    facts: dict[str, Fact] = {"is_late": deposit.is_late, "is_replaced": state == State.REPLACED}
    if envelope is not None:
        facts["deposit"] = str(deposit.pk)
    journal.record(
        "envelope.opened_locally" if envelope else "deposit.taken_away",
        envelope or deposit,
        actor=agent.user,
        now=now,
        organisation_id=deposit.consultation.service.organisation_id,
        **facts,
    )
    return kept
