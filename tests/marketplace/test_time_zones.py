# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.utils import timezone, translation

from marketplace.templatetags.sigille import actor_name, fingerprint, instant
from marketplace.time_zones import TimeZoneMiddleware
from tests.factories import make_agent, make_bidder, make_organisation, make_service

WINTER = datetime(2027, 1, 11, 9, 25, tzinfo=UTC)
SUMMER = datetime(2027, 8, 11, 8, 25, tzinfo=UTC)


def zone_during_request(rf, user):
    request = rf.get("/")
    request.user = user
    names = []

    def view(_request):
        names.append(timezone.get_current_timezone_name())
        return HttpResponse()

    TimeZoneMiddleware(view)(request)
    return names


@pytest.mark.django_db
def test_agent_lives_in_the_zone_of_the_organisation_for_the_request_alone(rf):
    service = make_service(organisation=make_organisation(time_zone="America/Martinique"))

    assert zone_during_request(rf, make_agent(service=service).user) == ["America/Martinique"]
    assert timezone.get_current_timezone_name() == "Europe/Paris"


@pytest.mark.django_db
def test_bidder_lives_in_the_default_zone(rf):
    assert zone_during_request(rf, make_bidder().user) == ["Europe/Paris"]


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        (WINTER, "", "11 Jan 2027 at 10:25 (Europe/Paris)"),
        (SUMMER, "", "11 Aug 2027 at 10:25 (Europe/Paris)"),
        (SUMMER, "Indian/Reunion", "11 Aug 2027 at 12:25 (Indian/Reunion)"),
    ],
)
def test_instant_names_its_zone(value, zone, expected):
    with translation.override("en-gb"):
        assert instant(value, zone) == expected


def test_fingerprint_is_cut_in_groups_of_four():
    assert fingerprint("00112233445") == "0011 2233 445"


def test_actor_name_leaves_the_identifier_out():
    assert actor_name("anne@example.org 7d3e") == "anne@example.org"
