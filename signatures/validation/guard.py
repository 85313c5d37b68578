# SPDX-License-Identifier: EUPL-1.2
"""The one place where any failure of a parser on a hostile document becomes a fact."""

import hashlib
import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from signatures.validation.facts import Problem, Reading

T = TypeVar("T")
_logger = logging.getLogger(__name__)


def attempt(action: Callable[[], T]) -> T | Problem:
    """What `action` returns, or the problem it met.

    The same failure at the same place has the same reference, so that they can be counted.
    """
    try:
        return action()
    except (
        Exception
    ) as error:  # a hostile PDF makes parsers raise anything; the answer is "unreadable"
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} {frame.name}:{frame.lineno}"
        reference = hashlib.sha256(place.encode()).hexdigest()[:8]
        _logger.warning("unreadable signature data, reference %s", reference, exc_info=error)
        return Problem(Reading.UNREADABLE, type(error).__name__, reference)
