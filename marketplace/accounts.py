# SPDX-License-Identifier: EUPL-1.2
"""How django-allauth is used here: companies sign up on a page of ours, agents are invited.

What people change on the pages of allauth enters the journal through its signals. The entry
follows the change in a transaction of its own: allauth sends mail between the two, and a mail
server must not hold the lock of the journal.
"""

from typing import Any
from uuid import UUID

from allauth.account import auth_backends, signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa import signals as mfa_signals
from django.conf import settings
from django.contrib.auth import backends
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from marketplace import journal
from marketplace.models import Organisation, User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without a company: see `marketplace.sign_up`."""
        return False


class _WithRole(backends.ModelBackend):
    """Who is signed in comes with what that person is, in one query: every page asks for both."""

    def get_user(self, user_id: UUID) -> User | None:
        people = User.objects.select_related("agent__service__organisation", "bidder__company")
        try:
            user = people.get(pk=user_id)  # not `first`, which would have the database sort
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None


class PasswordBackend(_WithRole):
    """Signs in by the account's own address."""


class AddressBackend(_WithRole, auth_backends.AuthenticationBackend):  # type: ignore[misc] # allauth is untyped
    """Signs in by any of its addresses, and by all that allauth knows beside passwords."""


def password_link(user: User) -> str:
    """An address at which `user` chooses a password, once, for `PASSWORD_RESET_TIMEOUT`."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return settings.BASE_URL.rstrip("/") + path


_ACTIONS: dict[str, Signal] = {
    "account.password_changed": signals.password_changed,
    "account.password_set": signals.password_set,
    "account.password_reset": signals.password_reset,
    "account.address_added": signals.email_added,
    "account.address_changed": signals.email_changed,
    "account.address_removed": signals.email_removed,
    "account.authenticator_added": mfa_signals.authenticator_added,
    "account.authenticator_removed": mfa_signals.authenticator_removed,
    "account.authenticator_reset": mfa_signals.authenticator_reset,
}


def _record(action: str, user: User) -> None:
    person = User.objects.get(pk=user.pk)  # the request's user is a proxy, named otherwise
    organisation = Organisation.objects.filter(services__agents__user=person).first()
    with transaction.atomic():
        journal.record(
            action,
            person,
            actor=person,
            now=timezone.now(),
            organisation_id=organisation.pk if organisation else None,
        )


def _connect(action: str, signal: Signal) -> None:
    def receive(*, user: User, **_facts: Any) -> None:
        _record(action, user)

    signal.connect(receive, weak=False, dispatch_uid=action)


def _on_password_reset(*, user: User, **_facts: Any) -> None:
    """The link came by mail: whoever used it reads the mailbox. Two-factor sign-in asks for that."""
    addresses = EmailAddress.objects.filter(user=user.pk)
    if not addresses.exclude(email__iexact=user.email).exists():
        EmailAddress.objects.update_or_create(
            user_id=user.pk, email=user.email, defaults={"primary": True, "verified": True}
        )


def _on_address_confirmed(*, email_address: Any, **_facts: Any) -> None:
    _record("account.address_confirmed", email_address.user)


for _action, _signal in _ACTIONS.items():
    _connect(_action, _signal)
signals.password_reset.connect(_on_password_reset, dispatch_uid="account.address_proven")
signals.email_confirmed.connect(_on_address_confirmed, dispatch_uid="account.address_confirmed")
