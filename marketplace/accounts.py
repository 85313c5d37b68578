# SPDX-License-Identifier: EUPL-1.2
"""How django-allauth is used here: companies sign up on a page of ours, agents are invited."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without a company: see `marketplace.views.sign_up`."""
        return False
