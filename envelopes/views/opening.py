# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def page(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def manifest(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def headers(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def release(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def content(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
