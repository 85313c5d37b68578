# SPDX-License-Identifier: EUPL-1.2
"""What the left column and the header show to whom: only entries that lead somewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    agent: Agent | None = getattr(user, "agent", None)
    bidder: Bidder | None = getattr(user, "bidder", None)
    sections = _for_agent(request, agent) if agent else _for_bidder(request) if bidder else ()
    return Navigation(agent, bidder, tuple(_nearest_alone(sections)))


def _nearest_alone(sections: tuple[Section, ...]) -> Iterator[Section]:
    """Of an entry and another under its address, the page of the second is that of the second alone."""
    entries = [entry for section in sections for entry in section.entries if entry.is_current]
    nearest = max(entries, key=lambda entry: len(entry.url), default=None)
    for section in sections:
        marked = (replace(entry, is_current=entry == nearest) for entry in section.entries)
        yield replace(section, entries=tuple(marked))


def _for_agent(request: HttpRequest, agent: Agent) -> tuple[Section, ...]:
    reports = [_entry(request, _("Signature reports"), "signatures:list", "patch-check")]
    # Translators: « Se préparer à dépouiller »
    preparing = [_entry(request, _("Prepare for the opening"), "keys:prepare", "clipboard-check")]
    administration = [
        # Translators: « Santé des clés »
        _entry(request, _("Health of the keys"), "keys:health", "heart-pulse"),
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
                *(preparing if _opens_bids(agent) else ()),
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


def _opens_bids(agent: Agent) -> bool:
    """Whoever may open bids, or holds a key that opens them."""
    return agent.may(Right.OPEN_BIDS) or agent.key_pairs.exists()
