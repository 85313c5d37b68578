# SPDX-License-Identifier: EUPL-1.2
"""Tables of a list: their pages and the order of their rows, both kept in the address."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.http import urlencode


def address(query: QueryDict, **changes: str | int | None) -> str:
    """The address of the same page with these changes of its query; none removes a parameter."""
    kept = {name: values for name, values in query.lists() if name not in changes}
    changed = {name: [str(value)] for name, value in changes.items() if value is not None}
    return f"?{urlencode(kept | changed, doseq=True)}"


@dataclass(frozen=True)
class Column:
    """A heading that sorts."""

    label: str
    order: str  # of `aria-sort`; none where another column sorts
    url: str  # sorts by this column; the other way round where it does already


@dataclass(frozen=True)
class Sorting:
    """What `sort` of the address asks: the name of a column, after `-` for the other way round."""

    column: str
    is_descending: bool
    columns: list[Column]


def sorting(
    labels: Mapping[str, str | Promise], query: QueryDict, *, pages: Collection[str] = ("page",)
) -> Sorting:
    """By the first column where the address asks for none of them; sorting begins the `pages` again."""
    asked = query.get("sort", "")
    name = asked.removeprefix("-")
    is_descending = asked.startswith("-")
    if name not in labels:
        name, is_descending = next(iter(labels)), False
    begun_again = dict.fromkeys(pages)
    columns = []
    for column, label in labels.items():
        is_current = column == name
        turned = f"-{column}" if is_current and not is_descending else column
        order = ("descending" if is_descending else "ascending") if is_current else ""
        columns.append(Column(str(label), order, address(query, sort=turned, **begun_again)))
    return Sorting(name, is_descending, columns)
