# SPDX-License-Identifier: EUPL-1.2
"""The opening of bids: its session, what was released, what left the site sealed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from envelopes.models.bids import Deposit, Envelope, SealedFile
from keys.models import KeyPair
from marketplace.models import Agent, Consultation


class Opening(models.Model):
    """The session in which a consultation's envelopes are opened (« dépouillement »)."""

    consultation = models.OneToOneField(
        Consultation, models.PROTECT, primary_key=True, related_name="opening"
    )
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)


class Release(models.Model):
    """The content keys of an envelope that an agent released after the deadline.

    `sealed_keys` is encrypted with the server's release key: whoever copies the database alone
    reads nothing. `index` is the envelope's index, encrypted alike.
    """

    envelope = models.OneToOneField(
        Envelope, models.PROTECT, primary_key=True, related_name="release"
    )
    released_at = models.DateTimeField()
    released_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    key_pair = models.ForeignKey(KeyPair, models.PROTECT, related_name="+")
    sealed_keys = models.BinaryField()
    sealed_index = models.BinaryField()

    def __str__(self) -> str:
        return str(self.pk)


class ReleasedFile(models.Model):
    """A file of a released envelope, with what the opening found of it."""

    file = models.OneToOneField(
        SealedFile, models.PROTECT, primary_key=True, related_name="released"
    )
    release = models.ForeignKey(Release, models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=255)
    sha256 = models.BinaryField(max_length=32)  # of the plaintext, as recomputed at the opening
    matches_index = models.BooleanField()  # the bidder's computer had announced the same

    def __str__(self) -> str:
        return self.name


class LocalOpening(models.Model):
    """Sealed bytes that an agent opens on a computer: who reads them there, nobody here can tell.

    Without an envelope it is the archive of the whole deposit. Of an agent who did it several times, the
    first is here; each is in the journal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="local_openings")
    envelope = models.ForeignKey(
        Envelope, models.PROTECT, null=True, related_name="local_openings"
    )  # of the deposit
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="local_opening_of_deposit_once_per_agent",
                fields=["deposit", "agent"],
                condition=Q(envelope=None),
            ),
            models.UniqueConstraint(
                name="local_opening_of_envelope_once_per_agent",
                fields=["envelope", "agent"],
                condition=Q(envelope__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deposit_id} {self.agent_id}"
