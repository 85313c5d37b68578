# SPDX-License-Identifier: EUPL-1.2
"""Public bodies and their departments; companies."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """A public body (« organisme »): nothing of it is seen by another one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Paris")

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A department; keys and consultations belong to one. Services form a tree."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="services")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="service_name_unique_in_organisation"
            ),
            models.CheckConstraint(
                condition=~Q(parent=models.F("id")), name="service_is_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """An economic operator (« entreprise »), known by its SIRET or a foreign national number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("company name"), max_length=200)
    siret = models.CharField(_("SIRET number"), max_length=14, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")  # ISO 3166-1 alpha-2
    foreign_number = models.CharField(_("national registration number"), max_length=40, blank=True)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.CheckConstraint(
                condition=(Q(country="FR") & ~Q(siret="") & Q(foreign_number=""))
                | (~Q(country="FR") & Q(siret="") & ~Q(foreign_number="")),
                name="company_has_a_siret_or_a_foreign_number",
            ),
            models.UniqueConstraint(
                fields=["siret"], condition=~Q(siret=""), name="company_siret_unique"
            ),
            models.UniqueConstraint(
                fields=["country", "foreign_number"],
                condition=~Q(foreign_number=""),
                name="company_foreign_number_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def registration(self) -> str:
        """What identifies the company: its SIRET, or its country and national number."""
        return self.siret or f"{self.country} {self.foreign_number}"
