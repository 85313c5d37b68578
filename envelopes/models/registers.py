# SPDX-License-Identifier: EUPL-1.2
"""What a buyer keeps of a consultation once its deadline has passed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.models import Agent, Consultation, Timestamp


class PaperDeposit(models.Model):
    """What came by another way than the site, entered by an agent after the deadline.

    One entered by mistake is cancelled, with a reason, and stays in the register.
    """

    class Way(models.TextChoices):
        # Translators: « Papier »
        PAPER = "paper", _("Paper")
        # Translators: « Copie de sauvegarde »
        BACKUP_COPY = "backup_copy", _("Backup copy")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="paper_deposits")
    way = models.CharField(_("way of reception"), max_length=11, choices=Way)
    company_name = models.CharField(_("company"), max_length=200)
    received_at = models.DateTimeField(_("date of arrival"))
    parcels = models.CharField(_("envelopes"), max_length=200)  # what came, in the agent's words
    observations = models.CharField(_("observations"), max_length=500, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(Agent, models.PROTECT, null=True, related_name="+")
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="paper_deposit_cancelled_with_a_reason",
                condition=Q(cancelled_at=None, cancelled_by=None, cancel_reason="")
                | (
                    Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancel_reason="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.company_name}"


class ClosingFingerprint(models.Model):
    """The Merkle root of the bids received in time (« empreinte de clôture »), in the order of their numbers.

    The first is made after the deadline, once what began in time is checked. A bid that is kept later all the
    same makes another: its tree is the former one with more leaves (RFC 6962 § 2.1.2).
    """

    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="closing_fingerprints"
    )
    number = models.PositiveSmallIntegerField()  # from 1
    size = models.PositiveIntegerField()  # leaves
    root = models.BinaryField(max_length=32)  # docs/envelope-format.md § 14
    made_at = models.DateTimeField()
    timestamp = models.OneToOneField(Timestamp, models.PROTECT, null=True, related_name="closing")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="closing_fingerprint_number_unique", fields=["consultation", "number"]
            ),
            models.CheckConstraint(
                name="closing_fingerprint_number_from_1", condition=Q(number__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.number}"

    @property
    def root_hex(self) -> str:
        return bytes(self.root).hex()


class Scrub(models.Model):
    """One reading of all the blocks of the store, in the order of their rows: it goes on where it stopped."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    last_block = models.PositiveBigIntegerField(default=0)  # key of the last SealedBlock read
    checked_count = models.PositiveBigIntegerField(default=0)
    repaired_count = models.PositiveIntegerField(default=0)
    lost_count = models.PositiveIntegerField(default=0)  # damaged, and no good copy was found

    def __str__(self) -> str:
        return f"{self.started_at}"
