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
from envelopes.models import Deposit, LocalOpening
from envelopes.standing import State
from marketplace import journal
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
    _keep(deposit, agent=agent, now=now, accepts=accepts)
    return taken


@transaction.atomic
def _keep(deposit: Deposit, *, agent: Agent, now: datetime, accepts: str) -> None:
    is_first = sessions.lock(deposit)
    state = sessions.check(deposit, accepts=accepts, now=now)
    LocalOpening.objects.get_or_create(deposit=deposit, agent=agent, defaults={"started_at": now})
    if is_first:
        sessions.record_start(deposit.consultation, agent=agent, now=now)
    journal.record(
        "deposit.taken_away",
        deposit,
        actor=agent.user,
        now=now,
        organisation_id=deposit.consultation.service.organisation_id,
        is_late=deposit.is_late,
        is_replaced=state == State.REPLACED,
    )
