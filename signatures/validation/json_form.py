# SPDX-License-Identifier: EUPL-1.2
"""Facts and verdicts as plain JSON values, and facts back: what a stored report is made of."""

import base64
import re
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, cast

from signatures.validation.facts import SCHEMA_VERSION, DocumentFacts
from signatures.validation.verdicts import Verdict

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # what a document may write, and PostgreSQL refuses


class UnknownFactsVersion(ValueError):
    """The stored facts were written by a version that this one cannot read."""


def to_json(value: DocumentFacts | Verdict) -> dict[str, Any]:
    """Plain JSON values; `from_json` gives back equal facts. A verdict is not read back: judge again.

    In texts, U+FFFD replaces NUL and lone surrogates.
    """
    return cast("dict[str, Any]", _plain(value))


def from_json(value: dict[str, Any]) -> DocumentFacts:
    """The facts that `to_json` wrote.

    Raises:
        UnknownFactsVersion: another version wrote them.
    """
    if value.get("version") != SCHEMA_VERSION:
        raise UnknownFactsVersion(f"facts of version {value.get('version')!r}")
    return cast("DocumentFacts", _typed(DocumentFacts, value))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, str):
        return _NO_TEXT.sub("\ufffd", value)
    return value


def _typed(annotation: Any, value: Any) -> Any:
    if isinstance(annotation, types.UnionType):
        if value is None:
            return None
        (annotation,) = (item for item in typing.get_args(annotation) if item is not type(None))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple:
        return tuple(_typed(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _typed(arguments[1], item) for key, item in value.items()}
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = _hints(annotation)
        return annotation(**{name: _typed(hints[name], item) for name, item in value.items()})
    return _typed_scalar(annotation, value)


def _typed_scalar(annotation: Any, value: Any) -> Any:
    if annotation is datetime:
        return datetime.fromisoformat(value)
    if annotation is bytes:
        return base64.b64decode(value, validate=True)
    return annotation(value)


@cache
def _hints(annotation: Any) -> dict[str, Any]:
    return typing.get_type_hints(annotation)
