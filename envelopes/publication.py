# SPDX-License-Identifier: EUPL-1.2
"""Going on line: on proven keys only, that are frozen from then on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from envelopes.deficiencies import (
    KeyCompromised,
    KeyDeficient,
    KeyLost,
    KeyWithdrawn,
    deficiencies,
)
from envelopes.errors.publication import (
    NoBackupKey,
    NoPersonalKey,
    OneHolder,
    RecipientsChanged,
    TooManyRecipients,
    TwinCertificates,
)
from envelopes.manifest import MOST_RECIPIENTS
from envelopes.models import ChosenKey, RecipientSet
from keys.certificates import read_certificate
from keys.models import KeyPair, KeyPairQuerySet
from marketplace import journal
from marketplace.errors import AlreadyOnline, DeadlinePassed, Refusal
from marketplace.models import Agent, Consultation

KeyPairs = tuple[KeyPair, ...]


@dataclass(frozen=True)
class Readiness:
    """What would be frozen if a consultation went on line now; it does when there is no problem.

    `left_out` are backup key pairs that are not, or no longer, in service: never proven, expired, or
    about to be replaced and no longer good enough. Every other one counts, and must hold.
    """

    personal: KeyPairs
    backup: KeyPairs
    left_out: KeyPairs
    problems: tuple[Refusal, ...]

    @property
    def recipients(self) -> KeyPairs:
        return self.personal + self.backup

    @property
    def sealable(self) -> KeyPairs:
        """The recipients but those that are withdrawn: nothing will be sealed to them."""
        unfit = {
            problem.key_pair
            for problem in self.problems
            if isinstance(problem, KeyWithdrawn | KeyLost | KeyCompromised)
        }
        return tuple(key_pair for key_pair in self.recipients if key_pair not in unfit)

    @property
    def fingerprints(self) -> list[str]:
        """Those of the recipients, sorted: what is shown, confirmed, then frozen."""
        return sorted(key_pair.fingerprint for key_pair in self.recipients)


def readiness(consultation: Consultation, *, now: datetime) -> Readiness:
    """What putting the consultation on line at `now` would freeze, and what is against it."""
    candidates = _candidates(consultation).select_related("holder__user").order_by("name", "pk")
    personal: list[KeyPair] = []
    backup: list[KeyPair] = []
    left_out: list[KeyPair] = []
    deficient: list[KeyDeficient] = []
    for key_pair in candidates:
        found = list(deficiencies(key_pair, consultation, now=now))
        if key_pair.is_backup and _is_out_of_service(key_pair, found, now):
            left_out.append(key_pair)
            continue
        deficient += found
        (backup if key_pair.is_backup else personal).append(key_pair)
    against = _problems(consultation, personal, backup, now=now)
    return Readiness(tuple(personal), tuple(backup), tuple(left_out), (*against, *deficient))


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
        PublicationRefused, DeadlinePassed: the first problem of its `readiness`.
        RecipientsChanged: the recipients are not those that were shown.
    """
    consultation = _locked(consultation_id)
    if consultation.state != Consultation.State.DRAFT:
        return consultation
    _lock_candidates(consultation)
    found = readiness(consultation, now=now)
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


def _candidates(consultation: Consultation) -> KeyPairQuerySet:
    """The personal key pairs chosen, and the backup ones of the service that are not withdrawn."""
    chosen = Q(is_backup=False, pk__in=consultation.chosen_keys.values("key_pair"))
    backup = Q(is_backup=True) & ~Q(state=KeyPair.State.RETIRED)
    return KeyPair.objects.filter(chosen | backup, service=consultation.service_id)


def _lock_candidates(consultation: Consultation) -> None:
    """So that until the freezing none is withdrawn or reported, and no holder's account disabled.

    The whole service's: one may become a backup key pair meanwhile.
    """
    key_pairs = KeyPair.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    kept = key_pairs.filter(service=consultation.service_id).exclude(state=KeyPair.State.RETIRED)
    holders = set(kept.values_list("holder", flat=True))
    agents = Agent.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    list(agents.filter(pk__in=holders).values_list("pk", flat=True))


def _is_out_of_service(key_pair: KeyPair, found: Sequence[KeyDeficient], now: datetime) -> bool:
    if key_pair.state != KeyPair.State.ACTIVE or key_pair.is_expired(now):
        return True
    return key_pair.retires_at is not None and bool(found)


def _problems(
    consultation: Consultation,
    personal: Sequence[KeyPair],
    backup: Sequence[KeyPair],
    *,
    now: datetime,
) -> list[Refusal]:
    key_pairs = [*personal, *backup]
    holders = {key_pair.holder_id for key_pair in key_pairs}
    names = Counter(
        read_certificate(bytes(key_pair.certificate)).issuer_and_serial for key_pair in key_pairs
    )
    checks: list[tuple[bool, type[Refusal]]] = [
        (now >= consultation.closes_at, DeadlinePassed),
        (not personal, NoPersonalKey),
        (not backup, NoBackupKey),
        (bool(personal and backup) and len(holders) < 2, OneHolder),
        (len(key_pairs) > MOST_RECIPIENTS, TooManyRecipients),
        (len(names) < len(key_pairs), TwinCertificates),
    ]
    return [refusal() for is_wrong, refusal in checks if is_wrong]
