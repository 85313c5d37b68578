# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def report_list(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def detail(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def decide(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
