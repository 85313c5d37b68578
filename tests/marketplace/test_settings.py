# SPDX-License-Identifier: EUPL-1.2
import runpy

import pytest
from django.urls import reverse

from marketplace import settings as settings_module
from tests.factories import PASSWORD, make_user

SIGN_IN = {"login": "person@example.org", "password": "not the right one"}


@pytest.mark.django_db
def test_sign_ins_behind_the_proxy_are_counted_by_person(client, monkeypatch, settings):
    """nginx gives every request its own address, and the address of the person in a header."""
    monkeypatch.setenv("SIGILLE_TRUST_PROXY", "1")
    chosen = runpy.run_path(settings_module.__file__)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = chosen["ALLAUTH_TRUSTED_PROXY_COUNT"]
    url = reverse("account_login")

    def sign_in_from(address: str) -> int:
        return int(client.post(url, SIGN_IN, headers={"X-Forwarded-For": address}).status_code)

    stormed = [sign_in_from("192.0.2.7") for _ in range(40)]
    elsewhere = sign_in_from("192.0.2.8")

    assert stormed[-1] == 429
    assert elsewhere == 200


@pytest.mark.django_db
def test_wrong_passwords_of_a_rival_lock_nobody_out(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    user = make_user()
    url = reverse("account_login")
    for _ in range(40):
        wrong = {"login": user.email, "password": "not the right one"}
        client.post(url, wrong, headers={"X-Forwarded-For": "192.0.2.7"})

    right = {"login": user.email, "password": PASSWORD}
    response = client.post(url, right, headers={"X-Forwarded-For": "192.0.2.8"})

    assert (response.status_code, response.url) == (302, reverse("home"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/static/img/sigille.svg", "/static/img/none.svg", "/nowhere/", "/"]
)
def test_security_headers_are_on_every_answer(client, path):
    response = client.get(path)
    response.close()

    headers = response.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
