# SPDX-License-Identifier: EUPL-1.2
"""The register of deposits in words: the same on the page, in the files and in the document."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from envelopes import attempts
from envelopes.models import Deposit
from envelopes.register import Part, Row, Trouble
from marketplace.templatetags.sigille import after, exact_instant, instant, size

COLUMNS: Final = {
    # Translators: « Ordre »
    "order": gettext_lazy("Order"),
    # Translators: « Date d'arrivée »
    "arrival": gettext_lazy("Date of arrival"),
    # Translators: « Mode de réception »
    "way": gettext_lazy("Way of reception"),
    # Translators: « Société »
    "company": pgettext_lazy("register", "Company"),
    # Translators: « Observations »
    "observations": gettext_lazy("Observations"),
    # Translators: « Plis »
    "parts": pgettext_lazy("register", "Envelopes"),
}
# Translators: « Électronique »
ELECTRONIC: Final = gettext_lazy("Electronic")


@dataclass(frozen=True)
class Words:
    """A row of the register."""

    row: Row
    arrival: str
    way: str | Promise
    observations: list[str]
    parts: list[str]


@dataclass(frozen=True)
class TroubleWords:
    """A line of the attempts."""

    trouble: Trouble
    first: str
    last: str
    state: str | Promise
    causes: list[str]


def words(row: Row, zone: str) -> Words:
    return Words(
        row=row,
        arrival=exact_instant(row.arrived_at, zone),
        way=row.paper.get_way_display() if row.paper else ELECTRONIC,
        observations=list(_observations(row, zone)),
        parts=[row.paper.parcels] if row.paper else [_part(part) for part in row.parts],
    )


def trouble_words(trouble: Trouble, zone: str) -> TroubleWords:
    known = attempts.reasons()
    causes = []
    for code, count in trouble.causes:
        reason = str(known[code].user_message) if code in known else code
        causes.append(f"{reason} (× {count})" if count > 1 else reason)
    is_draft = trouble.deposit.state == Deposit.State.DRAFT
    return TroubleWords(
        trouble=trouble,
        first=instant(trouble.first_at, zone),
        last=instant(trouble.last_at, zone),
        state=_("Not submitted") if is_draft else _("Submitted in the end"),
        causes=causes,
    )


def _observations(row: Row, zone: str) -> Iterator[str]:
    if row.late_by is not None:
        # Translators: « Hors délai de 2 min 3,456 s »
        late_by = after(row.arrived_at, row.arrived_at - row.late_by)
        yield _("Late by {duration}").format(duration=late_by)
    if row.deposit is not None:
        yield from _observations_of_deposit(row.deposit, zone)
    if row.replaced_by is not None:
        # Translators: « Remplacé par le dépôt n° 4 »
        yield _("Replaced by deposit {number}").format(number=row.replaced_by)
    if row.paper is not None:
        if row.paper.observations:
            yield row.paper.observations
        yield _("Entered on {date} by {agent}").format(
            date=instant(row.paper.recorded_at, zone), agent=row.paper.recorded_by
        )
    if row.paper is not None and row.paper.cancelled_at is not None:
        yield _("Line cancelled on {date} by {agent}: {reason}").format(
            date=instant(row.paper.cancelled_at, zone),
            agent=row.paper.cancelled_by,
            reason=row.paper.cancel_reason,
        )


def _observations_of_deposit(deposit: Deposit, zone: str) -> Iterator[str]:
    if deposit.withdrawn_at is not None:
        # Translators: « Retiré le … »
        yield _("Withdrawn on {date}").format(date=exact_instant(deposit.withdrawn_at, zone))
    if deposit.follows is not None:
        yield _relation_of(deposit).format(number=deposit.follows.number)
    copies = json.loads(bytes(deposit.receipt.content)).get("copies")
    if copies is not None:
        # Translators: « Conservé en 2 exemplaires »
        yield ngettext("Kept in {count} copy", "Kept in {count} copies", copies).format(
            count=copies
        )


def _relation_of(deposit: Deposit) -> str:
    """What was said of a second deposit; a late one replaces nothing (`envelopes.standing`)."""
    if deposit.relation == Deposit.Relation.COMPLETES:
        return _("Completes deposit {number}")
    if deposit.is_late:
        # Translators: « Devait remplacer le dépôt n° 2 : hors délai, il ne remplace rien »
        return _("Was to replace deposit {number}: late, it replaces nothing")
    return _("Replaces deposit {number}")


def _part(part: Part) -> str:
    name = str(part.kind.label)
    if part.lot is not None:
        name = _("{kind}, lot {lot}").format(kind=name, lot=part.lot)
    # Translators: « Offre, lot 2 : 3 fichiers, 1,2 Mo »
    said = ngettext(
        "{envelope}: {count} file, {size}", "{envelope}: {count} files, {size}", part.file_count
    )
    return said.format(envelope=name, count=part.file_count, size=size(part.sealed_size))
