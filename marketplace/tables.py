# SPDX-License-Identifier: EUPL-1.2
"""Tables of a list: what is shown of them is in the address."""

from django.http import QueryDict


def address(query: QueryDict, **changes: str | int | None) -> str:
    """The address of the same page with these changes of its query; none removes a parameter."""
    kept = query.copy()
    for name, value in changes.items():
        kept.pop(name, None)
        if value is not None:
            kept[name] = str(value)
    return f"?{kept.urlencode()}"
