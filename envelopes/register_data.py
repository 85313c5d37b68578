# SPDX-License-Identifier: EUPL-1.2
"""The register of deposits as programs read it: docs/guide/4-ouvrir-les-plis.md tells what it holds."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from envelopes import closing
from envelopes.models import Deposit, PaperDeposit
from envelopes.receipts import instant
from envelopes.register import Part, Row, Trouble
from marketplace import canonical
from marketplace.canonical import JSONValue
from marketplace.models import Consultation

VERSION: Final = 1


def data(
    consultation: Consultation, rows: Iterable[Row], troubles: Iterable[Trouble], *, now: datetime
) -> bytes:
    """Canonical JSON."""
    fingerprint = closing.latest(consultation, now=now)
    service = consultation.service
    return canonical.dumps(
        {
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
    )


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
