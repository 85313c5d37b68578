# SPDX-License-Identifier: EUPL-1.2
"""Sealed bids: who can open them, what was deposited."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from keys.models import KeyPair
from marketplace.models import (
    Agent,
    Bidder,
    Company,
    Consultation,
    EnvelopeKind,
    Lot,
    Timestamp,
)

# How long after the planned opening a certificate must still be valid, for bids to be sealed to it.
VALID_AFTER_OPENING = timedelta(days=60)


class ChosenKey(models.Model):
    """A personal key pair chosen for a draft consultation; backup ones are added by themselves."""

    consultation = models.ForeignKey(Consultation, models.CASCADE, related_name="chosen_keys")
    key_pair = models.ForeignKey(KeyPair, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consultation", "key_pair"], name="key_chosen_once")
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.key_pair_id}"


class RecipientSet(models.Model):
    """The certificates to which every bid of a consultation is sealed, frozen at going on line."""

    consultation = models.OneToOneField(
        Consultation, models.PROTECT, primary_key=True, related_name="recipient_set"
    )
    key_pairs: models.ManyToManyField[KeyPair, models.Model] = models.ManyToManyField(
        KeyPair, related_name="recipient_sets"
    )
    fingerprints = models.JSONField()  # sorted SHA-256 of the certificates, hexadecimal
    frozen_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class DepositQuerySet(models.QuerySet["Deposit"]):
    def visible_to(self, bidder: Bidder) -> DepositQuerySet:
        return self.filter(company=bidder.company_id)


class Deposit(models.Model):
    """What one company sends for one consultation (« pli »)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        SUBMITTED = "submitted", _("Submitted")

    class Relation(models.TextChoices):
        """What a second deposit is to the one before it: the bidder was asked (CCP, art. R2151-6)."""

        REPLACES = "replaces", _("Replaces the earlier deposit")
        COMPLETES = "completes", _("Completes the earlier deposit")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="deposits")
    company = models.ForeignKey(Company, models.PROTECT, related_name="deposits")
    bidder = models.ForeignKey(Bidder, models.PROTECT, related_name="deposits")
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField()
    first_byte_at = models.DateTimeField(null=True)  # the first byte of the first file
    last_byte_at = models.DateTimeField(null=True)  # the last acknowledged block
    submitted_at = models.DateTimeField(null=True)
    # Translators: « Hors délai »
    is_late = models.BooleanField(_("late"), default=False)
    number = models.PositiveIntegerField(null=True)  # order of arrival in the consultation, from 1
    manifest = models.BinaryField(null=True)  # canonical JSON, docs/envelope-format.md § 7
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers")
    relation = models.CharField(max_length=9, choices=Relation, blank=True)
    # By the bidder, before the deadline. A withdrawn deposit stays sealed, and listed.
    withdrawn_at = models.DateTimeField(null=True)
    # Of a rehearsal, once they were kept as long as its receipt says: see `envelopes.sweeping`.
    files_removed_at = models.DateTimeField(null=True)

    objects = DepositQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="deposit_submitted_is_whole",
                condition=Q(
                    state="draft", submitted_at=None, number=None, manifest=None, is_late=False
                )
                | Q(
                    state="submitted",
                    submitted_at__isnull=False,
                    number__isnull=False,
                    manifest__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="deposit_follows_in_a_relation",
                condition=Q(follows=None, relation="")
                | (Q(follows__isnull=False) & ~Q(relation="")),
            ),
            models.CheckConstraint(
                name="deposit_withdrawn_was_submitted_in_time",
                condition=Q(withdrawn_at=None) | Q(state="submitted", is_late=False),
            ),
            models.CheckConstraint(
                name="deposit_files_removed_was_submitted",
                condition=Q(files_removed_at=None) | Q(state="submitted"),
            ),
            models.UniqueConstraint(
                name="deposit_number_unique_in_consultation", fields=["consultation", "number"]
            ),
            models.UniqueConstraint(
                name="deposit_one_draft_per_company",
                fields=["consultation", "company"],
                condition=Q(state="draft"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def uploads(self) -> models.QuerySet[SealedFile]:
        """The bidder's files, whole or not: not the indexes."""
        return SealedFile.objects.filter(envelope__deposit=self.pk, is_index=False)


class EnvelopeQuerySet(models.QuerySet["Envelope"]):
    def visible_to(self, agent: Agent) -> EnvelopeQuerySet:
        """Those of the submitted deposits of the consultations that the agent sees."""
        return self.filter(
            deposit__state=Deposit.State.SUBMITTED,
            deposit__consultation__in=Consultation.objects.visible_to(agent),
        )


class Envelope(models.Model):
    """A part of a deposit, by kind and by lot: sealed and opened on its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deposit = models.ForeignKey(Deposit, models.CASCADE, related_name="envelopes")
    kind = models.CharField(max_length=11, choices=EnvelopeKind)
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+")

    objects = EnvelopeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="envelope_unique_in_deposit",
                fields=["deposit", "kind", "lot"],
                condition=Q(lot__isnull=False),
            ),
            models.UniqueConstraint(
                name="envelope_unique_without_lot",
                fields=["deposit", "kind"],
                condition=Q(lot__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deposit_id} {self.kind}"


def new_file_id() -> bytes:
    """8 random bytes, `docs/envelope-format.md` § 2."""
    return secrets.token_bytes(8)


class SealedFileQuerySet(models.QuerySet["SealedFile"]):
    def writable_by(self, bidder: Bidder) -> SealedFileQuerySet:
        """Uploads of the bidder's company; the index of an envelope is no upload."""
        return self.filter(envelope__deposit__company=bidder.company_id, is_index=False)


class SealedFile(models.Model):
    """One file of an envelope, or the envelope's index; a sequence of sealed blocks.

    Its name is nowhere here: it is in the index, sealed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    envelope = models.ForeignKey(Envelope, models.CASCADE, related_name="files")
    file_id = models.BinaryField(max_length=8, default=new_file_id, unique=True)
    is_index = models.BooleanField(default=False)
    size = models.PositiveBigIntegerField()  # bytes of plaintext announced
    received_size = models.PositiveBigIntegerField(default=0)  # bytes of plaintext acknowledged
    block_count = models.PositiveIntegerField(default=0)  # blocks acknowledged
    reserved_size = models.PositiveBigIntegerField(
        default=0
    )  # bytes of the store still kept for it
    writer = models.UUIDField(null=True)  # the request that writes; a newer one displaces it
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    objects = SealedFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="sealed_file_receives_at_most_its_size",
                condition=Q(received_size__lte=F("size")),
            ),
            models.CheckConstraint(
                name="sealed_file_complete_is_whole",
                condition=Q(completed_at=None) | Q(received_size=F("size"), block_count__gte=1),
            ),
            models.UniqueConstraint(
                name="sealed_file_one_index_per_envelope",
                fields=["envelope"],
                condition=Q(is_index=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SealedBlock(models.Model):
    """One block of ciphertext in the store. Its row exists once its bytes are durable."""

    file = models.ForeignKey(SealedFile, models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()  # counted from 0
    size = models.PositiveIntegerField()  # bytes, of the whole sealed block
    header_size = models.PositiveIntegerField()  # bytes before the ciphertext
    plaintext_size = models.PositiveIntegerField()  # bytes
    sha256 = models.BinaryField(max_length=32)  # of the whole sealed block
    storage_name = models.CharField(max_length=120, unique=True)  # no byte of it chosen by a user

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="sealed_block_once_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.number}"

    def is_sealed_as(self, content: bytes) -> bool:
        """Whether these are the bytes of the block, by their length and their digest."""
        return (len(content), hashlib.sha256(content).digest()) == (self.size, bytes(self.sha256))


class Receipt(models.Model):
    """The proof given to the bidder (« accusé de réception »): the same bytes for ever."""

    deposit = models.OneToOneField(
        Deposit, models.PROTECT, primary_key=True, related_name="receipt"
    )
    content = models.BinaryField()  # canonical JSON, docs/envelope-format.md § 13
    issued_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)  # to the person who submitted
    # Of the manifest. Its token comes later, and beside the receipt: the receipt itself never changes.
    timestamp = models.OneToOneField(Timestamp, models.PROTECT, null=True, related_name="receipt")

    def __str__(self) -> str:
        return str(self.pk)


class Attempt(models.Model):
    """A start, a refusal or an error that a bidder met: kept, numbered, shown to both sides.

    Written in the transaction of the change that it tells of; on its own where nothing changed.
    """

    class Step(models.TextChoices):
        UPLOAD = "upload", _("Sending a file")
        REMOVAL = "removal", _("Removing a file")
        RELATION = "relation", _("Choosing to replace or to complete")
        SUBMISSION = "submission", _("Submitting the bid")
        WITHDRAWAL = "withdrawal", _("Withdrawing the bid")

    class Outcome(models.TextChoices):
        STARTED = "started", _("Started")
        REFUSED = "refused", _("Refused")
        INTERRUPTED = "interrupted", _("Interrupted")
        COMPLETED = "completed", _("Completed")

    deposit = models.ForeignKey(Deposit, models.CASCADE, related_name="attempts")
    # In its deposit, from 1: a number of the whole site would tell a rival how many others send.
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=10, choices=Step)
    file = models.UUIDField(null=True)  # of the SealedFile, which may be gone
    outcome = models.CharField(max_length=11, choices=Outcome)
    cause = models.CharField(max_length=60, blank=True)  # the code of the refusal
    offset = models.PositiveBigIntegerField(default=0)  # bytes of plaintext acknowledged by then
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="attempt_number_unique_in_deposit", fields=["deposit", "number"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.deposit_id} {self.number}"


class StoreAlarm(models.Model):
    """The store refused, failed or filled up that day: told once a day and a cause, while it lasts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cause = models.CharField(max_length=60)  # the code of the refusal that bidders met
    raised_on = models.DateField()  # UTC
    raised_at = models.DateTimeField()
    last_at = models.DateTimeField()
    occurrence_count = models.PositiveIntegerField(default=1)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="store_alarm_once_a_day", fields=["cause", "raised_on"])
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.raised_on}"
