# SPDX-License-Identifier: EUPL-1.2
"""What the left column and the header show to whom: only entries that lead somewhere."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from marketplace.models import Agent, Bidder, Right, User


@dataclass(frozen=True)
class Entry:
    label: str | Promise
    url: str
    icon: str  # a name of Bootstrap Icons
    is_current: bool


@dataclass(frozen=True)
class Section:
    label: str | Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Navigation:
    agent: Agent | None
    bidder: Bidder | None
    sections: tuple[Section, ...]


def context(request: HttpRequest) -> dict[str, object]:
    """Template context: `navigation`, computed only where a template reads it."""
    return {"navigation": SimpleLazyObject(lambda: navigation(request))}


def navigation(request: HttpRequest) -> Navigation:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return Navigation(None, None, ())
    agent = Agent.objects.select_related("user", "service__organisation").filter(user=user).first()
    bidder = Bidder.objects.select_related("company").filter(user=user).first()
    sections = _for_agent(request, agent) if agent else _for_bidder(request) if bidder else ()
    return Navigation(agent, bidder, sections)


def _for_agent(request: HttpRequest, agent: Agent) -> tuple[Section, ...]:
    reports = [_entry(request, _("Signature reports"), "signatures:list", "patch-check")]
    administration = [
        _entry(request, _("Agents and rights"), "agents", "people"),
        _entry(request, _("Journal"), "journal", "journal-text"),
    ]
    return (
        Section(
            _("Consultations"),
            (
                _entry(request, _("My consultations"), "consultations", "folder2-open"),
                *(reports if agent.may(Right.REVIEW_REPORTS) else ()),
            ),
        ),
        Section(
            # Translators: « Paramétrage »
            _("Settings"),
            (
                # Translators: « Clés de chiffrement »
                _entry(request, _("Encryption keys"), "keys:list", "key"),
                *(administration if agent.is_administrator else ()),
            ),
        ),
    )


def _for_bidder(request: HttpRequest) -> tuple[Section, ...]:
    return (
        Section(
            _("Consultations"),
            (
                _entry(request, _("Consultations on line"), "envelopes:public_list", "search"),
                _entry(request, _("My deposits"), "envelopes:deposits", "inbox"),
            ),
        ),
    )


def _entry(request: HttpRequest, label: str | Promise, name: str, icon: str) -> Entry:
    url = reverse(name)
    return Entry(label, url, icon, is_current=request.path.startswith(url))
