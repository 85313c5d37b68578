# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.http import QueryDict

from marketplace import tables


@pytest.mark.parametrize(
    ("query", "changes", "expected"),
    [
        ("", {"page": 2}, "?page=2"),
        ("q=%C3%A9t%C3%A9&page=2", {"page": 3}, "?q=%C3%A9t%C3%A9&page=3"),
        ("page=2&q=a", {"page": None}, "?q=a"),
        ("page=2", {"page": None}, "?"),
        ("a=1&a=2", {"page": 2}, "?a=1&a=2&page=2"),
    ],
)
def test_address_keeps_the_rest_of_the_query(query, changes, expected):
    assert tables.address(QueryDict(query), **changes) == expected


LABELS = {"name": "Name", "not_after": "Expiry"}


@pytest.mark.parametrize(
    ("query", "column", "is_descending"),
    [
        ("", "name", False),
        ("sort=not_after", "not_after", False),
        ("sort=-not_after", "not_after", True),
        ("sort=-certificate", "name", False),
        ("sort=--name", "name", False),
    ],
)
def test_sorting_is_by_a_column_of_the_table(query, column, is_descending):
    sorting = tables.sorting(LABELS, QueryDict(query))

    assert (sorting.column, sorting.is_descending) == (column, is_descending)


def test_sorting_turns_the_current_column_and_begins_the_pages_again():
    query = QueryDict("q=a&page=3&sort=name")

    columns = tables.sorting(LABELS, query).columns

    assert columns == [
        tables.Column("Name", "ascending", "?q=a&sort=-name"),
        tables.Column("Expiry", "", "?q=a&sort=not_after"),
    ]
