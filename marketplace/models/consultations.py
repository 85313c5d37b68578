# SPDX-License-Identifier: EUPL-1.2
"""Tenders, as buyers write them and bidders read them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.models.accounts import Agent
from marketplace.models.organisations import Service


class EnvelopeKind(models.TextChoices):
    """A part of a bid, opened on its own; candidatures before offers."""

    # Translators: « Candidature »
    APPLICATION = "application", _("Application")
    # Translators: « Offre »
    OFFER = "offer", _("Offer")


class Phase(models.TextChoices):
    """Where a consultation stands at a given instant."""

    # Translators: « Brouillon »
    DRAFT = "draft", _("Draft")
    # Translators: « En ligne »
    ONLINE = "online", _("On line")
    # Translators: « Close »
    CLOSED = "closed", _("Closed")
    # Translators: « Dépouillement »
    OPENING = "opening", _("Opening")


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    def visible_to(self, agent: Agent) -> ConsultationQuerySet:
        """Those of the agent's service; all those of the organisation for an administrator."""
        if agent.is_administrator:
            return self.filter(service__organisation=agent.service.organisation_id)
        return self.filter(service=agent.service_id)

    def published(self) -> ConsultationQuerySet:
        """Those that bidders may see."""
        return self.exclude(state=Consultation.State.DRAFT)

    def open_at(self, now: datetime) -> ConsultationQuerySet:
        return self.filter(state=Consultation.State.ONLINE, closes_at__gt=now)

    def rehearsals(self) -> ConsultationQuerySet:
        """The test consultations on line, the oldest first."""
        online = self.filter(is_test=True, state=Consultation.State.ONLINE)
        return online.select_related("service__organisation").order_by("published_at", "pk")


class Consultation(models.Model):
    """A tender. Closed is no state: it is what the clock says of one that is on line."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ONLINE = "online", _("On line")
        OPENING = "opening", _("Opening")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="consultations")
    reference = models.CharField(_("reference"), max_length=60)
    title = models.CharField(_("title"), max_length=300)
    # Translators: « Date limite de remise des plis »
    closes_at = models.DateTimeField(_("deadline for bids"))
    # Translators: « Ouverture des plis prévue »
    opens_at = models.DateTimeField(_("planned opening"))
    wants_applications = models.BooleanField(_("an application envelope"), default=True)
    wants_offers = models.BooleanField(_("an offer envelope"), default=True)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    published_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    # Where bidders rehearse (« consultation de test »): never closed, never opened.
    is_test = models.BooleanField(_("test consultation"), default=False)

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="consultation_opens_after_it_closes", condition=Q(opens_at__gte=F("closes_at"))
            ),
            models.CheckConstraint(
                name="consultation_wants_an_envelope",
                condition=Q(wants_applications=True) | Q(wants_offers=True),
            ),
            models.CheckConstraint(
                name="consultation_published_at_iff_not_draft",
                condition=Q(state="draft") ^ Q(published_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="consultation_reference_unique_in_service", fields=["service", "reference"]
            ),
        ]
        indexes = [models.Index(fields=["state", "closes_at"], name="consultation_by_closing")]

    def __str__(self) -> str:
        return f"{self.reference} – {self.title}"

    def is_closed(self, now: datetime) -> bool:
        """Whether the deadline has passed: at `closes_at` itself, it has. A test has none that passes."""
        return self.state != self.State.DRAFT and not self.is_test and now >= self.closes_at

    def phase(self, now: datetime) -> Phase:
        if self.state == self.State.ONLINE and self.is_closed(now):
            return Phase.CLOSED
        return Phase(self.state)

    @property
    def envelope_kinds(self) -> list[EnvelopeKind]:
        kinds = [
            (EnvelopeKind.APPLICATION, self.wants_applications),
            (EnvelopeKind.OFFER, self.wants_offers),
        ]
        return [kind for kind, wanted in kinds if wanted]


class Lot(models.Model):
    """A part of a consultation that is awarded on its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consultation = models.ForeignKey(Consultation, models.CASCADE, related_name="lots")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consultation", "number"], name="lot_number_unique_in_consultation"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="lot_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.number} – {self.title}"
