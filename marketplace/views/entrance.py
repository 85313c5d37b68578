# SPDX-License-Identifier: EUPL-1.2
"""The door: the home page, and the page where a company signs up."""

from allauth.account.utils import complete_signup
from allauth.decorators import rate_limit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from marketplace import http, sign_up
from marketplace.errors import CompanyKnown
from marketplace.forms import SignUpForm
from marketplace.models import Consultation
from marketplace.navigation import navigation


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A landing page for strangers; people with work are sent to it."""
    person = navigation(request)
    if person.agent:
        return redirect("consultations")
    if person.bidder:
        return redirect("envelopes:public_list")
    return render(
        request, "marketplace/home.html", {"rehearsal": Consultation.objects.rehearsals().first()}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="signup")  # type: ignore[untyped-decorator] # allauth is untyped
def sign_up_company(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    form = SignUpForm(request.POST or None)
    if not form.is_valid():
        return render(request, "marketplace/sign_up.html", {"form": form})
    try:
        bidder = sign_up.sign_up(form.details(), now=timezone.now())
    except CompanyKnown as refusal:
        http.refuse(request, refusal, refusal.known)
        return render(request, "marketplace/sign_up.html", {"form": form}, status=409)
    messages.success(request, _("Welcome. Your company can now answer consultations."))
    response: HttpResponse = complete_signup(request, bidder.user, None, None)
    return response
