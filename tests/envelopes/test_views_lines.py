# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.urls import reverse

from envelopes.limits import LARGEST_MEASURE
from marketplace.models import JournalEntry
from tests.factories import make_bidder

pytestmark = pytest.mark.django_db


def send(client, size: int):
    url = reverse("envelopes:measure")
    return client.post(url, bytes(size), content_type="application/octet-stream")


@pytest.mark.parametrize("size", [0, 1, LARGEST_MEASURE])
def test_measure_throws_away_what_it_is_sent(client, size):
    client.force_login(make_bidder().user)

    response = send(client, size)

    assert (response.status_code, response.content) == (204, b"")
    assert not JournalEntry.objects.exists()


def test_measure_refuses_more_than_its_limit(client):
    client.force_login(make_bidder().user)

    response = send(client, LARGEST_MEASURE + 1)

    assert (response.status_code, response.json()["code"]) == (413, "measure_too_large")
    assert response.json()["remedy"]
