# SPDX-License-Identifier: EUPL-1.2
"""The register of deposits as files: for a spreadsheet, for a program, for whoever keeps it on paper."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from envelopes import closing, register
from envelopes.models import Deposit, PaperDeposit
from envelopes.receipts import instant
from envelopes.register import Part, Row, Trouble
from envelopes.views.register import closed
from envelopes.views.register_words import COLUMNS, trouble_words, words
from marketplace import canonical, csv_files, pdf
from marketplace.canonical import JSONValue
from marketplace.http import attachment
from marketplace.models import Consultation
from marketplace.permissions import AgentRequest, agent_required

VERSION: Final = 1  # of the JSON file, docs/guide/4-ouvrir-les-plis.md


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
def data(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    consultation, now = closed(request, consultation_id)
    content = content_of(
        consultation,
        register.every_row(consultation, now=now),
        register.every_trouble(consultation, now=now),
        now=now,
    )
    return attachment(file_name(consultation, "json"), canonical.dumps(content), "application/json")


@agent_required()
@require_safe
def document(request: AgentRequest, consultation_id: UUID) -> HttpResponse:
    """The whole register in words, with the file for programs inside."""
    consultation, now = closed(request, consultation_id)
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
    content = canonical.dumps(content_of(consultation, rows, troubles, now=now))
    inside = [pdf.Attachment(name, content, _("The register, for programs"))]
    made = pdf.render("register", context, made_at=now, attachments=inside)
    return attachment(file_name(consultation, "pdf"), made, pdf.CONTENT_TYPE)


def file_name(consultation: Consultation, extension: str) -> str:
    # Translators: the beginning of a file’s name, without accents
    name = _("register-of-deposits")
    return f"{name}-{consultation.reference}.{extension}"


def content_of(
    consultation: Consultation, rows: Iterable[Row], troubles: Iterable[Trouble], *, now: datetime
) -> dict[str, JSONValue]:
    """The whole register, as programs read it."""
    fingerprint = closing.latest(consultation, now=now)
    service = consultation.service
    return {
        "attempts": [_trouble(one) for one in troubles],
        "closing": {
            "made_at": instant(fingerprint.made_at),
            "number": fingerprint.number,
            "root": fingerprint.root_hex,
            "size": fingerprint.size,
        }
        if fingerprint
        else None,
        "consultation": {
            "buyer": {"organisation": service.organisation.name, "service": service.name},
            "closes_at": instant(consultation.closes_at),
            "id": str(consultation.pk),
            "reference": consultation.reference,
            "title": consultation.title,
        },
        "lines": [_line(row) for row in rows],
        "made_at": instant(now),
        "version": VERSION,
    }


def _cells(row: Row, zone: str) -> list[csv_files.Cell]:
    said = words(row, zone)
    is_electronic = row.deposit is not None
    return [
        str(row.order),
        row.arrived_at.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds"),
        str(said.way),
        row.company,
        row.registration,
        "\n".join(said.observations),
        "\n".join(said.parts),
        str(sum(part.file_count for part in row.parts)) if is_electronic else "",
        str(sum(part.sealed_size for part in row.parts)) if is_electronic else "",
    ]


def _line(row: Row) -> JSONValue:
    late_by = row.late_by
    return {
        "arrived_at": instant(row.arrived_at),
        "company": row.company,
        "deposit": _deposit(row, row.deposit) if row.deposit else None,
        "late_by_milliseconds": None if late_by is None else late_by // timedelta(milliseconds=1),
        "order": row.order,
        "paper": _paper(row.paper) if row.paper else None,
        "registration": row.registration or None,
        "way": row.paper.way if row.paper else "electronic",
    }


def _deposit(row: Row, deposit: Deposit) -> JSONValue:
    follows = deposit.follows
    receipt = json.loads(bytes(deposit.receipt.content))
    return {
        "envelopes": list(_envelopes(row.parts)),
        "follows": {"number": follows.number, "relation": deposit.relation} if follows else None,
        "id": str(deposit.pk),
        "manifest_sha256": receipt["manifest_sha256"],
        "number": deposit.number,
        "replaced_by": row.replaced_by,
        "withdrawn_at": instant(deposit.withdrawn_at),
    }


def _envelopes(parts: tuple[Part, ...]) -> Iterator[JSONValue]:
    for part in parts:
        yield {
            "file_count": part.file_count,
            "kind": part.kind.value,
            "lot": part.lot,
            "sealed_size": part.sealed_size,
        }


def _paper(paper: PaperDeposit) -> JSONValue:
    return {
        "cancel_reason": paper.cancel_reason or None,
        "cancelled_at": instant(paper.cancelled_at),
        "cancelled_by": str(paper.cancelled_by) if paper.cancelled_by else None,
        "id": str(paper.pk),
        "observations": paper.observations,
        "parcels": paper.parcels,
        "recorded_at": instant(paper.recorded_at),
        "recorded_by": str(paper.recorded_by),
    }


def _trouble(trouble: Trouble) -> JSONValue:
    deposit = trouble.deposit
    return {
        "attempt_count": trouble.attempt_count,
        "causes": [{"code": code, "count": count} for code, count in trouble.causes],
        "company": deposit.company.name,
        "deposit": str(deposit.pk),
        "first_at": instant(trouble.first_at),
        "is_submitted": deposit.state == Deposit.State.SUBMITTED,
        "last_at": instant(trouble.last_at),
        "registration": deposit.company.registration or None,
    }
