# SPDX-License-Identifier: EUPL-1.2
import dataclasses

import pytest
from django.urls import reverse

from marketplace import sign_up
from marketplace.errors import CompanyKnown
from marketplace.models import Bidder, Company, JournalEntry, User
from tests.factories import NOW, PASSWORD, make_bidder, make_company, make_user

pytestmark = pytest.mark.django_db
SIRET = "73282932000074"
DETAILS = sign_up.Details(
    country="FR",
    number=SIRET,
    company_name="Toitures Kerdoncuff",
    name="Maël Kerdoncuff",
    email="mael@example.org",
    password=PASSWORD,
)
TYPED = {
    "country": "FR",
    "siret": "732 829 320 00074",
    "company_name": "Toitures Kerdoncuff",
    "name": "Maël Kerdoncuff",
    "email": "Mael@Example.org",
    "password": PASSWORD,
}


def test_sign_up_makes_the_company_and_its_first_user():
    bidder = sign_up.sign_up(DETAILS, now=NOW)

    assert (bidder.company.siret, bidder.company.country) == (SIRET, "FR")
    assert bidder.user.email == "mael@example.org"
    assert bidder.user.check_password(PASSWORD)


def test_sign_up_of_a_foreign_company_keeps_its_national_number():
    details = dataclasses.replace(DETAILS, country="BE", number="0403.170.701")

    bidder = sign_up.sign_up(details, now=NOW)

    assert bidder.company.registration == "BE 0403.170.701"


def test_sign_up_enters_the_journal():
    bidder = sign_up.sign_up(DETAILS, now=NOW)

    entry = JournalEntry.objects.get()
    assert entry.action == "company.signed_up"
    assert entry.subject == f"Company {bidder.company.pk}"
    assert entry.facts == {"registration": SIRET}


def test_sign_up_refuses_a_known_company_and_makes_nothing():
    company = make_company(siret=SIRET)

    with pytest.raises(CompanyKnown) as refusal:
        sign_up.sign_up(DETAILS, now=NOW)

    assert refusal.value.known == company
    assert User.objects.count() == 0


def test_sign_up_refuses_a_known_address_as_it_does_a_company_and_tells_its_owner(mailoutbox):
    owner = make_user(email=DETAILS.email)

    with pytest.raises(CompanyKnown) as refusal:
        sign_up.sign_up(DETAILS, now=NOW)

    assert refusal.value.known == owner
    assert Company.objects.count() == 0
    assert [message.to for message in mailoutbox] == [[DETAILS.email]]


def test_sign_up_page_signs_in_and_sends_to_the_work(client):
    response = client.post(reverse("sign_up"), TYPED)

    assert response.url == reverse("home")
    assert client.session["_auth_user_id"] == str(Bidder.objects.get().user_id)
    assert Company.objects.get().siret == SIRET


def test_sign_up_page_welcomes_in_one_message_and_mails_the_confirmation(client, mailoutbox):
    client.post(reverse("sign_up"), TYPED, headers={"Accept-Language": "en"})

    response = client.get(reverse("envelopes:public_list"))
    assert [str(message)[:8] for message in response.context["messages"]] == ["Welcome."]
    assert [mail.to for mail in mailoutbox] == [[DETAILS.email]]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("siret", "73282932000075", "This is not a SIRET number"),
        ("password", "short", "12"),
        ("email", "nobody", "e-mail"),
    ],
)
def test_sign_up_page_says_beside_the_field_what_is_wrong(client, field, value, message):
    response = client.post(
        reverse("sign_up"), TYPED | {field: value}, headers={"Accept-Language": "en"}
    )

    assert response.status_code == 200
    assert message.lower() in str(response.context["form"].errors[field]).lower().replace(
        "email", "e-mail"
    )
    assert Company.objects.count() == 0


def test_sign_up_page_asks_a_foreign_company_for_its_own_number(client):
    response = client.post(reverse("sign_up"), TYPED | {"country": "DE", "siret": ""})

    assert list(response.context["form"].errors) == ["foreign_number"]


def test_sign_up_page_answers_alike_for_a_known_company_and_a_known_address(client):
    make_company(siret=SIRET)
    company = client.post(reverse("sign_up"), TYPED | {"email": "somebody@example.org"})
    make_user(email="mael@example.org")
    address = client.post(reverse("sign_up"), TYPED | {"siret": "55210055400013"})

    def refusal(response):
        return response.status_code, [str(m) for m in response.context["messages"]]

    assert refusal(company)[0] == 409
    assert refusal(company) == refusal(address)


def test_sign_up_page_is_for_strangers(client):
    client.force_login(make_bidder().user)

    response = client.get(reverse("sign_up"))

    assert response.url == reverse("home")
