# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error

from tests.factories import make_agent, make_bidder

pytestmark = pytest.mark.django_db


def test_unknown_address_is_told_in_a_page_of_ours(client):
    response = client.get("/nowhere/", headers={"Accept-Language": "en"})

    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


def test_missing_right_is_told_with_whom_to_ask(client):
    client.force_login(make_agent().user)

    response = client.get(reverse("create_consultation"), headers={"Accept-Language": "en"})

    assert response.status_code == 403
    assert "Ask an administrator" in response.content.decode()


def test_unexpected_error_has_a_page_that_needs_nothing_of_the_request():
    response = server_error(RequestFactory().get("/"))

    assert response.status_code == 500
    assert '<html lang="' in response.content.decode()


def test_forged_form_is_refused_in_a_page_of_ours():
    client = Client(enforce_csrf_checks=True)

    response = client.post(reverse("sign_up"), headers={"Accept-Language": "en"})

    assert response.status_code == 403
    assert "load the page again" in response.content.decode()


def test_home_of_a_stranger_leads_to_signing_in_and_up(client):
    page = client.get(reverse("home")).content.decode()

    assert f'href="{reverse("account_login")}"' in page
    assert f'href="{reverse("sign_up")}"' in page


def test_home_sends_people_to_their_work(client):
    client.force_login(make_agent().user)
    agent = client.get(reverse("home"))
    client.force_login(make_bidder().user)
    bidder = client.get(reverse("home"))

    assert agent.url == reverse("consultations")
    assert bidder.url == reverse("envelopes:public_list")
