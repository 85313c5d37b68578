# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def public_list(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def public_detail(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def start(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def mine(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def detail(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def submit(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def receipt(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def receipt_file(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
