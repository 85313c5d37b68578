# SPDX-License-Identifier: EUPL-1.2
from django.http import HttpRequest, HttpResponse



def collection(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)


def resource(request: HttpRequest, **_ids: object) -> HttpResponse:
    return HttpResponse(status=501)
