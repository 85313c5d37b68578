# SPDX-License-Identifier: EUPL-1.2
"""A company signs up, with the first of its people."""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace import journal
from marketplace.countries import FRANCE
from marketplace.errors import CompanyKnown
from marketplace.models import Bidder, Company, User


@dataclass(frozen=True)
class Details:
    """Who signs up. `number` is a checked SIRET for France, elsewhere the national number."""

    country: str
    number: str
    company_name: str
    name: str
    email: str
    password: str = field(repr=False)

    @property
    def registration(self) -> dict[str, str]:
        """The number as the fields of a `Company`."""
        if self.country == FRANCE:
            return {"country": FRANCE, "siret": self.number}
        return {"country": self.country, "foreign_number": self.number}


def sign_up(details: Details, *, now: datetime) -> Bidder:
    """Make the company, its first user and the link between them.

    A stranger must not learn who has an account: for a known address the refusal is that of a
    known company, and the owner of the address is told by mail.

    Raises:
        CompanyKnown: the number, or the address, has an account already.
    """
    if company := Company.objects.filter(**details.registration).first():
        raise CompanyKnown(company)
    if owner := User.objects.filter(email__iexact=details.email).first():
        _tell(owner)
        raise CompanyKnown(owner)
    try:
        return _create(details, now)
    except IntegrityError as error:  # somebody else was a moment earlier
        winner = Company.objects.filter(**details.registration).first()
        raise CompanyKnown(winner or User.objects.get(email__iexact=details.email)) from error


@transaction.atomic
def _create(details: Details, now: datetime) -> Bidder:
    company = Company.objects.create(name=details.company_name, **details.registration)
    user = User.objects.create_user(details.email, details.password, name=details.name)
    bidder = Bidder.objects.create(user=user, company=company)
    journal.record(
        "company.signed_up", company, actor=user, now=now, registration=company.registration
    )
    return bidder


def _tell(owner: User) -> None:
    context = {
        "owner": owner,
        "sign_in_url": settings.BASE_URL + reverse("account_login"),
        "reset_url": settings.BASE_URL + reverse("account_reset_password"),
    }
    text = render_to_string("marketplace/email/address_known.txt", context)
    send_mail(_("You already have an account"), text, None, [owner.email])
