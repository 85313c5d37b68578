# SPDX-License-Identifier: EUPL-1.2
"""The text of a calendar; an independent parser reads what we write."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from keys.icalendar import Event, calendar, fold, text
from tests.keys.calendars import events_in, read

MADE_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
EVENT = Event(
    uid="0b6f2c9e-0000-4000-8000-000000000001@marches.example.org",
    day=date(2028, 11, 1),
    summary="Expiration du bi-clé « Claire Martin » (Marchés, achats et co)",
    description="Bi-clé personnel ; détenu par C:\\Martin.\nRenouvelez-le.",
    url="https://marches.example.org/settings/encryption-keys/0b6f2c9e/",
)
KNOWN = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Sigille//Sigille//FR
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:Expirations
X-WR-CALNAME:Expirations
REFRESH-INTERVAL;VALUE=DURATION:PT12H
X-PUBLISHED-TTL:PT12H
BEGIN:VEVENT
UID:0b6f2c9e-0000-4000-8000-000000000001@marches.example.org
DTSTAMP:20261102T090000Z
DTSTART;VALUE=DATE:20281101
SUMMARY:Expiration du bi-clé « Claire Martin » (Marchés\\, achats et co)
DESCRIPTION:Bi-clé personnel \\; détenu par C:\\\\Martin.\\nRenouvelez-le.
URL:https://marches.example.org/settings/encryption-keys/0b6f2c9e/
TRANSP:TRANSPARENT
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-P30D
DESCRIPTION:Expiration du bi-clé « Claire Martin » (Marchés\\, achats et
  co)
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-P7D
DESCRIPTION:Expiration du bi-clé « Claire Martin » (Marchés\\, achats et
  co)
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_calendar_is_the_known_one():
    known = KNOWN.replace("\n", "\r\n").encode()

    assert calendar("Expirations", [EVENT], made_at=MADE_AT) == known


def test_calendar_is_read_by_another_parser():
    read_back = read(calendar("Expirations", [EVENT], made_at=MADE_AT))

    (event,) = read_back.events
    assert read_back["X-WR-CALNAME"] == "Expirations"
    assert (event["UID"], event["URL"]) == (EVENT.uid, EVENT.url)
    assert (event["DTSTART"].dt, event["DTSTAMP"].dt) == (EVENT.day, MADE_AT)
    assert (event["SUMMARY"], event["DESCRIPTION"]) == (EVENT.summary, EVENT.description)
    alarms = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
    assert alarms == [timedelta(days=-30), timedelta(days=-7)]


def test_calendar_without_an_event_is_one_all_the_same():
    assert events_in(calendar("Expirations", [], made_at=MADE_AT)) == []


@given(st.text(), st.text())
@example("é" * 100, "\U0001f5dd" * 40)
@example("END:VEVENT\r\nBEGIN:VEVENT", 'a\\nb\\,;:"\n\r\x0b\x85\u2028,')
def test_any_words_come_back_from_lines_that_are_short_and_whole(summary, description):
    event = Event("1", date(2028, 11, 1), summary, description, "https://example.org/")

    content = calendar("Expirations", [event], made_at=MADE_AT)

    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not any(sign in content.replace(b"\r\n", b"") for sign in (b"\r", b"\n", b"\0"))
    (read_back,) = events_in(content)
    assert read_back["SUMMARY"] == readable(summary)
    assert read_back["DESCRIPTION"] == readable(description)


def readable(words: str) -> str:
    """The words without the signs that no calendar may hold, each end of a line being a plain one."""
    controls = dict.fromkeys([*range(9), *range(14, 32), *range(127, 160)])
    del controls[0x85], controls[0x1C], controls[0x1D], controls[0x1E]
    return "\n".join(words.splitlines()).translate(controls)


def test_text_escapes_what_has_a_meaning():
    assert text("a\\b;c,d\ne\r\nf\x00") == "a\\\\b\\;c\\,d\\ne\\nf"


def test_fold_cuts_at_75_bytes_and_never_inside_a_letter():
    assert fold("x" * 75) == b"x" * 75 + b"\r\n"
    assert fold("x" * 76) == b"x" * 75 + b"\r\n x\r\n"
    assert fold("x" * 74 + "é") == b"x" * 74 + b"\r\n \xc3\xa9\r\n"
