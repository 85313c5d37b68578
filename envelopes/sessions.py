# SPDX-License-Identifier: EUPL-1.2
"""The opening session: what may be opened now, and how the session begins, whichever way a bid is opened.

Until the deadline nothing is opened, by anybody: each of the ways begins with it (CCP, art. R2132-9).
"""

from datetime import datetime
from uuid import UUID

from envelopes import attempts, chains
from envelopes.errors.opening import (
    ApplicationFirst,
    DeadlineNotReached,
    DepositWithdrawn,
    StillChecked,
)
from envelopes.models import Deposit, Envelope, Opening, Release
from envelopes.standing import State
from marketplace import journal
from marketplace.models import Agent, Consultation, EnvelopeKind


def check_deadline(consultation: Consultation, *, now: datetime) -> None:
    """Raises:
    DeadlineNotReached: the consultation is a draft, or `now` is before its deadline.
    """
    if not consultation.is_closed(now):
        raise DeadlineNotReached(consultation.closes_at)


def openable(envelope_id: UUID, *, now: datetime) -> Envelope:
    """The envelope, if the deadline has passed and its turn has come.

    Raises:
        DeadlineNotReached, DepositWithdrawn, ApplicationFirst.
    """
    related = Envelope.objects.select_related("deposit__consultation__service", "release")
    envelope = related.get(pk=envelope_id, deposit__state=Deposit.State.SUBMITTED)
    _check_reached(envelope.deposit, now=now)
    if envelope.kind == EnvelopeKind.OFFER:
        _check_applications(envelope.deposit)
    return envelope


def whole(deposit_id: UUID, *, now: datetime) -> Deposit:
    """The deposit, if all of it may be opened at once: its offers come after its applications.

    Raises:
        DeadlineNotReached, DepositWithdrawn, ApplicationFirst.
    """
    related = Deposit.objects.select_related("consultation__service", "receipt")
    deposit = related.get(pk=deposit_id, state=Deposit.State.SUBMITTED)
    _check_reached(deposit, now=now)
    if deposit.envelopes.filter(kind=EnvelopeKind.OFFER).exists():
        _check_applications(deposit)
    return deposit


def is_open(deposit: Deposit) -> bool:
    """Whether something of it was opened, or left the site to be."""
    released = Release.objects.filter(envelope__deposit=deposit)
    return released.exists() or deposit.local_openings.exists()


def lock(deposit: Deposit) -> bool:
    """Keep the deposits of a company as they are until the end of the transaction.

    At the first opening of a consultation its session begins; whether this is the first.
    """
    consultation = deposit.consultation
    first = Consultation.objects.filter(pk=consultation.pk, state=Consultation.State.ONLINE)
    is_first = bool(first.update(state=Consultation.State.OPENING))
    chains.locked(deposit.consultation_id, deposit.company_id)
    return is_first


def check(deposit: Deposit, *, accepts: str, now: datetime) -> State:
    """How a locked deposit stands, which may be opened.

    What had arrived before the deadline, a withdrawal or another bid, may be committed only now: it is
    looked at again. What was submitted while the locks were waited for was not there to be locked.

    Raises:
        StillChecked: something of the company that arrived in time is still on its way into the chain.
        DepositWithdrawn, LateNotConfirmed, ReplacedNotConfirmed: see `chains.check_openable`.
    """
    checked = attempts.being_checked(deposit.consultation, now=now)
    if checked.filter(deposit__company=deposit.company_id).exists():
        raise StillChecked
    return chains.check_openable(deposit, accepts=accepts)


def record_start(consultation: Consultation, *, agent: Agent, now: datetime) -> None:
    """Keep who began the session. The journal comes after the locks: see `journal.record`."""
    Opening.objects.create(consultation=consultation, started_at=now, started_by=agent)
    journal.record(
        "consultation.opening_started",
        consultation,
        actor=agent.user,
        now=now,
        organisation_id=consultation.service.organisation_id,
    )


def _check_reached(deposit: Deposit, *, now: datetime) -> None:
    check_deadline(deposit.consultation, now=now)
    if deposit.withdrawn_at is not None:
        raise DepositWithdrawn


def _check_applications(deposit: Deposit) -> None:
    """Applications come before offers: those of the deposit are open, here or on some computer."""
    applications = deposit.envelopes.filter(kind=EnvelopeKind.APPLICATION)
    if applications.filter(release=None, local_openings=None).exists():
        raise ApplicationFirst
