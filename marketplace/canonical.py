# SPDX-License-Identifier: EUPL-1.2
"""Canonical JSON: one value, one sequence of bytes, so that a digest names a value.

Source: docs/envelope-format.md §8.
"""

import json
import re
from typing import NoReturn, TypeAlias, Union

JSONValue: TypeAlias = Union[  # noqa: UP007 - a recursive alias cannot be written with | in 3.11
    dict[str, "JSONValue"], list["JSONValue"], str, int, bool, None
]

LARGEST_INTEGER = 2**53 - 1  # what every JSON reader holds exactly
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class CanonicalError(ValueError):
    """The value has no canonical form, or the bytes are not one."""

    code = "not_canonical"


def dumps(value: JSONValue) -> bytes:
    """The canonical form of `value`.

    Raises:
        CanonicalError: a type, an integer, a key or a lone surrogate outside § 8.
    """
    try:
        _check(value)
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode()
    except (RecursionError, UnicodeEncodeError) as error:
        raise CanonicalError(str(error)) from error


def loads(data: bytes) -> JSONValue:
    """The value whose canonical form is `data`.

    Raises:
        CanonicalError: `data` is not JSON, or is not its own canonical form.
    """
    try:
        value: JSONValue = json.loads(
            data.decode(), parse_float=_refuse_number, parse_constant=_refuse_number
        )
    except (ValueError, RecursionError) as error:
        raise CanonicalError(str(error)) from error
    if dumps(value) != data:
        raise CanonicalError("these bytes are not their own canonical form")
    return value


def _check(value: object) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            _check_key(key)
            _check(member)
    elif isinstance(value, list):
        for member in value:
            _check(member)
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise CanonicalError(f"an integer is beyond {LARGEST_INTEGER}")
    elif not (isinstance(value, str) or value is None):
        raise CanonicalError(f"{type(value).__name__} has no canonical form")


def _check_key(key: object) -> None:
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise CanonicalError(f"{key!r} is not a key of ASCII letters, digits and _")


def _refuse_number(literal: str) -> NoReturn:
    raise CanonicalError(f"{literal} is not an integer")
