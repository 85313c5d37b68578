# SPDX-License-Identifier: EUPL-1.2
"""A private key that is sent by mistake: wherever it comes in, it is told, journalled, and kept nowhere."""

import base64
import json
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers import serialize
from django.test import Client
from django.urls import reverse

from keys.guard import LARGEST_BODY
from keys.models import KeyPair
from marketplace.models import JournalEntry, Right
from tests.factories import make_agent, make_bidder, make_key_pair, make_private_key

pytestmark = pytest.mark.django_db
KEY = make_private_key()
PKCS8 = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PKCS12 = pkcs12.serialize_key_and_certificates(
    b"k", KEY, None, None, BestAvailableEncryption(b"secret")
)
JSON = "application/json"


@pytest.fixture(autouse=True)
def _hosts(settings):
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def agent():
    return make_agent(Right.MANAGE_KEYS)


@pytest.fixture
def client(agent) -> Client:
    client = Client()
    client.force_login(agent.user)
    return client


def as_file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("cle.p12", content, "application/x-pkcs12")


def form(**fields: object) -> Any:
    return {"data": fields}


def script(body: object) -> Any:
    return {"data": json.dumps(body), "content_type": JSON}


REQUESTS: dict[str, tuple[str, Any]] = {
    "certificate in PEM": ("register", script({"certificate": PEM})),
    "certificate in base64": (
        "register",
        script({"certificate": base64.b64encode(PKCS12).decode()}),
    ),
    "name": ("register", script({"name": PEM})),
    "a member that nobody reads": ("register", script({"a": [{"b": PEM}]})),
    "raw bytes": ("register", {"data": PKCS12, "content_type": "application/octet-stream"}),
    "bytes that are no JSON": ("register", {"data": PKCS8, "content_type": JSON}),
    "a file": ("register", form(file=as_file(PKCS12))),
    "a form that is cut": (
        "register",
        {"data": b"--x\r\n\r\n" + PKCS8, "content_type": "multipart/form-data; boundary=x"},
    ),
    "an answer": ("answer", script({"answer": PKCS8.hex()})),
    "a challenge": ("challenge", script({"key": PEM})),
    "a new name": ("edit", form(name=PEM)),
    "a removal": ("remove", form(file=as_file(PKCS8))),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_private_key_is_told_journalled_and_kept_nowhere(
    case, agent, client, caplog, tmp_path, monkeypatch
):
    name, request = REQUESTS[case]
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    caplog.set_level(logging.DEBUG)
    key_pair = make_key_pair(holder=agent)
    arguments = [] if name == "register" else [key_pair.pk]
    before = serialize("json", KeyPair.objects.all())

    response = client.post(reverse(f"keys:{name}", args=arguments), **request)

    if request.get("content_type") == JSON:
        assert (response.status_code, response.json()["code"]) == (409, "private_key")
    else:
        told = client.get(response.headers["Location"]).content.decode()
        assert "alert-danger" in told
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.subject) == ("refused.private_key", f"Agent {agent.pk}")
    assert (entry.facts, entry.organisation_id) == ({}, agent.service.organisation_id)
    assert serialize("json", KeyPair.objects.all()) == before
    assert list(spool.iterdir()) == []
    said = caplog.text + "".join(
        serialize("json", model._default_manager.all()) for model in apps.get_models()
    )
    middle = PKCS8[400:430]
    assert [form for form in (PEM[100:160], middle.hex(), repr(middle)) if form in said] == []


def test_registered_key_pair_is_named_and_its_page_says_that_it_is_burnt(agent, client):
    key_pair = make_key_pair(holder=agent, private_key=KEY, name="Claire Martin")
    address = reverse("keys:detail", args=[key_pair.pk])
    before = client.get(address).content.decode()

    response = client.post(reverse("keys:register"), **script({"name": PEM}))

    assert "Claire Martin" in response.json()["remedy"]
    entry = JournalEntry.objects.get()
    assert entry.subject == f"KeyPair {key_pair.pk}"
    assert entry.facts == {"fingerprint": key_pair.fingerprint}
    assert "data-burnt" not in before
    assert "data-burnt" in client.get(address).content.decode()


def test_key_pair_of_others_is_burnt_without_its_name_being_told(client):
    key_pair = make_key_pair(private_key=KEY, name="Greffe de Valmer")

    response = client.post(reverse("keys:register"), **script({"name": PEM}))

    assert response.json()["code"] == "private_key"
    assert "Valmer" not in response.content.decode()
    entry = JournalEntry.objects.get()
    assert (entry.subject, entry.facts) == (f"KeyPair {key_pair.pk}", {})
    holder = Client()
    holder.force_login(key_pair.holder.user)
    page = holder.get(reverse("keys:detail", args=[key_pair.pk])).content.decode()
    assert "data-burnt" in page


def test_key_is_refused_before_its_form_is_even_checked(agent):
    """A page that was open for too long would answer 403, and tell nobody that the key is burnt."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent.user)

    response = client.post(
        reverse("keys:edit", args=[make_key_pair(holder=agent).pk]), {"name": PEM}
    )

    assert response.status_code == 302
    assert JournalEntry.objects.get().action == "refused.private_key"


@pytest.mark.parametrize("length", [LARGEST_BODY, LARGEST_BODY + 1])
def test_body_is_read_up_to_the_limit(client, length):
    body = json.dumps({"name": "n" * (length - 12)}).encode()

    response = client.post(reverse("keys:register"), body, content_type=JSON)

    assert len(body) == length
    expected = (400, "request_unreadable") if length <= LARGEST_BODY else (413, "request_too_long")
    assert (response.status_code, response.json()["code"]) == expected


def test_strangers_are_sent_away_unread():
    bidder = Client()
    bidder.force_login(make_bidder().user)

    statuses = [
        client.post(reverse("keys:register"), **script({"name": PEM})).status_code
        for client in (Client(), bidder)
    ]

    assert statuses == [302, 404]
    assert JournalEntry.objects.count() == 0
