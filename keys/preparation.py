# SPDX-License-Identifier: EUPL-1.2
"""« Se préparer à dépouiller »: what remains to do with an agent’s key pairs, what a computer can do.

The journal alone keeps what was found on a computer: nothing is decided on it, people read it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, TextChoices
from django.utils.translation import gettext_lazy as _

from keys.models import Health, KeyPair
from marketplace import journal
from marketplace.models import Agent, JournalEntry

ACTION: Final = "agent.prepared"


class Verdict(TextChoices):
    # Translators: « Bon »
    OK = "ok", _("Good")
    # Translators: « À surveiller »
    WARNING = "warning", _("To watch")
    # Translators: « À corriger »
    FAILED = "failed", _("To correct")


class Check(TextChoices):
    """What a computer needs for an opening."""

    CRYPTOGRAPHY = "cryptography", _("Cryptography of the browser")
    FILES = "files", _("Writing of large files")
    PERSISTENCE = "persistence", _("Memory that the browser does not clear")
    SPEED = "speed", _("Speed of decryption")
    SPACE = "space", _("Free space")
    KEY = "key", _("Decryption with the key")


class ToDo(TextChoices):
    """The most urgent thing; nothing for a key pair that is ready."""

    PROVE = "prove", _("Prove it: nothing is sealed to it until then.")
    RENEW = "renew", _("Renew it, and keep its key file for the bids already sealed to it.")
    DRILL = "drill", _("Do the drill: its last proof is more than 30 days old.")
    KEEP = "keep", _("Keep its key file and its password: it opens the bids already sealed to it.")
    FIND = "find", _("Reported lost; if its key file is found, try it here: it still opens.")
    NOTHING = "nothing", _("Ready.")


@dataclass(frozen=True)
class Held:
    """A key pair of the agent."""

    key_pair: KeyPair
    health: Health
    todo: ToDo


@dataclass(frozen=True)
class Preparation:
    """What was found on a computer: its browser, each verdict, and the bytes that it decrypts in a second."""

    browser: str
    verdicts: Mapping[Check, Verdict]
    rate: int


def held_by(agent: Agent, *, now: datetime) -> list[Held]:
    """Every key pair of the agent, those in service first."""
    key_pairs = KeyPair.objects.filter(holder=agent).select_related("service")
    return [
        Held(key_pair, key_pair.health(now), todo(key_pair, now))
        for key_pair in key_pairs.order_by(F("retired_at").asc(nulls_first=True), "name", "pk")
    ]


def todo(key_pair: KeyPair, now: datetime) -> ToDo:
    health = key_pair.health(now)
    if health is Health.LOST:
        return ToDo.FIND
    if key_pair.state == KeyPair.State.RETIRED or health is Health.RENEWED:
        return ToDo.KEEP
    if health is Health.EXPIRED:
        return ToDo.RENEW
    if health is Health.UNPROVEN:
        return ToDo.PROVE
    if not key_pair.is_freshly_proven(now):
        return ToDo.DRILL
    is_expiring = health is Health.EXPIRING and key_pair.retires_at is None
    return ToDo.RENEW if is_expiring else ToDo.NOTHING


@transaction.atomic
def record(preparation: Preparation, *, agent: Agent, now: datetime) -> None:
    """Keep what was found, without anything secret."""
    verdicts = preparation.verdicts
    found = {
        verdict.value: sorted(check.value for check in verdicts if verdicts[check] is verdict)
        for verdict in Verdict
    }
    journal.record(
        ACTION,
        agent,
        actor=agent.user,
        now=now,
        organisation_id=agent.service.organisation_id,
        browser=preparation.browser,
        rate=preparation.rate,
        **found,
    )


def last_of(agent: Agent) -> JournalEntry | None:
    told = JournalEntry.objects.filter(subject=f"Agent {agent.pk}", action=ACTION)
    return told.order_by("index").last()
