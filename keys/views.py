# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def key_list(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def new(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def register(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def detail(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def challenge(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def answer(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def edit(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def remove(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
