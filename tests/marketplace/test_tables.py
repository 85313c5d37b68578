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
