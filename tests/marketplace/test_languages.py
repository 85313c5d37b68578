# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("asked", ["en", "en-US,en;q=0.9", "en-GB"])
def test_english_of_any_country_writes_dates_as_the_british_do(client, asked):
    response = client.get(reverse("home"), headers={"Accept-Language": asked})

    assert '<html lang="en-gb">' in response.content.decode()


def test_other_languages_are_answered_in_french(client):
    response = client.get(reverse("home"), headers={"Accept-Language": "de"})

    assert '<html lang="fr">' in response.content.decode()


@pytest.mark.parametrize("language", ["fr", "en-gb"])
def test_language_that_is_chosen_stays(client, language):
    client.post(reverse("set_language"), {"language": language, "next": "/"})

    response = client.get(reverse("home"), headers={"Accept-Language": "en"})

    assert f'<html lang="{language}">' in response.content.decode()
