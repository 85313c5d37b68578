# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def detail(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def choose_keys(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def publish(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
