# SPDX-License-Identifier: EUPL-1.2
"""Key pairs (« bi-clés »): the site holds their certificates, never their private keys."""

from __future__ import annotations

import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from marketplace.models import Agent, Right, Service

ALERT_DAYS = (90, 60, 30, 15, 7, 1, 0)  # days before the expiry at which people are told
EXPIRING = timedelta(days=ALERT_DAYS[0])
PROOF_LASTS = timedelta(days=30)  # past it, a drill is asked, and the key pair seals nothing new


def manageable_services(agent: Agent) -> models.QuerySet[Service]:
    """Those whose key pairs the agent may look at: its own, or the whole organisation's."""
    if agent.may(Right.MANAGE_OTHER_KEYS):
        return Service.objects.filter(organisation=agent.service.organisation_id)
    return Service.objects.filter(pk=agent.service_id)


def other_services(agent: Agent) -> models.QuerySet[Service]:
    """Those of them that are not its own, by name; where there can be none, nothing is asked."""
    if not agent.may(Right.MANAGE_OTHER_KEYS):
        return Service.objects.none()
    return manageable_services(agent).exclude(pk=agent.service_id).order_by("name")


@dataclass(frozen=True)
class Split:
    """How the key pairs that can seal today are shared out between people."""

    personal: AbstractSet[uuid.UUID]  # the agents who hold one
    backup: AbstractSet[uuid.UUID]

    @property
    def lacks_backup(self) -> bool:
        return bool(self.personal) and not self.backup

    @property
    def hangs_on_one_person(self) -> bool:
        """One person holds personal and backup key pairs alike: nobody else could open a bid."""
        return bool(self.personal and self.backup) and len(self.personal | self.backup) == 1


def possible_holders(key_pair: KeyPair, editor: Agent) -> models.QuerySet[Agent]:
    """Agents of its service, or for some editors of the organisation; and whoever holds it now."""
    there = Q(service=key_pair.service_id)
    if editor.may(Right.MANAGE_OTHER_KEYS):
        there = Q(service__organisation=editor.service.organisation_id)
    agents = Agent.objects.select_related("user", "service")
    allowed = Q(pk=key_pair.holder_id) | there & Q(user__is_active=True)
    return agents.filter(allowed).order_by("user__name", "pk")


class KeyPairQuerySet(models.QuerySet["KeyPair"]):
    def manageable_by(self, agent: Agent) -> KeyPairQuerySet:
        """Those of its manageable services."""
        return self.filter(service__in=manageable_services(agent))

    def visible_to(self, agent: Agent) -> KeyPairQuerySet:
        """And those that the agent holds, in whatever service: nobody else proves them."""
        return self.filter(Q(service__in=manageable_services(agent)) | Q(holder=agent))

    def personal(self) -> KeyPairQuerySet:
        return self.filter(is_backup__in=[False])  # SQLite uses no index for a bare boolean

    def backup(self) -> KeyPairQuerySet:
        return self.filter(is_backup__in=[True])

    def in_service(self, now: datetime) -> KeyPairQuerySet:
        """Proven, and neither retired nor past the date at which it retires."""
        active = self.filter(state=KeyPair.State.ACTIVE)
        return active.filter(Q(retires_at=None) | Q(retires_at__gt=now))

    def unreplaced(self) -> KeyPairQuerySet:
        """Those without a proven successor."""
        successor = KeyPair.objects.filter(replaces=OuterRef("pk"), state=KeyPair.State.ACTIVE)
        return self.filter(~Exists(successor))

    def usable(self, *, now: datetime, until: datetime) -> KeyPairQuerySet:
        """Those to which new bids may be sealed at `now`, their certificate still valid after `until`."""
        return self.in_service(now).filter(not_after__gt=until)

    def split(self, now: datetime) -> Split:
        """Of the key pairs of one service, in one query."""
        holders: dict[bool, set[uuid.UUID]] = {False: set(), True: set()}
        usable = self.usable(now=now, until=now).order_by()
        for is_backup, holder in usable.values_list("is_backup", "holder").distinct():
            holders[is_backup].add(holder)
        return Split(personal=holders[False], backup=holders[True])

    def census(self, now: datetime) -> dict[str, int]:
        """How many want attention; the index `key_pair_counts` knows it without their rows.

        In two queries: in one, the database would look at all those that want none.
        """
        kept = self.filter(Q(retires_at=None) | Q(retires_at__gt=now))
        expired, replaced = Q(not_after__lte=now), Q(retires_at__isnull=False)
        proven = kept.filter(state=KeyPair.State.ACTIVE, not_after__lte=now + EXPIRING).aggregate(
            expired=Count("state", filter=expired),
            expiring=Count("state", filter=~expired & ~replaced),
        )
        unproven = kept.filter(state=KeyPair.State.UNPROVEN).aggregate(
            expired=Count("state", filter=expired), unproven=Count("state", filter=~expired)
        )
        expired_count = proven["expired"] + unproven["expired"]
        return proven | unproven | {"expired": expired_count}


class Health(models.TextChoices):
    """What an agent must know of a key pair at a given instant; the gravest thing is told."""

    # Translators: « Compromis »
    COMPROMISED = "compromised", _("Compromised")
    # Translators: « Perdu »
    LOST = "lost", _("Lost")
    # Translators: « Renouvelé »
    RENEWED = "renewed", _("Renewed")
    # Translators: « Retiré »
    RETIRED = "retired", _("Retired")
    # Translators: « Échu »
    EXPIRED = "expired", _("Expired")
    # Translators: « Non éprouvé »
    UNPROVEN = "unproven", _("Not proven")
    # Translators: « Expire bientôt »
    EXPIRING = "expiring", _("Expires soon")
    # Translators: « Éprouvé »
    GOOD = "good", _("Proven")


class KeyPair(models.Model):
    """A key pair of an agent, to which bids of a service are sealed.

    It is proven by opening a challenge; a retired one seals nothing new and still opens what it
    sealed; one that sealed something is never deleted.
    """

    class State(models.TextChoices):
        # Translators: « Non éprouvé »
        UNPROVEN = "unproven", _("Not proven")
        # Translators: « Actif »
        ACTIVE = "active", _("Active")
        # Translators: « Retiré »
        RETIRED = "retired", _("Retired")

    class RetirementReason(models.TextChoices):
        # Translators: « Retiré »
        WITHDRAWN = "withdrawn", _("Withdrawn")
        # Translators: « Renouvelé »
        RENEWED = "renewed", _("Renewed")
        # Translators: « Perdu »
        LOST = "lost", _("Lost")
        # Translators: « Compromis »
        COMPROMISED = "compromised", _("Compromised")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="key_pairs")
    holder = models.ForeignKey(Agent, models.PROTECT, related_name="key_pairs")
    # Translators: « Nom du bi-clé »
    name = models.CharField(_("key pair name"), max_length=100)
    # Translators: « Champ CN »
    common_name = models.CharField(_("CN field"), max_length=200)
    certificate = models.BinaryField(max_length=16 * 1024)  # DER
    fingerprint = models.CharField(max_length=64, unique=True)  # SHA-256 of the DER, hexadecimal
    # SHA-256 of the DER of SubjectPublicKeyInfo, hexadecimal: one key has one certificate here.
    public_key_digest = models.CharField(max_length=64, unique=True)
    algorithm = models.CharField(_("algorithm"), max_length=20)  # for instance "RSA-3072"
    not_before = models.DateTimeField()
    # Translators: « Date d'expiration »
    not_after = models.DateTimeField(_("expiry date"))
    # Translators: « Bi-clé de secours »
    is_backup = models.BooleanField(_("backup key pair"), default=False)
    state = models.CharField(max_length=8, choices=State, default=State.UNPROVEN)
    created_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)  # the last time a challenge was opened with it
    retired_at = models.DateTimeField(null=True)
    retirement_reason = models.CharField(max_length=11, choices=RetirementReason, blank=True)
    # When its successor takes over: from then on nothing new is sealed to it, swept or not.
    retires_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField(
        "self", models.SET_NULL, null=True, related_name="successor"
    )  # the key pair that this one renews: a key pair has one successor
    # When it takes over, once it is proven: the `retires_at` that the other will then have.
    takes_over_at = models.DateTimeField(null=True)
    # When it first entered a recipient set, written by the publication: from then on, never deleted.
    first_used_at = models.DateTimeField(null=True)

    objects = KeyPairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="key_pair_active_is_proven",
                condition=~Q(state="active") | Q(proven_at__isnull=False),
            ),
            models.CheckConstraint(
                name="key_pair_retired_at_iff_retired",
                condition=Q(state="retired") ^ Q(retired_at=None),
            ),
            models.CheckConstraint(
                name="key_pair_retirement_reason_iff_retired",
                condition=Q(state="retired") ^ Q(retirement_reason=""),
            ),
            models.CheckConstraint(
                name="key_pair_does_not_replace_itself", condition=~Q(replaces=F("id"))
            ),
        ]
        indexes = [
            models.Index(fields=["service", "is_backup", "name"], name="key_pair_by_service"),
            models.Index(fields=["service", "is_backup", "common_name"], name="key_pair_by_cn"),
            models.Index(fields=["service", "is_backup", "not_after"], name="key_pair_by_end"),
            models.Index(fields=["not_after"], name="key_pair_by_expiry"),
            # All that the counts of a service look at: they read no certificate.
            models.Index(
                fields=["service", "state", "not_after", "retires_at", "is_backup", "holder"],
                name="key_pair_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_expired(self, now: datetime) -> bool:
        return now >= self.not_after

    def is_replaced(self, now: datetime) -> bool:
        """Whether its successor has taken over, swept or not."""
        return self.retires_at is not None and now >= self.retires_at

    def is_freshly_proven(self, now: datetime) -> bool:
        return self.proven_at is not None and now <= self.proven_at + PROOF_LASTS

    def health(self, now: datetime) -> Health:
        """What the lists show."""
        if self.state == self.State.RETIRED:
            is_withdrawn = self.retirement_reason == self.RetirementReason.WITHDRAWN
            return Health.RETIRED if is_withdrawn else Health(self.retirement_reason)
        if self.is_replaced(now):
            return Health.RENEWED
        if self.is_expired(now):
            return Health.EXPIRED
        if self.state == self.State.UNPROVEN:
            return Health.UNPROVEN
        return Health.EXPIRING if now >= self.not_after - EXPIRING else Health.GOOD


class Challenge(models.Model):
    """A proof of possession, or a drill: answered once, within ten minutes.

    `answer_digest` is the SHA-256 of the expected answer in hexadecimal, so that this row gives
    nobody the answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_pair = models.ForeignKey(KeyPair, models.CASCADE, related_name="challenges")
    asked_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    answer_digest = models.BinaryField(max_length=32)  # SHA-256
    issued_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    is_correct = models.BooleanField(null=True)  # whether that answer was the right one

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="challenge_is_correct_iff_answered",
                condition=Q(answered_at=None, is_correct=None)
                | Q(answered_at__isnull=False, is_correct__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Alert(models.Model):
    """One warning before, or at, a key pair's expiry: each threshold exactly once."""

    key_pair = models.ForeignKey(KeyPair, models.CASCADE, related_name="alerts")
    days_before = models.PositiveSmallIntegerField()  # one of ALERT_DAYS
    raised_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)  # by the worker that sends it: `keys/mails.py`

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key_pair", "days_before"], name="alert_once_per_key_pair_and_threshold"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key_pair_id} D-{self.days_before}"


class DrillRequest(models.Model):
    """« Exercice de déchiffrement » asked of a holder: by a colleague, or by the site itself.

    It stays open until a challenge of the key pair is answered; a key pair has one open request.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_pair = models.ForeignKey(KeyPair, models.CASCADE, related_name="drill_requests")
    asked_by = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="+")
    # Where it was asked because the key pair has another holder: the one before.
    former_holder = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # the last time that the mail was handed over
    claimed_at = models.DateTimeField(null=True)  # by the worker that sends it: `keys/mails.py`
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key_pair"],
                condition=Q(answered_at=None),
                name="drill_request_one_open_per_key_pair",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CalendarLink(models.Model):
    """A private address of the calendar of expiries; whoever has it reads the calendar."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.OneToOneField(Agent, models.CASCADE, related_name="calendar_link")
    token_digest = models.CharField(max_length=64, unique=True)  # SHA-256, hexadecimal
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
