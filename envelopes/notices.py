# SPDX-License-Identifier: EUPL-1.2
"""Whom to tell of keys and their consultations, and the addresses that mails lead to."""

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from keys import mails
from marketplace.models import Agent, Consultation, Service


def concerned(service: Service, *first: Agent) -> list[str]:
    """Addresses: `first`, the service's agents who manage keys or consultations, the administrators."""
    managers = Agent.objects.filter(Q(manage_keys=True) | Q(manage_consultations=True))
    present = managers.filter(service=service, user__is_active=True).order_by("user__email")
    addresses = [
        *mails.active(*(agent.user for agent in first)),
        *present.values_list("user__email", flat=True),
        *mails.administrators_of(service.organisation_id),
    ]
    return list(dict.fromkeys(addresses))


def link(name: str, *arguments: object) -> str:
    """An absolute address, for a mail."""
    return settings.BASE_URL + reverse(name, args=arguments)


def coverage_link(consultation: Consultation) -> str:
    return link("envelopes:coverage", consultation.pk)
