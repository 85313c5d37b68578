# SPDX-License-Identifier: EUPL-1.2
"""What depends on a key pair, or on a person: consultations alone, never whether bids were deposited."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q

from envelopes.coverage import Coverage, coverage
from keys.models import KeyPair
from marketplace.models import Agent, Consultation
from marketplace.models.consultations import ConsultationQuerySet


@dataclass(frozen=True)
class Dependent:
    """A consultation on line, or being opened, that is sealed to the key pairs in question.

    `after` is its coverage once they are gone; `now` as things stand.
    """

    consultation: Consultation
    now: Coverage
    after: Coverage

    @property
    def is_unopened(self) -> bool:
        """Whether all its bids, if there are any, are still sealed."""
        return self.consultation.state == Consultation.State.ONLINE


def sealed_to(key_pairs: Collection[UUID]) -> ConsultationQuerySet:
    """The consultations whose recipients these are among, the nearest deadline first.

    Tests are never opened: none depends on a key.
    """
    sealed = Consultation.objects.filter(recipient_set__key_pairs__in=key_pairs, is_test=False)
    found = sealed.distinct()
    return with_recipients(found).order_by("closes_at", "reference")


def drafts_of(key_pairs: Collection[UUID]) -> ConsultationQuerySet:
    """The drafts that have chosen one of them: it can be replaced there."""
    drafts = Consultation.objects.filter(state=Consultation.State.DRAFT)
    chosen = drafts.filter(chosen_keys__key_pair__in=key_pairs).distinct()
    return chosen.select_related("service__organisation").order_by("closes_at", "reference")


def with_recipients(consultations: ConsultationQuerySet) -> ConsultationQuerySet:
    """All that `coverage` asks of them, in two queries."""
    recipients = KeyPair.objects.select_related("holder__user").order_by("is_backup", "name", "pk")
    return consultations.select_related("service__organisation", "recipient_set").prefetch_related(
        Prefetch("recipient_set__key_pairs", recipients)
    )


def recipients_of(consultation: Consultation) -> Sequence[KeyPair]:
    """Those of a consultation that is no draft."""
    return list(consultation.recipient_set.key_pairs.all())


def without(key_pairs: Collection[UUID], *, now: datetime) -> list[Dependent]:
    """The coverage of each consultation sealed to these key pairs, with them and without."""
    dependents = []
    for consultation in sealed_to(key_pairs):
        recipients = recipients_of(consultation)
        others = [key_pair for key_pair in recipients if key_pair.pk not in key_pairs]
        dependents.append(
            Dependent(
                consultation,
                now=coverage(consultation, recipients, now=now),
                after=coverage(consultation, others, now=now),
            )
        )
    return dependents


def needed_key_pairs(holder: Agent) -> list[KeyPair]:
    """Those that the agent holds, and that are in service or still open something."""
    held = KeyPair.objects.filter(holder=holder).select_related("service", "holder__user")
    in_use = ~Q(state=KeyPair.State.RETIRED) | Q(recipient_sets__consultation__is_test=False)
    return list(held.filter(in_use).distinct().order_by("is_backup", "name", "pk"))
