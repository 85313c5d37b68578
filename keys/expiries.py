# SPDX-License-Identifier: EUPL-1.2
"""The calendar of expiries: a day for each key pair that its owner may look at."""

from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from keys import icalendar
from keys.icalendar import Event
from keys.models import KeyPair
from marketplace.models import Agent
from marketplace.templatetags.sigille import instant


def calendar_of(agent: Agent, *, now: datetime) -> bytes:
    """The iCalendar file, in the site's language and the organisation's zone, soonest first.

    A key pair that is withdrawn, or whose successor is proven, is left out: its expiry asks for nothing.
    """
    zone = ZoneInfo(agent.service.organisation.time_zone)
    kept = KeyPair.objects.visible_to(agent).unreplaced().exclude(state=KeyPair.State.RETIRED)
    key_pairs = kept.select_related("service", "holder__user").defer("certificate")
    with translation.override(settings.LANGUAGE_CODE), timezone.override(zone):
        events = [_event(key_pair, zone) for key_pair in key_pairs.order_by("not_after", "pk")]
        return icalendar.calendar(_("Key pair expiries – Sigille"), events, made_at=now)


def _event(key_pair: KeyPair, zone: ZoneInfo) -> Event:
    names = {"name": key_pair.name, "service": key_pair.service.name}
    use = _("Backup key pair") if key_pair.is_backup else _("Personal key pair")
    told = [
        _("%(use)s of %(holder)s.") % {"use": use, "holder": key_pair.holder},
        _("Expires on %(instant)s.") % {"instant": instant(key_pair.not_after)},
        _("From then on, no new bid is sealed to it. Renew it before that day:"),
        f"{settings.BASE_URL}{reverse('keys:new')}?replaces={key_pair.pk}",
        _("Keep its key file and its password: it opens the bids already sealed to it."),
    ]
    return Event(
        uid=f"{key_pair.pk}@{urlsplit(settings.BASE_URL).hostname}",
        day=key_pair.not_after.astimezone(zone).date(),
        summary=_("Expiry of the key pair “%(name)s” (%(service)s)") % names,
        description="\n".join(told),
        url=settings.BASE_URL + reverse("keys:detail", args=[key_pair.pk]),
    )
