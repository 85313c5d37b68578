# SPDX-License-Identifier: EUPL-1.2
"""A calendar of whole days that others publish, as text: dates and words in, bytes out.

Source: RFC 5545, § 3.1 (lines), § 3.3.11 (text), § 3.6 (components); RFC 7986, § 5 (NAME, REFRESH-INTERVAL).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
LONGEST: Final = 75  # bytes of a line, without its end
CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")  # but the tab
REFRESH: Final = "PT12H"  # how often those who subscribe should ask again
ALARM_DAYS: Final = (30, 7)  # before the day


@dataclass(frozen=True)
class Event:
    uid: str  # the same for as long as it is the same event
    day: date
    summary: str
    description: str
    url: str


def calendar(name: str, events: Iterable[Event], *, made_at: datetime) -> bytes:
    """The whole file. An event that is left out next time is withdrawn from those who subscribe."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Sigille//Sigille//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{text(name)}",
        f"X-WR-CALNAME:{text(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]
    for event in events:
        lines += _event(event, made_at)
    lines.append("END:VCALENDAR")
    return b"".join(fold(line) for line in lines)


def text(value: str) -> str:
    """A value of the type TEXT: escaped, on one line, without what no line may hold."""
    for special in "\\;,":
        value = value.replace(special, "\\" + special)
    return CONTROLS.sub("", "\\n".join(value.splitlines()))


def fold(line: str) -> bytes:
    """A line with its end, in pieces of 75 bytes at most; each but the first begins with a space."""
    whole, pieces, start, room = line.encode(), [], 0, LONGEST
    while len(whole) - start > room:
        end = start + room
        while whole[end] & 0xC0 == 0x80:  # inside a letter
            end -= 1
        pieces.append(whole[start:end])
        start, room = end, LONGEST - 1
    return b"\r\n ".join([*pieces, whole[start:]]) + b"\r\n"


def _event(event: Event, made_at: datetime) -> Iterator[str]:
    summary = text(event.summary)
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"SUMMARY:{summary}"
    yield f"DESCRIPTION:{text(event.description)}"
    yield f"URL:{event.url}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy all that day
    for days in ALARM_DAYS:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"TRIGGER:-P{days}D"
        yield f"DESCRIPTION:{summary}"
        yield "END:VALARM"
    yield "END:VEVENT"
