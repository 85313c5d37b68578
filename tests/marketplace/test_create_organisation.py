# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from marketplace.models import Agent, JournalEntry, Organisation
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
OPTIONS = {"administrator": "Anne Le Goff", "email": "anne@example.org"}
SERVICES = ("--service=Marchés publics", "--service=Voirie")


def test_create_organisation_prints_the_link_of_its_administrator(client, capsys):
    call_command("create_organisation", "Quimperlé", *SERVICES, **OPTIONS)

    administrator = Agent.objects.get()
    link = capsys.readouterr().out.split()[-1].removeprefix("http://127.0.0.1:8000")
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    administrator.user.refresh_from_db()
    assert administrator.is_administrator
    assert administrator.service.name == "Marchés publics"
    assert administrator.user.check_password(PASSWORD)
    founded = JournalEntry.objects.get(action="organisation.founded")
    assert founded.organisation == administrator.service.organisation


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        ("--time-zone=Europe/Atlantis", CommandError),
        ("--service=Voirie", CommandError),
        ("--email=anne", ValidationError),
    ],
)
def test_create_organisation_refuses_what_makes_no_sense(argument, error):
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]

    with pytest.raises(error):
        call_command("create_organisation", "Quimperlé", *SERVICES, *options, argument)

    assert Organisation.objects.count() == 0


def test_create_organisation_refuses_a_known_address_and_makes_nothing():
    make_user(email=OPTIONS["email"])

    with pytest.raises(CommandError):
        call_command("create_organisation", "Quimperlé", *SERVICES, **OPTIONS)

    assert Organisation.objects.count() == 0
