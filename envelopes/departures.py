# SPDX-License-Identifier: EUPL-1.2
"""« Préparer un départ »: what hangs on a person, before that person leaves."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import transaction

from envelopes import dependents, notices
from envelopes.dependents import Dependent
from envelopes.models import Departure
from keys import mails
from keys.models import Health, KeyPair
from marketplace import agents, journal
from marketplace.models import Agent, Consultation


@dataclass(frozen=True)
class Checklist:
    """What an agent holds, and the consultations that would go without it."""

    key_pairs: list[KeyPair]
    affected: list[Dependent]
    drafts: list[Consultation]
    now: datetime

    @property
    def held(self) -> list[tuple[KeyPair, Health]]:
        """What the lists show of each key pair."""
        return [(key_pair, key_pair.health(self.now)) for key_pair in self.key_pairs]

    @property
    def is_empty(self) -> bool:
        return not self.key_pairs

    @property
    def is_red(self) -> bool:
        """Whether an opening hangs on what is left once the person is gone."""
        return any(dependent.after.is_red for dependent in self.affected)


def checklist(agent: Agent, *, now: datetime) -> Checklist:
    key_pairs = dependents.needed_key_pairs(agent)
    held = {key_pair.pk for key_pair in key_pairs}
    affected = [one for one in dependents.without(held, now=now) if one.is_unopened]
    return Checklist(key_pairs, affected, list(dependents.drafts_of(held)), now)


@transaction.atomic
def announce(agent_id: UUID, *, leaves_on: date | None, by: Agent, now: datetime) -> Agent:
    """Keep an agent's last day, or none; the agent and the administrators get the checklist by mail.

    Raises:
        DepartureOver: the day is over.
    """
    agent, is_new = agents.announce_departure(agent_id, leaves_on, by=by, now=now)
    if is_new:
        agent.departures.filter(sent_at=None).delete()  # another day, or none, was announced before
    if is_new and leaves_on is not None:
        Departure.objects.create(
            agent=agent, leaves_on=leaves_on, announced_by=by, announced_at=now
        )
    return agent


def tell(*, now: datetime) -> int:
    """Mail the checklist of each departure announced; one that was called off meanwhile is not told.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    due = Departure.objects.filter(sent_at=None).order_by("pk")
    due = due.select_related("agent__user", "agent__service__organisation", "announced_by__user")

    def record(departure: Departure) -> None:
        journal.record(
            "agent.departure_told",
            departure.agent,
            actor=None,
            now=now,
            organisation_id=departure.agent.service.organisation_id,
            leaves_on=departure.leaves_on.isoformat(),
        )

    return mails.send_due(
        due, compose=lambda departure: _message(departure, now), record=record, now=now
    )


def _message(departure: Departure, now: datetime) -> EmailMessage | None:
    agent = departure.agent
    organisation = agent.service.organisation
    to = [*mails.active(agent.user), *mails.administrators_of(organisation.pk)]
    context = {
        "departure": departure,
        "agent": agent,
        "checklist": checklist(agent, now=now),
        "departure_url": notices.link("envelopes:departure", agent.pk),
        "keys_url": notices.link("keys:list"),
    }
    return (
        mails.letter("envelopes/departure", context, organisation=organisation, to=to)
        if to
        else None
    )
