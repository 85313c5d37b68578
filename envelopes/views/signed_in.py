# SPDX-License-Identifier: EUPL-1.2
"""For addresses that scripts call: a lost session is told as such, not by the sign-in page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in(view: View[P]) -> View[P]:
    """Answer 401 with a remedy to a script whose session has ended."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return JsonResponse(
                {
                    "code": "signed_out",
                    "message": _("You have been signed out."),
                    "remedy": _("Sign in again in another tab, come back to this one and resume."),
                },
                status=401,
            )
        return view(request, *args, **kwargs)

    return wrapped
