# SPDX-License-Identifier: EUPL-1.2
from django.urls import path

from keys import views

app_name = "keys"

urlpatterns = [
    path("", views.key_list, name="list"),
    path("new/", views.new, name="new"),
    path("register/", views.register, name="register"),
    path("<uuid:key_pair_id>/", views.detail, name="detail"),
    path("<uuid:key_pair_id>/challenge/", views.challenge, name="challenge"),
    path("<uuid:key_pair_id>/answer/", views.answer, name="answer"),
    path("<uuid:key_pair_id>/edit/", views.edit, name="edit"),
    path("<uuid:key_pair_id>/remove/", views.remove, name="remove"),
]
