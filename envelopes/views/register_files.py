# SPDX-License-Identifier: EUPL-1.2
"""The register of deposits as files: for a spreadsheet, for a program, for whoever keeps it on paper."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from envelopes import closing, register, register_data
from envelopes.register import Row, Trouble
from envelopes.views.register import closed
from envelopes.views.register_words import COLUMNS, trouble_words, words
from marketplace import csv_files, pdf
from marketplace.http import attachment
from marketplace.models import Consultation
from marketplace.permissions import AgentRequest, agent_required


@agent_required()
@require_safe
def table(request: AgentRequest, consultation_id: UUID) -> HttpResponseBase:
    consultation, now = closed(request, consultation_id)
    rows = register.every_row(consultation, now=now)
    headings = [
        *(str(COLUMNS[name]) for name in ("order", "arrival", "way", "company")),
        _("Registration number"),
        *(str(COLUMNS[name]) for name in ("observations", "parts")),
        _("Number of files"),
        _("Sealed size in bytes"),
    ]
    zone = consultation.service.organisation.time_zone
    cells = (_cells(row, zone) for row in rows)
    lines = csv_files.lines(headings, cells, ZoneInfo(zone))
    return csv_files.answer(file_name(consultation, "csv"), lines)


@agent_required()
@require_safe
def attempts_table(request: AgentRequest, consultation_id: UUID) -> HttpResponseBase:
    """What was tried without success: its columns are not those of what arrived, hence a table of its own."""
    consultation, now = closed(request, consultation_id)
    troubles = register.every_trouble(consultation, now=now)
    headings = [
        str(COLUMNS["company"]),
        _("Registration number"),
        _("First instant"),
        _("Last instant"),
        _("Number of attempts"),
        _("State"),
        _("Causes"),
        _("Deposit"),  # its identifier, which the company's own statement has too
    ]
    zone = ZoneInfo(consultation.service.organisation.time_zone)
    cells = (_trouble_cells(trouble, zone) for trouble in troubles)
    lines = csv_files.lines(headings, cells, zone)
    # Translators: the beginning of a file’s name, without accents
    name = file_name(consultation, "csv", _("attempts-to-deposit"))
    return csv_files.answer(name, lines)


@agent_required()
@require_safe
def data(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    consultation, now = closed(request, consultation_id)
    content = register_data.data(
        consultation,
        register.every_row(consultation, now=now),
        register.every_trouble(consultation, now=now),
        now=now,
    )
    return attachment(file_name(consultation, "json"), content, "application/json")


@agent_required()
@require_safe
def document(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    """The whole register in words, in the language of the site, with the file for programs inside."""
    consultation, now = closed(request, consultation_id)
    with translation.override(settings.LANGUAGE_CODE):
        made = _document(consultation, now)
    return attachment(file_name(consultation, "pdf"), made, pdf.CONTENT_TYPE)


def file_name(consultation: Consultation, extension: str, start: str = "") -> str:
    # Translators: the beginning of a file’s name, without accents
    start = start or _("register-of-deposits")
    return f"{start}-{consultation.reference}.{extension}"


def _document(consultation: Consultation, now: datetime) -> bytes:
    zone, name = consultation.service.organisation.time_zone, file_name(consultation, "json")
    rows = list(register.every_row(consultation, now=now))
    troubles = list(register.every_trouble(consultation, now=now))
    context = {
        "consultation": consultation,
        "zone": zone,
        "made_at": now,
        "columns": COLUMNS,
        "closing": closing.latest(consultation, now=now),
        "rows": [words(row, zone) for row in rows],
        "troubles": [trouble_words(trouble, zone) for trouble in troubles],
        "file_name": name,
    }
    content = register_data.data(consultation, rows, troubles, now=now)
    inside = [pdf.Attachment(name, content, _("The register, for programs"))]
    return pdf.render("register", context, made_at=now, attachments=inside)


def _cells(row: Row, zone: str) -> list[csv_files.Cell]:
    said = words(row, zone)
    is_electronic = row.deposit is not None
    return [
        str(row.order),
        _exact(row.arrived_at, ZoneInfo(zone)),
        str(said.way),
        row.company,
        row.registration,
        "\n".join(said.observations),
        "\n".join(said.parts),
        str(sum(part.file_count for part in row.parts)) if is_electronic else "",
        str(sum(part.sealed_size for part in row.parts)) if is_electronic else "",
    ]


def _trouble_cells(trouble: Trouble, zone: ZoneInfo) -> list[csv_files.Cell]:
    said, company = trouble_words(trouble, zone.key), trouble.deposit.company
    return [
        company.name,
        company.registration,
        _exact(trouble.first_at, zone),
        _exact(trouble.last_at, zone),
        str(trouble.attempt_count),
        str(said.state),
        "\n".join(said.causes),
        str(trouble.deposit.pk),
    ]


def _exact(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="milliseconds")
