# SPDX-License-Identifier: EUPL-1.2
from django.urls import include, path
from django.views.i18n import set_language

from marketplace import http, views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", http.health, name="health"),
    path("language/", set_language, name="set_language"),
    path("sign-up/", views.sign_up, name="sign_up"),
    path("accounts/", include("allauth.urls")),
    path("organisation/consultations/", views.consultations, name="consultations"),
    path("organisation/consultations/new/", views.create_consultation, name="create_consultation"),
    path(
        "organisation/consultations/<uuid:consultation_id>/edit/",
        views.edit_consultation,
        name="edit_consultation",
    ),
    path("organisation/agents/", views.agents, name="agents"),
    path("organisation/agents/new/", views.invite_agent, name="invite_agent"),
    path("organisation/agents/<uuid:agent_id>/", views.edit_agent, name="edit_agent"),
    path("organisation/journal/", views.journal_entries, name="journal"),
    path("settings/encryption-keys/", include("keys.urls")),
    path("", include("envelopes.urls")),
    path("", include("signatures.urls")),
]
handler403 = "marketplace.http.forbidden"
