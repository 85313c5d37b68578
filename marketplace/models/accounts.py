# SPDX-License-Identifier: EUPL-1.2
"""People: users, who are agents of a service or bidders of a company."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.models.organisations import Company, Service


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("first and last name"), max_length=150)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name


class Right(models.TextChoices):
    """A right of an agent (« habilitation »)."""

    # Translators: « Gérer les bi-clés du service »
    MANAGE_KEYS = "manage_keys", _("Manage the key pairs of the service")
    # Translators: « Gérer les bi-clés des autres services »
    MANAGE_OTHER_KEYS = "manage_other_keys", _("Manage the key pairs of other services")
    # Translators: « Gérer les consultations »
    MANAGE_CONSULTATIONS = "manage_consultations", _("Manage consultations")
    # Translators: « Ouvrir les plis »
    OPEN_BIDS = "open_bids", _("Open bids")
    # Translators: « Examiner les bilans de signature »
    REVIEW_REPORTS = "review_reports", _("Review signature reports")


class Agent(models.Model):
    """A buyer's user, in one service, with rights. An administrator has every right, everywhere
    in the organisation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, models.PROTECT, related_name="agent")
    service = models.ForeignKey(Service, models.PROTECT, related_name="agents")
    is_administrator = models.BooleanField(_("administrator"), default=False)
    manage_keys = models.BooleanField(Right.MANAGE_KEYS.label, default=False)
    manage_other_keys = models.BooleanField(Right.MANAGE_OTHER_KEYS.label, default=False)
    manage_consultations = models.BooleanField(Right.MANAGE_CONSULTATIONS.label, default=False)
    open_bids = models.BooleanField(Right.OPEN_BIDS.label, default=False)
    review_reports = models.BooleanField(Right.REVIEW_REPORTS.label, default=False)
    # The last day at work, where a departure is announced: key pairs are handed over before.
    leaves_on = models.DateField(_("leaves on"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(manage_other_keys=True) | Q(manage_keys=True),
                name="agent_manages_other_keys_only_with_own",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    def may(self, right: Right) -> bool:
        return self.is_administrator or bool(getattr(self, right.value))


class Bidder(models.Model):
    """A company's user."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, models.PROTECT, related_name="bidder")
    company = models.ForeignKey(Company, models.PROTECT, related_name="bidders")

    def __str__(self) -> str:
        return str(self.user)
