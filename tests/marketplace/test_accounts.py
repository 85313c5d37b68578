# SPDX-License-Identifier: EUPL-1.2
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import load_backend
from django.urls import reverse

from marketplace.models import JournalEntry
from tests.factories import PASSWORD, make_agent, make_bidder

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another battery, another staple"


def sign_in(client, user):
    """Through the page, as allauth wants it to let people change their account."""
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def test_sign_in_leads_to_the_work(client):
    response = sign_in(client, make_agent().user)

    assert response.url == reverse("home")


def test_sign_in_of_a_disabled_account_says_so_to_its_owner_alone(client):
    user = make_agent().user
    user.is_active = False
    user.save()

    right = sign_in(client, user)
    wrong = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})

    assert right.url == reverse("account_inactive")
    assert wrong.status_code == 200


@pytest.mark.parametrize("backend", settings.AUTHENTICATION_BACKENDS)
def test_who_is_signed_in_comes_with_their_place_in_one_query(django_assert_num_queries, backend):
    agent, bidder = make_agent(), make_bidder()

    with django_assert_num_queries(2):
        buyer, seller = (load_backend(backend).get_user(one.user_id) for one in (agent, bidder))
        assert buyer
        assert seller
        places = (buyer.agent.service.organisation, seller.bidder.company)
        others = [hasattr(buyer, "bidder"), hasattr(seller, "agent")]

    assert places == (agent.service.organisation, bidder.company)
    assert others == [False, False]


@pytest.mark.parametrize("backend", settings.AUTHENTICATION_BACKENDS)
def test_nobody_is_signed_in_where_the_account_is_disabled_or_gone(backend):
    user = make_agent().user
    user.is_active = False
    user.save()

    assert [load_backend(backend).get_user(pk) for pk in (user.pk, uuid4())] == [None, None]


def test_allauth_signs_nobody_up(client):
    data = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post(reverse("account_signup"), data)

    assert "account/signup_closed.html" in [template.name for template in response.templates]
    assert not EmailAddress.objects.exists()


def test_changed_password_enters_the_journal_of_the_organisation(client):
    agent = make_agent()
    sign_in(client, agent.user)
    data = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    client.post(reverse("account_change_password"), data)

    entry = JournalEntry.objects.get()
    assert (entry.action, entry.subject) == ("account.password_changed", f"User {agent.user.pk}")
    assert entry.organisation == agent.service.organisation


def test_added_address_of_a_bidder_enters_the_journal_of_the_platform(client):
    bidder = make_bidder()
    sign_in(client, bidder.user)

    client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})

    entry = JournalEntry.objects.get()
    assert (entry.action, entry.organisation) == ("account.address_added", None)
    assert "new@example.org" not in str(entry.facts)
