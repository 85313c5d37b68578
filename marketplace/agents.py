# SPDX-License-Identifier: EUPL-1.2
"""Agents: an administrator invites them, changes what they may do, disables them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from marketplace import accounts, journal
from marketplace.errors import AddressTaken, DepartureOver, OwnAccount
from marketplace.models import Agent, Right, Service, User


@dataclass(frozen=True)
class Place:
    """Where an agent works and what the agent may do (« habilitations »)."""

    service: Service
    is_administrator: bool
    rights: frozenset[Right]

    @property
    def fields(self) -> dict[str, bool]:
        """The fields of an `Agent`. Whoever manages the keys of others manages those at home."""
        rights = self.rights
        if Right.MANAGE_OTHER_KEYS in rights:
            rights |= {Right.MANAGE_KEYS}
        held = {right.value: right in rights for right in Right}
        return held | {"is_administrator": self.is_administrator}


def invite(email: str, name: str, place: Place, *, by: Agent, now: datetime) -> Agent:
    """Make an agent without a password; the mail carries the link that sets one.

    Raises:
        AddressTaken: the address already has an account, in whatever organisation.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise AddressTaken
    try:
        return _invite(email, name, place, by, now)
    except IntegrityError as error:  # somebody else was a moment earlier
        raise AddressTaken from error


@transaction.atomic
def _invite(email: str, name: str, place: Place, by: Agent, now: datetime) -> Agent:
    user = User.objects.create_user(email, name=name)
    agent = Agent.objects.create(user=user, service=place.service, **place.fields)
    _record("agent.invited", agent, by=by, now=now)
    transaction.on_commit(partial(_send_invitation, agent))
    return agent


@transaction.atomic
def invite_again(agent: Agent, *, by: Agent, now: datetime) -> None:
    """Send a fresh link to an agent who has not chosen a password yet."""
    _record("agent.invited_again", agent, by=by, now=now)
    transaction.on_commit(partial(_send_invitation, agent))


@transaction.atomic
def edit(agent_id: UUID, place: Place, *, is_active: bool, by: Agent, now: datetime) -> Agent:
    """Change an agent's place; a disabled one is signed out at the next request.

    Raises:
        OwnAccount: `by` would lose the own administration or account.
    """
    agent = _locked(agent_id)
    if agent.pk == by.pk and not (place.is_administrator and is_active):
        raise OwnAccount
    agent.service = place.service
    for name, value in place.fields.items():
        setattr(agent, name, value)
    agent.save(update_fields=["service", *place.fields])
    agent.user.is_active = is_active
    agent.user.save(update_fields=["is_active"])
    _record("agent.edited", agent, by=by, now=now)
    return agent


@transaction.atomic
def disable(agent_id: UUID, *, by: Agent, now: datetime) -> Agent:
    """Close an agent's account: the place stays what it was.

    Raises:
        OwnAccount: it is that of `by`.
    """
    agent = _locked(agent_id)
    if agent.pk == by.pk:
        raise OwnAccount
    agent.user.is_active = False
    agent.user.save(update_fields=["is_active"])
    _record("agent.edited", agent, by=by, now=now)
    return agent


@transaction.atomic
def announce_departure(
    agent_id: UUID, leaves_on: date | None, *, by: Agent, now: datetime
) -> tuple[Agent, bool]:
    """Keep an agent's last day at work, or none; answers the agent, and whether that is new.

    Raises:
        DepartureOver: that day is over, where the organisation is.
    """
    agent = _locked(agent_id)
    today = now.astimezone(ZoneInfo(agent.service.organisation.time_zone)).date()
    if leaves_on is not None and leaves_on < today:
        raise DepartureOver
    if agent.leaves_on == leaves_on:
        return agent, False
    agent.leaves_on = leaves_on
    agent.save(update_fields=["leaves_on"])
    journal.record(
        "agent.departure_announced" if leaves_on else "agent.departure_called_off",
        agent,
        actor=by.user,
        now=now,
        organisation_id=by.service.organisation_id,
        leaves_on=leaves_on.isoformat() if leaves_on else None,
    )
    return agent, True


def _locked(agent_id: UUID) -> Agent:
    agents = Agent.objects.select_related("user", "service__organisation")
    return agents.select_for_update(no_key=True, of=("self",)).get(pk=agent_id)


def _record(action: str, agent: Agent, *, by: Agent, now: datetime) -> None:
    journal.record(
        action,
        agent,
        actor=by.user,
        now=now,
        organisation_id=by.service.organisation_id,
        email=agent.user.email,
        service=agent.service.name,
        is_administrator=agent.is_administrator,
        rights=[right.value for right in Right if getattr(agent, right.value)],
        is_active=agent.user.is_active,
    )


def _send_invitation(agent: Agent) -> None:
    context = {
        "agent": agent,
        "organisation": agent.service.organisation,
        "link": accounts.password_link(agent.user),
        "days": settings.PASSWORD_RESET_TIMEOUT // (24 * 3600),
    }
    text = render_to_string("marketplace/email/invitation.txt", context)
    send_mail(_("Your account on the marketplace"), text, None, [agent.user.email])
