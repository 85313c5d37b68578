# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def home(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def sign_up(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def consultations(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def create_consultation(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def edit_consultation(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def agents(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def invite_agent(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def edit_agent(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def journal_entries(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
