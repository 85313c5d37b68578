# SPDX-License-Identifier: EUPL-1.2
"""The private address of the calendar of expiries: made, replaced, revoked, known again.

It is a password: whoever has it reads the calendar. It is told once, and only its SHA-256 is kept.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from keys.errors import CalendarLinkChanged
from keys.models import CalendarLink
from marketplace import journal
from marketplace.models import Agent

TOKEN_SIZE: Final = 32  # bytes


@transaction.atomic
def make(agent: Agent, *, now: datetime) -> str:
    """The token of a new link, for an agent that has none.

    Raises:
        CalendarLinkChanged: the agent has one.
    """
    if _lock(agent):
        raise CalendarLinkChanged
    return _make(agent, "calendar_link.made", now)


@transaction.atomic
def replace(agent: Agent, link_id: UUID | None, *, now: datetime) -> str:
    """The token of a new link instead of the one that the agent saw, which dies.

    Raises:
        CalendarLinkChanged: it is no longer the agent's.
    """
    _delete(agent, link_id)
    return _make(agent, "calendar_link.replaced", now)


@transaction.atomic
def revoke(agent: Agent, link_id: UUID | None, *, now: datetime) -> None:
    """The link that the agent saw dies.

    Raises:
        CalendarLinkChanged: it is no longer the agent's.
    """
    link = _delete(agent, link_id)
    _record("calendar_link.revoked", link, agent, now)


def agent_of(token: str) -> Agent | None:
    """Whose calendar a link leads to; nobody's once it is replaced, revoked, or the account disabled.

    The digest is looked up, so that how long it takes tells nothing of the tokens.
    """
    agents = Agent.objects.select_related("user", "service__organisation")
    living = agents.filter(user__is_active=True)
    return living.filter(calendar_link__token_digest=_digest(token)).first()


def _lock(agent: Agent) -> CalendarLink | None:
    """The agent's link, if any; two requests of one agent wait for each other."""
    Agent.objects.select_for_update(no_key=True, of=("self",)).get(pk=agent.pk)
    return CalendarLink.objects.filter(agent=agent).first()


def _delete(agent: Agent, link_id: UUID | None) -> CalendarLink:
    link = _lock(agent)
    if link is None or link.pk != link_id:
        raise CalendarLinkChanged
    CalendarLink.objects.filter(pk=link.pk).delete()
    return link


def _make(agent: Agent, action: str, now: datetime) -> str:
    token = secrets.token_urlsafe(TOKEN_SIZE)
    link = CalendarLink.objects.create(agent=agent, token_digest=_digest(token), created_at=now)
    _record(action, link, agent, now)
    return token


def _record(action: str, link: CalendarLink, agent: Agent, now: datetime) -> None:
    organisation_id = agent.service.organisation_id
    journal.record(action, link, actor=agent.user, now=now, organisation_id=organisation_id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
