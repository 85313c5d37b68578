# SPDX-License-Identifier: EUPL-1.2
"""What makes a key pair unfit for new bids; its refusals, each with the key pair's name and the remedy.

KeyDeficient
├── KeyWithdrawn     it is withdrawn, or its successor has taken over
├── KeyLost          it was reported lost
├── KeyCompromised   it was reported compromised
├── KeyNotProven     it has never opened a challenge
├── ProofStale       it last opened one more than 30 days ago
├── KeyExpiresEarly  it does not outlive the planned opening by 60 days
├── HolderGone       its holder's account is disabled
└── HolderLeaves     its holder leaves before the planned opening
"""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from envelopes.errors.publication import PublicationRefused
from envelopes.models import VALID_AFTER_OPENING
from keys.models import KeyPair
from marketplace.models import Agent, Consultation

Reason = KeyPair.RetirementReason
_OTHER_KEY = _("Save the choice again without it, and choose another key pair.")


class KeyDeficient(PublicationRefused):
    """Base of what makes one key pair unfit for new bids."""

    code = "key_deficient"
    sentence: str | Promise = _("“{name}” cannot be used.")

    def __init__(self, key_pair: KeyPair) -> None:
        super().__init__(key_pair.pk)
        self.key_pair: KeyPair = key_pair
        names = {"name": key_pair.name, "holder": str(key_pair.holder)}
        self.user_message = format_lazy(cast("str", self.sentence), **names)
        self.remedy = format_lazy(cast("str", self.remedy), **names)

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"fingerprint": self.key_pair.fingerprint}


class KeyWithdrawn(KeyDeficient):
    """Withdrawn, or renewed and its successor in service."""

    code = "key_withdrawn"
    # Translators: « Retiré »
    sentence = _("“{name}” is withdrawn: nothing new is sealed to it.")
    remedy = _OTHER_KEY


class KeyLost(KeyDeficient):
    """Reported lost."""

    code = "key_lost"
    sentence = _("“{name}” was reported lost.")
    remedy = _OTHER_KEY


class KeyCompromised(KeyDeficient):
    """Reported compromised."""

    code = "key_compromised"
    sentence = _("“{name}” was reported compromised.")
    remedy = _OTHER_KEY


class KeyNotProven(KeyDeficient):
    """Nobody ever showed that it opens anything."""

    code = "key_not_proven"
    # Translators: « éprouvé »
    sentence = _("“{name}” has never been proven.")
    remedy = _("Have {holder} prove it on its page, or do without it.")


class ProofStale(KeyDeficient):
    """Its last drill is too old to rely on (promise P5)."""

    code = "proof_stale"
    # Translators: « exercice de déchiffrement »
    sentence = _("“{name}” was last proven more than 30 days ago.")
    remedy = _("Ask {holder} for a decryption drill; if it no longer opens, report it lost.")


class KeyExpiresEarly(KeyDeficient):
    """An opening may be put off; a certificate that has just expired must not stand in its way."""

    code = "key_expires_early"
    sentence = _("“{name}” expires less than 60 days after the planned opening.")
    remedy = _("Have {holder} renew it, then use the new one and withdraw this one.")


class HolderGone(KeyDeficient):
    """The holder's account is disabled."""

    code = "holder_gone"
    # Translators: « titulaire »
    sentence = _("The account of {holder}, holder of “{name}”, is disabled.")
    remedy = _(
        "If a colleague received the key file and its password, make that colleague the holder;"
        " otherwise withdraw the key pair."
    )


class HolderLeaves(KeyDeficient):
    """The holder's departure is announced for a day before the planned opening."""

    code = "holder_leaves"
    sentence = _("{holder}, holder of “{name}”, leaves before the planned opening.")
    remedy = _(
        "Have {holder} hand the key file and its password over, make that colleague the holder; or do"
        " without this key pair."
    )


def deficiencies(
    key_pair: KeyPair, consultation: Consultation, *, now: datetime
) -> Iterable[KeyDeficient]:
    """What keeps the bids of a consultation from being sealed to a key pair, if it went on line at `now`.

    Source: docs/decisions/0006-nothing-on-line-on-unproven-keys.md.
    """
    reason = key_pair.retirement_reason
    is_withdrawn = key_pair.state == KeyPair.State.RETIRED or key_pair.is_replaced(now)
    is_proven = key_pair.proven_at is not None
    margin = consultation.opens_at + VALID_AFTER_OPENING
    checks: list[tuple[bool, type[KeyDeficient]]] = [
        (reason == Reason.LOST, KeyLost),
        (reason == Reason.COMPROMISED, KeyCompromised),
        (is_withdrawn and reason not in {Reason.LOST, Reason.COMPROMISED}, KeyWithdrawn),
        (not is_proven, KeyNotProven),
        (is_proven and not key_pair.is_freshly_proven(now), ProofStale),
        (key_pair.not_after <= margin, KeyExpiresEarly),
        (not key_pair.holder.user.is_active, HolderGone),
        (has_left(key_pair.holder, consultation, at=consultation.opens_at), HolderLeaves),
    ]
    return (refusal(key_pair) for is_wrong, refusal in checks if is_wrong)


def has_left(holder: Agent, consultation: Consultation, *, at: datetime) -> bool:
    """Whether the announced last day of a holder is over at an instant, where the consultation is."""
    zone = ZoneInfo(consultation.service.organisation.time_zone)
    return holder.leaves_on is not None and holder.leaves_on < at.astimezone(zone).date()
