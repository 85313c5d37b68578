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
    except Exception as error:  # noqa: BLE001 - parsers raise anything on a hostile document
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} {frame.name}:{frame.lineno}"
        reference = hashlib.sha256(place.encode()).hexdigest()[:8]
        # Where it failed, but not the message: parsers quote the document, which may be a bid.
        calls = "".join(traceback.format_tb(error.__traceback__))
        _logger.warning("unreadable signature data, reference %s: %s\n%s", reference, place, calls)
        return Problem(Reading.UNREADABLE, type(error).__name__, reference)
