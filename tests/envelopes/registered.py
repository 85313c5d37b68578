# SPDX-License-Identifier: EUPL-1.2
"""What tests of the register put in it."""

from datetime import datetime, timedelta
from uuid import uuid4

from envelopes import paper_deposits
from envelopes.models import Attempt, Deposit, PaperDeposit
from envelopes.paper_deposits import Line
from marketplace.models import Agent, Consultation
from tests.factories import DEADLINE, NOW, make_agent, make_bidder

LATER = DEADLINE + timedelta(hours=1)


def line(**fields: object) -> Line:
    """What an agent says of a parcel that came an hour before the deadline."""
    defaults: dict[str, object] = {
        "id": uuid4(),
        "way": PaperDeposit.Way.PAPER,
        "company_name": "Menuiserie Le Gall",
        "received_at": DEADLINE - timedelta(hours=1),
        "parcels": "Un pli cacheté",
    }
    return Line(**(defaults | fields))  # type: ignore[arg-type] # of the types of the fields


def enter(
    consultation: Consultation, *, agent: Agent | None = None, **fields: object
) -> PaperDeposit:
    agent = agent or make_agent(service=consultation.service)
    return paper_deposits.enter(consultation.pk, line(**fields), agent=agent, now=LATER)


def begin(consultation: Consultation, **fields: object) -> Deposit:
    """A deposit in preparation, without an envelope."""
    bidder = make_bidder()
    defaults: dict[str, object] = {"company": bidder.company, "bidder": bidder, "created_at": NOW}
    return Deposit.objects.create(consultation=consultation, **(defaults | fields))


def attempt(
    deposit: Deposit, number: int, at: datetime = NOW, cause: str = "", **fields: object
) -> Attempt:
    """A cut, a refusal, or without a cause a start."""
    outcomes = {"": "started", "transfer_cut": "interrupted"}
    defaults: dict[str, object] = {"step": "upload", "outcome": outcomes.get(cause, "refused")}
    return Attempt.objects.create(
        deposit=deposit, number=number, recorded_at=at, cause=cause, **(defaults | fields)
    )
