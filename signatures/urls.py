# SPDX-License-Identifier: EUPL-1.2
from django.urls import path

from signatures import views

app_name = "signatures"

urlpatterns = [
    path("organisation/reports/", views.report_list, name="list"),
    path("organisation/files/<uuid:file_id>/report/", views.detail, name="detail"),
    path("organisation/files/<uuid:file_id>/report/decision/", views.decide, name="decide"),
]
