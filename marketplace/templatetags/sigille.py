# SPDX-License-Identifier: EUPL-1.2
"""What templates say the same way everywhere: instants, fingerprints, phases."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.units import format_unit
from django import template
from django.conf import settings
from django.template import Context
from django.utils import formats, timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from marketplace import tables
from marketplace.models import Consultation, Phase

register = template.Library()

SIZES: Final = ("byte", "kilobyte", "megabyte", "gigabyte")


@register.filter
def instant(value: datetime, zone: str = "") -> str:
    """`value` with the name of the zone: the one named, or the one that is active."""
    local = timezone.localtime(value, ZoneInfo(zone) if zone else None)
    # Translators: « 11 août 2027 à 10:25 (Europe/Paris) »
    return _("%(date)s at %(time)s (%(zone)s)") % {
        "date": _day(local.date(), get_language()),
        "time": f"{local:%H:%M}",
        "zone": local.tzinfo,
    }


@register.filter
def exact_instant(value: datetime, zone: str = "") -> str:
    """The same to the millisecond: by it an arrival is in time or late."""
    local = timezone.localtime(value, ZoneInfo(zone) if zone else None)
    fraction = local.microsecond // 1000
    # Translators: « 11 août 2027 à 10:25:03,042 (Europe/Paris) »
    return _("%(date)s at %(time)s.%(fraction)s (%(zone)s)") % {
        "date": _day(local.date(), get_language()),
        "time": f"{local:%H:%M:%S}",
        "fraction": f"{fraction:03d}",
        "zone": local.tzinfo,
    }


@lru_cache(maxsize=1000)  # lists repeat their days
def _day(value: date, _language: str | None) -> str:
    return formats.date_format(value, "DATE_FORMAT")


@register.filter
def after(value: datetime, limit: datetime) -> str:
    """How long `value` is after `limit`, to the millisecond: « 0,412 s », « 2 h 03 min 04,005 s »."""
    milliseconds = (value - limit) // timedelta(milliseconds=1)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = formats.number_format(Decimal(rest).scaleb(-3), 3)
    if minutes or hours:
        seconds = seconds.zfill(6)
    long = f"{hours}\u00a0h {minutes:02}\u00a0min " if hours else f"{minutes}\u00a0min "
    return f"{long if minutes or hours else ''}{seconds}\u00a0s"


@register.filter
def fingerprint(hexadecimal: str) -> str:
    """A digest in groups of four, as people compare them."""
    return " ".join(hexadecimal[place : place + 4] for place in range(0, len(hexadecimal), 4))


@register.filter
def size(count: int) -> str:
    """A number of bytes in decimal units, in the very words of `static/ts/units.ts`: « 1,5 ko »."""
    rank = min(len(SIZES) - 1, (len(str(count)) - 1) // 3)
    value = Decimal(count).scaleb(-3 * rank)
    step = Decimal("0.1" if rank and value < 10 else "1")
    rounded = value.quantize(step, ROUND_HALF_UP)
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    unit = f"digital-{SIZES[rank]}"
    # In English, the short plural of a byte is "0 byte".
    length: Literal["long", "short"] = "short" if rank else "long"
    return str(format_unit(rounded, unit, length=length, format="#,##0.#", locale=locale))


@register.filter
def phase(consultation: Consultation, now: datetime) -> Phase:
    """Where the consultation stands at `now`."""
    return consultation.phase(now)


@register.filter
def actor_name(actor: str) -> str:
    """The actor of a journal entry without the identifier that follows."""
    return actor.split(" ", 1)[0]


@register.filter
def short_subject(subject: str) -> str:
    """The subject of a journal entry with the first block of its identifier alone."""
    return subject.split("-", 1)[0]


@register.simple_tag(takes_context=True)
def page_url(context: Context, parameter: str, number: int) -> str:
    """The address of another page of a table; the rest of the query stays."""
    return tables.address(context["request"].GET, **{parameter: number})
