# SPDX-License-Identifier: EUPL-1.2
"""A key pair in a table: its words are chosen here, since a template takes thrice the time for them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys.models import Health, KeyPair
from keys.retirement import Removal
from marketplace.templatetags.sigille import fingerprint, instant

TONES: Final = {
    Health.GOOD: "ok",
    Health.EXPIRING: "warn",
    Health.UNPROVEN: "warn",
    Health.EXPIRED: "bad",
    Health.LOST: "bad",
    Health.COMPROMISED: "bad",
    Health.RENEWED: "off",
    Health.RETIRED: "off",
}
# What a row is made of, and nothing more: not the certificate, nor the digest of a password.
FIELDS: Final = (
    "name",
    "common_name",
    "fingerprint",
    "algorithm",
    "not_after",
    "state",
    "proven_at",
    "retired_at",
    "retirement_reason",
    "retires_at",
    "first_used_at",
    "holder__user__name",
    "holder__user__email",
)


class Row(TypedDict):
    """A dictionary, since a template asks any other object for its items before its attributes."""

    id: UUID
    health: str  # a value of `Health`
    removal: str  # a value of `Removal`
    name: str
    about: str  # its algorithm and its holder
    common_name: str
    url: str  # of its page
    tone: str  # of the badge
    state: str
    notes: tuple[str, ...]  # under the state: since when, until when
    expiry: str
    left: str  # the days before an expiry that is near
    groups: str  # of the fingerprint
    copy: str  # what the buttons do, for screen readers
    change: str
    remove: str  # empty where there is nothing more to remove


def rows_of(
    key_pairs: Iterable[KeyPair], removals: Mapping[UUID, Removal], now: datetime
) -> list[Row]:
    """With the users of their holders at hand."""
    list_url = reverse("keys:list")  # once: that of each key pair is below it
    return [_row(key_pair, removals[key_pair.pk], list_url, now) for key_pair in key_pairs]


def _row(key_pair: KeyPair, removal: Removal, list_url: str, now: datetime) -> Row:
    health, named = key_pair.health(now), {"name": key_pair.name}
    is_near = health is Health.EXPIRING
    return Row(
        id=key_pair.pk,
        health=health.value,
        removal=removal.value,
        name=key_pair.name,
        about=f"{key_pair.algorithm} · {key_pair.holder}",
        common_name=key_pair.common_name or "—",
        url=f"{list_url}{key_pair.pk}/",
        tone=TONES[health],
        state=str(health.label),
        notes=tuple(_notes(key_pair, health)),
        expiry=instant(key_pair.not_after),
        left=days_left(key_pair.not_after, now) if is_near else "",
        groups=fingerprint(key_pair.fingerprint),
        copy=_("Copy the fingerprint of %(name)s") % named,
        change=_("Change %(name)s") % named,
        remove=_removal_label(key_pair, removal) % named,
    )


def _notes(key_pair: KeyPair, health: Health) -> list[str]:
    if key_pair.retired_at is not None:
        return [_("since %(instant)s") % {"instant": instant(key_pair.retired_at)}]
    notes = []
    if key_pair.proven_at is not None:
        notes.append(_("proven on %(instant)s") % {"instant": instant(key_pair.proven_at)})
    if key_pair.retires_at is not None:
        told = _("since %(instant)s") if health is Health.RENEWED else _("until %(instant)s")
        notes.append(told % {"instant": instant(key_pair.retires_at)})
    return notes


def days_left(not_after: datetime, now: datetime) -> str:
    days = -((now - not_after) // timedelta(days=1))  # a day begun counts
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


def _removal_label(key_pair: KeyPair, removal: Removal) -> str:
    if removal is Removal.DELETED:
        return _("Remove %(name)s")
    return "" if key_pair.state == KeyPair.State.RETIRED else _("Withdraw %(name)s")
