# SPDX-License-Identifier: EUPL-1.2
from django.urls import path

from keys.views import calendar, changes, fingerprints, health, lists, preparation, registration

app_name = "keys"

_KEY_PAIR = "<uuid:key_pair_id>/"

urlpatterns = [
    path("", lists.key_list, name="list"),
    path("service/", lists.choose_service, name="choose_service"),
    path("fingerprints/", fingerprints.of_service, name="fingerprints"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/replace/", calendar.replace, name="replace_calendar"),
    path("calendar/revoke/", calendar.revoke, name="revoke_calendar"),
    path("expiries.ics", calendar.feed, name="expiries"),
    path("health/", health.page, name="health"),
    path("health.csv", health.table, name="health_csv"),
    path("new/", registration.new, name="new"),
    path("register/", registration.register, name="register"),
    path("prepare/", preparation.prepare, name="prepare"),
    path("prepare/result/", preparation.result, name="prepared"),
    path(_KEY_PAIR, changes.detail, name="detail"),
    path(_KEY_PAIR + "fingerprint/", fingerprints.of_key_pair, name="fingerprint"),
    path(_KEY_PAIR + "challenge/", registration.challenge, name="challenge"),
    path(_KEY_PAIR + "answer/", registration.answer, name="answer"),
    path(_KEY_PAIR + "edit/", changes.edit, name="edit"),
    path(_KEY_PAIR + "remove/", changes.remove, name="remove"),
    path(_KEY_PAIR + "keep/", changes.keep, name="keep"),
    path(_KEY_PAIR + "ask-drill/", changes.ask_drill, name="ask_drill"),
]
