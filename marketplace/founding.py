# SPDX-License-Identifier: EUPL-1.2
"""Founding an organisation: its first service and its first administrator come with it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from marketplace import journal
from marketplace.errors import AddressTaken
from marketplace.models import Agent, Organisation, Service, User


@dataclass(frozen=True)
class Charter:
    """What there is to know of an organisation that begins."""

    name: str
    time_zone: str  # IANA name
    services: tuple[str, ...]  # names; the administrator works in the first
    administrator: str
    email: str


def found(charter: Charter, *, now: datetime) -> Agent:
    """Make all of it or nothing; the administrator has no password yet.

    Raises:
        AddressTaken: the administrator's address already has an account.
    """
    try:
        return _found(charter, now)
    except IntegrityError as error:
        raise AddressTaken from error


@transaction.atomic
def _found(charter: Charter, now: datetime) -> Agent:
    organisation = Organisation.objects.create(name=charter.name, time_zone=charter.time_zone)
    services = [
        Service.objects.create(organisation=organisation, name=name) for name in charter.services
    ]
    user = User.objects.create_user(charter.email, name=charter.administrator)
    administrator = Agent.objects.create(user=user, service=services[0], is_administrator=True)
    journal.record(
        "organisation.founded",
        organisation,
        actor=None,
        now=now,
        organisation_id=organisation.pk,
        name=charter.name,
        services=list(charter.services),
        administrator=user.email,
    )
    return administrator
