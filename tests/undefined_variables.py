# SPDX-License-Identifier: EUPL-1.2
"""A template of ours that names a variable nobody gave it fails the test that renders it."""

import sys
from copy import copy
from pathlib import Path
from types import FrameType
from typing import Any, Self

from django.template.base import FilterExpression, Node

OURS = Path(__file__).resolve().parent.parent / "templates"
DEFAULTS = {"default", "default_if_none"}


class UndefinedVariable(str):
    """Django's `string_if_invalid`; Django applies `%` to it with the variable that is undefined.

    `{% if name %}` does not come here: Django asks it to ignore the failure. `{{ name|default:… }}`
    says that the variable may be absent. Templates that are not ours keep Django's leniency.
    """

    __slots__ = ()

    def __new__(cls) -> Self:
        return super().__new__(cls, "%s")

    def __mod__(self, variable: Any) -> Any:
        frame = sys._getframe(1)
        expression: FilterExpression = frame.f_locals["self"]
        template = _template_of(frame)
        if OURS not in template.parents or _has_default(expression):
            empty = copy(expression)
            empty.var, empty.is_var = "", False
            return empty.resolve(frame.f_locals["context"])
        raise AssertionError(f"{template}: the variable “{variable}” is undefined.")


def _has_default(expression: FilterExpression) -> bool:
    return bool(expression.filters) and expression.filters[0][0].__name__ in DEFAULTS


def _template_of(frame: FrameType | None) -> Path:
    """The file whose node is being rendered: the innermost one on the stack that knows its origin."""
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None):
            return Path(str(node.origin))
        frame = frame.f_back
    return Path()
