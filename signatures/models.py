# SPDX-License-Identifier: EUPL-1.2
"""Signature reports (« bilans d'analyse ») and the buyer's decisions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import cast

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from envelopes.models import ReleasedFile
from marketplace.models import Agent, Consultation, Right


class ReportQuerySet(models.QuerySet["Report"]):
    def ask_for(self, files: models.QuerySet[ReleasedFile], *, now: datetime) -> None:
        """One pending report for each of these files that has none."""
        missing = files.filter(report=None).select_related("file__envelope__deposit")
        asked = (Report(file=file, requested_at=now, moment=_submission(file)) for file in missing)
        self.bulk_create(asked, ignore_conflicts=True)

    def visible_to(self, agent: Agent) -> ReportQuerySet:
        """Those of the consultations that the agent sees; the whole organisation for a reviewer."""
        if agent.may(Right.REVIEW_REPORTS):
            return self.filter(
                file__file__envelope__deposit__consultation__service__organisation=(
                    agent.service.organisation_id
                )
            )
        return self.filter(
            file__file__envelope__deposit__consultation__in=Consultation.objects.visible_to(agent)
        )


def _submission(file: ReleasedFile) -> datetime:
    """When the file was submitted: what is released was, as a constraint of deposits says."""
    return cast("datetime", file.file.envelope.deposit.submitted_at)


class Report(models.Model):
    """What is known of the signatures of one file: facts, from which the conditions are judged."""

    class State(models.TextChoices):
        # Translators: « En attente »
        PENDING = "pending", _("Pending")
        # Translators: « Établi »
        DONE = "done", _("Done")
        # Translators: « Échec de l'analyse »
        FAILED = "failed", _("The analysis failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.OneToOneField(ReleasedFile, models.PROTECT, related_name="report")
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    requested_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)  # when a worker last took it up
    reference = models.CharField(max_length=40, blank=True)  # of a failure: it is in the logs too
    moment = models.DateTimeField()  # the deposit's submission: the platform's proof of existence
    facts = models.JSONField(null=True)  # signatures.validation facts, versioned
    indication = models.CharField(max_length=20, blank=True)  # EN 319 102-1, § 5.1
    signature_count = models.PositiveIntegerField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="report_pending_has_no_conclusion",
                condition=Q(state="pending") ^ Q(concluded_at__isnull=False),
            ),
            models.CheckConstraint(
                name="report_done_has_facts", condition=~Q(state="done") | Q(facts__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["state", "requested_at"], name="report_by_state")]

    def __str__(self) -> str:
        return str(self.pk)


class Decision(models.Model):
    """What the buyer decided in view of a report. A later one replaces it; none is erased."""

    class Choice(models.TextChoices):
        # Translators: « Admettre »
        ADMIT = "admit", _("Admit")
        # Translators: « Demander une régularisation »
        REGULARISE = "regularise", _("Ask to regularise")
        # Translators: « Rejeter »
        REJECT = "reject", _("Reject")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="decisions")
    choice = models.CharField(_("decision"), max_length=10, choices=Choice)
    reason = models.TextField(_("reason"), max_length=2000)
    identity_checked = models.BooleanField(
        _("I checked who the signatory is and that this person may sign"), default=False
    )
    decided_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
