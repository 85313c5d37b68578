# SPDX-License-Identifier: EUPL-1.2
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from signatures import conclusions


@shared_task(name="signatures.conclude_report", acks_late=True)
def conclude_report(report_id: str) -> None:
    """Conclude one pending report. Safe to run twice."""
    conclusions.conclude(UUID(report_id), now=timezone.now())


@shared_task(name="signatures.sweep_reports")
def sweep_reports() -> None:
    """Queue the reports that wait for nobody: each minute. Losing the queue loses no report."""
    for report_id in conclusions.waiting(now=timezone.now()):
        conclude_report.delay(str(report_id))
