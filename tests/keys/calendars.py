# SPDX-License-Identifier: EUPL-1.2
"""Calendars as other software reads them."""

from typing import Any

import icalendar


def read(content: bytes) -> Any:  # a tree whose values are of thirty types
    return icalendar.Calendar.from_ical(content)


def events_in(content: bytes) -> list[Any]:
    return list(read(content).events)
