# SPDX-License-Identifier: EUPL-1.2
"""Instants attested by somebody else: RFC 3161 time stamps, and the heads of the journal that they date."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from marketplace import development_authority
from marketplace.models.journal import SignedHead


class TimestampQuerySet(models.QuerySet["Timestamp"]):
    def waiting(self, *, tried_before: datetime) -> TimestampQuerySet:
        """Without a token, and not asked for since."""
        not_lately = Q(tried_at=None) | Q(tried_at__lt=tried_before)
        return self.filter(not_lately, token=None)


class Timestamp(models.Model):
    """A digest to be stamped by a time-stamp authority. The row is the job; the token comes later."""

    class Algorithm(models.TextChoices):
        SHA256 = "sha256", "SHA-256"
        SHA512 = "sha512", "SHA-512"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.CharField(max_length=6, choices=Algorithm)
    digest = models.BinaryField(max_length=64)
    asked_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=60, blank=True)  # the code of the last one
    token = models.BinaryField(null=True)  # DER, RFC 3161; verified before it is kept
    generated_at = models.DateTimeField(null=True)  # as the token says
    authority = models.CharField(max_length=300, blank=True)  # the name in its certificate

    objects = TimestampQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="timestamp_token_is_dated",
                condition=Q(token=None, generated_at=None, authority="")
                | Q(token__isnull=False, generated_at__isnull=False),
            )
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], name="timestamp_waiting", condition=Q(token__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_of_development(self) -> bool:
        """Whether its token is worth nothing to anybody but us."""
        return self.authority == development_authority.NAME


class Anchor(models.Model):
    """A head of the journal that a time-stamp authority was asked to date: no rewriting before it."""

    head = models.OneToOneField(SignedHead, models.PROTECT, primary_key=True, related_name="anchor")
    timestamp = models.OneToOneField(Timestamp, models.PROTECT, related_name="anchor")

    def __str__(self) -> str:
        return str(self.pk)
