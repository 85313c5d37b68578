# SPDX-License-Identifier: EUPL-1.2
"""The journal: one entry for every change, in the order of the changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class JournalHead(models.Model):
    """The journal's length. Its only row is locked to append, so that entries have no gaps."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.PositiveBigIntegerField(default=0)  # entries
    stopped_at = models.DateTimeField(null=True)  # found damaged: no head is signed any more

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="journal_has_one_head")]

    def __str__(self) -> str:
        return str(self.size)


class JournalEntry(models.Model):
    """One change, or one refusal: who, what, on what, when.

    The leaf hash covers `commitment`, not `actor` and `facts` themselves: these, with `salt`, can
    be erased one day (GDPR) without breaking any proof. `marketplace/journal.py` says how.
    """

    index = models.PositiveBigIntegerField(primary_key=True)  # counted from 0, without gaps
    recorded_at = models.DateTimeField(_("time"))
    action = models.CharField(_("action"), max_length=60)  # for instance "key_pair.registered"
    subject = models.CharField(_("subject"), max_length=80)  # for instance "KeyPair <uuid>"
    organisation = models.ForeignKey(
        "marketplace.Organisation", models.PROTECT, null=True, related_name="+"
    )
    actor = models.CharField(_("actor"), max_length=300)  # an address and a UUID
    facts = models.JSONField(_("facts"))
    salt = models.BinaryField(max_length=16)  # random
    commitment = models.BinaryField(max_length=32)  # SHA-256
    leaf_hash = models.BinaryField(max_length=32)  # RFC 6962, § 2.1

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["subject", "index"], name="journal_by_subject"),
            models.Index(fields=["organisation", "index"], name="journal_by_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.action} {self.subject}"


class JournalNode(models.Model):
    """The hash of a whole subtree of the journal, above the leaves: never changed once written."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()  # 1 or more; the leaves are the entries themselves
    index = models.PositiveBigIntegerField()  # at this level, counted from 0
    hash = models.BinaryField(max_length=32)  # RFC 6962, § 2.1

    def __str__(self) -> str:
        return f"{self.level} {self.index}"


class SignedHead(models.Model):
    """The journal as it was at one length, signed: what receipts and anchors hold it to."""

    size = models.PositiveBigIntegerField(primary_key=True)  # entries
    note = models.TextField()  # the checkpoint and its signature: docs/envelope-format.md § 12
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.size)
