# SPDX-License-Identifier: EUPL-1.2
from django.urls import include, path
from django.views.i18n import set_language

from marketplace import http
from marketplace.views import agents, consultations, entrance, journal

_AGENT = "organisation/agents/<uuid:agent_id>/"
_CONSULTATION = "organisation/consultations/<uuid:consultation_id>/"

urlpatterns = [
    path("", entrance.home, name="home"),
    path("healthz", http.health, name="health"),
    path("language/", set_language, name="set_language"),
    path("sign-up/", entrance.sign_up_company, name="sign_up"),
    path("accounts/", include("allauth.urls")),
    path("organisation/consultations/", consultations.consultation_list, name="consultations"),
    path(
        "organisation/consultations/new/",
        consultations.create_consultation,
        name="create_consultation",
    ),
    path(_CONSULTATION + "edit/", consultations.edit_consultation, name="edit_consultation"),
    path("organisation/agents/", agents.agent_list, name="agents"),
    path("organisation/agents/new/", agents.invite_agent, name="invite_agent"),
    path(_AGENT, agents.edit_agent, name="edit_agent"),
    path(_AGENT + "invite/", agents.invite_agent_again, name="invite_agent_again"),
    path("organisation/journal/", journal.journal_entries, name="journal"),
    path("settings/encryption-keys/", include("keys.urls")),
    path("", include("envelopes.urls")),
    path("", include("signatures.urls")),
]
handler403 = "marketplace.http.forbidden"
