# SPDX-License-Identifier: EUPL-1.2
"""Tables as CSV files for a spreadsheet: UTF-8 with its mark, `;`, CRLF, one row at a time."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

MARK: Final = (
    "\N{ZERO WIDTH NO-BREAK SPACE}"  # without it, spreadsheets take UTF-8 for another code
)
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | datetime | None


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(headings: Sequence[str], rows: Iterable[Sequence[Cell]], zone: tzinfo) -> Iterator[str]:
    """The lines of the file; instants are in ISO 8601, with the offset that `zone` had then."""
    writer = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")
    yield MARK + writer.writerow(headings)
    for row in rows:
        yield writer.writerow([_text(cell, zone) for cell in row])


def answer(name: str, lines: Iterator[str]) -> StreamingHttpResponse:
    """`lines` as a file to save under `name`: sent while they are read."""
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


def _text(cell: Cell, zone: tzinfo) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(timespec="seconds")
    # A spreadsheet would compute a cell that begins so: after an apostrophe, it is text.
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
