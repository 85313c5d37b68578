# SPDX-License-Identifier: EUPL-1.2
"""What goes wrong with the keys that open bids, and who was told: each mail once (`keys.mails`)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from keys.models import KeyPair
from marketplace.models import Agent, Consultation


class Weakness(models.TextChoices):
    """What is wrong with the decryption coverage of a consultation: with the whole, or with a key pair."""

    NOBODY = "nobody", _("No key pair opens")
    NOTHING_SURE = "nothing_sure", _("No key pair is sure to open")
    ONE_KEY = "one_key", _("Hangs on one key pair")
    ONE_PERSON = "one_person", _("Hangs on one person")
    NO_BACKUP = "no_backup", _("No backup key pair is sure to open")
    # Translators: « Perdu »
    LOST = "lost", _("Reported lost")
    # Translators: « Compromis »
    COMPROMISED = "compromised", _("Reported compromised")
    # Translators: « titulaire »
    HOLDER_GONE = "holder_gone", _("The holder’s account is disabled")
    HOLDER_LEAVES = "holder_leaves", _("The holder has left by then")
    UNPROVEN = "unproven", _("Never proven")
    STALE = "stale", _("Not proven for 30 days")
    EXPIRING = "expiring", _("Expires less than 60 days after the opening")


class CoverageNotice(models.Model):
    """One mail about what was found of a consultation's coverage, sent once (`keys.mails`)."""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)


class Degradation(models.Model):
    """A weakness that appeared after going on line, until it is repaired; one open of each kind."""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="degradations")
    weakness = models.CharField(max_length=13, choices=Weakness)
    key_pair = models.ForeignKey(KeyPair, models.PROTECT, null=True, related_name="+")
    notice = models.ForeignKey(CoverageNotice, models.PROTECT, related_name="degradations")
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="degradation_one_open_per_key_pair",
                fields=["consultation", "weakness", "key_pair"],
                condition=Q(ended_at=None, key_pair__isnull=False),
            ),
            models.UniqueConstraint(
                name="degradation_one_open_of_the_whole",
                fields=["consultation", "weakness"],
                condition=Q(ended_at=None, key_pair=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.weakness}"


class KeyReport(models.Model):
    """« Signaler une perte », « une compromission »: who said so, and when; told once by mail."""

    REASONS = [
        (reason.value, reason.label)
        for reason in (KeyPair.RetirementReason.LOST, KeyPair.RetirementReason.COMPROMISED)
    ]

    key_pair = models.ForeignKey(KeyPair, models.PROTECT, related_name="reports")
    reason = models.CharField(max_length=11, choices=REASONS)
    reported_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_pair", "reason"], name="key_reported_once"),
            models.CheckConstraint(
                name="key_report_is_of_a_loss_or_a_compromise",
                condition=Q(reason__in=["lost", "compromised"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key_pair_id} {self.reason}"


class Departure(models.Model):
    """The announcement of an agent's last day; the checklist is mailed once."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="departures")
    leaves_on = models.DateField()
    announced_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    announced_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.agent_id} {self.leaves_on}"
