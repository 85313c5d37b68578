# SPDX-License-Identifier: EUPL-1.2
"""Going on line: on proven keys only, that are frozen from then on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from envelopes.errors import (
    NoBackupKey,
    NoPersonalKey,
    RecipientsChanged,
    TooManyRecipients,
    TwinCertificates,
)
from envelopes.manifest import MOST_RECIPIENTS
from envelopes.models import ChosenKey, RecipientSet
from keys.certificates import read_certificate
from keys.models import KeyPair
from marketplace import journal
from marketplace.errors import AlreadyOnline, DeadlinePassed, Refusal
from marketplace.models import Agent, Consultation


@dataclass(frozen=True)
class Coverage:
    """Who could open the bids of a consultation if it went on line now (« couverture de déchiffrement »).

    `left_out` are personal key pairs that were chosen and would not count: not proven, retired, expired by
    the planned opening, or of a holder who has left. It goes on line when there is no problem.
    """

    personal: tuple[KeyPair, ...]
    backup: tuple[KeyPair, ...]
    left_out: tuple[KeyPair, ...]
    problems: tuple[Refusal, ...]

    @property
    def recipients(self) -> tuple[KeyPair, ...]:
        return self.personal + self.backup

    @property
    def fingerprints(self) -> list[str]:
        """Those of the recipients, sorted: what is shown, confirmed, then frozen."""
        return sorted(key_pair.fingerprint for key_pair in self.recipients)


def coverage(consultation: Consultation, *, now: datetime) -> Coverage:
    """What putting the consultation on line at `now` would freeze, and what is against it."""
    service_keys = KeyPair.objects.filter(service=consultation.service_id).order_by("name", "pk")
    chosen = service_keys.personal().filter(pk__in=consultation.chosen_keys.values("key_pair"))
    usable = service_keys.usable(now=now, until=consultation.opens_at)
    usable = usable.filter(holder__user__is_active=True)
    backup = tuple(usable.backup())
    personal = tuple(usable.filter(pk__in=chosen))
    return Coverage(
        personal=personal,
        backup=backup,
        left_out=tuple(chosen.exclude(pk__in=[key_pair.pk for key_pair in personal])),
        problems=tuple(_problems(consultation, personal, backup, now=now)),
    )


@transaction.atomic
def choose_keys(
    consultation_id: UUID, key_pairs: list[KeyPair], *, actor: Agent, now: datetime
) -> None:
    """Choose the personal key pairs, of the consultation's service, to which its bids will be sealed.

    Raises:
        AlreadyOnline: the recipients are frozen.
    """
    consultation = _locked(consultation_id)
    if consultation.state != Consultation.State.DRAFT:
        raise AlreadyOnline
    consultation.chosen_keys.all().delete()
    ChosenKey.objects.bulk_create(
        ChosenKey(consultation=consultation, key_pair=key_pair) for key_pair in key_pairs
    )
    journal.record(
        "consultation.keys_chosen",
        consultation,
        actor=actor.user,
        now=now,
        organisation_id=actor.service.organisation_id,
        fingerprints=sorted(key_pair.fingerprint for key_pair in key_pairs),
    )


@transaction.atomic
def publish(
    consultation_id: UUID, *, actor: Agent, now: datetime, shown: Sequence[str] | None = None
) -> Consultation:
    """Put a draft on line and freeze its recipients; on line already, nothing changes.

    `shown` are the fingerprints that a person confirmed, where a person did.

    Raises:
        PublicationRefused, DeadlinePassed: the first problem of its `coverage`.
        RecipientsChanged: the recipients are not those that were shown.
    """
    consultation = _locked(consultation_id)
    if consultation.state != Consultation.State.DRAFT:
        return consultation
    # Locked, so that none is removed between this check and the freezing.
    locked = KeyPair.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    list(locked.filter(service=consultation.service_id))
    found = coverage(consultation, now=now)
    for problem in found.problems:
        raise problem
    fingerprints = found.fingerprints
    if shown is not None and sorted(shown) != fingerprints:
        raise RecipientsChanged
    recipient_set = RecipientSet.objects.create(
        consultation=consultation, fingerprints=fingerprints, frozen_at=now
    )
    recipient_set.key_pairs.set(found.recipients)
    recipient_set.key_pairs.filter(first_used_at=None).update(first_used_at=now)
    consultation.state, consultation.published_at = Consultation.State.ONLINE, now
    consultation.save(update_fields=["state", "published_at"])
    journal.record(
        "consultation.published",
        consultation,
        actor=actor.user,
        now=now,
        organisation_id=actor.service.organisation_id,
        closes_at=consultation.closes_at.isoformat(),
        fingerprints=fingerprints,
    )
    return consultation


def _locked(consultation_id: UUID) -> Consultation:
    return Consultation.objects.select_for_update(no_key=True, of=("self",)).get(pk=consultation_id)


def _problems(
    consultation: Consultation,
    personal: tuple[KeyPair, ...],
    backup: tuple[KeyPair, ...],
    *,
    now: datetime,
) -> list[Refusal]:
    key_pairs = personal + backup
    names = Counter(
        read_certificate(bytes(key_pair.certificate)).issuer_and_serial for key_pair in key_pairs
    )
    checks: list[tuple[bool, type[Refusal]]] = [
        (now >= consultation.closes_at, DeadlinePassed),
        (not personal, NoPersonalKey),
        (not backup, NoBackupKey),
        (len(key_pairs) > MOST_RECIPIENTS, TooManyRecipients),
        (len(names) < len(key_pairs), TwinCertificates),
    ]
    return [refusal() for is_wrong, refusal in checks if is_wrong]
