# SPDX-License-Identifier: EUPL-1.2
"""What people send to change key pairs and bids: one function an address, for the table of changes."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from envelopes.models import ChosenKey, Deposit, Envelope, SealedFile
from keys import calendar_links, challenges, cms
from keys.models import CalendarLink
from keys.preparation import Check
from marketplace.models import Agent, EnvelopeKind
from signatures import conclusions
from signatures.models import Report
from tests.authorisation import HOST, World, path_of
from tests.envelopes.deposits import ready_to_submit
from tests.envelopes.sealed import unwrap
from tests.factories import make_certificate, make_key_pair, make_private_key

TUS = {"Tus-Resumable": "1.0.0"}
Request = dict[str, Any]  # what Django's test client takes


def form(**fields: str) -> Request:
    return {"data": fields}


def _json(body: object) -> Request:
    return {"data": json.dumps(body), "content_type": "application/json"}


def key_registration(world: World, _client: Client) -> Request:
    now = timezone.now().replace(microsecond=0)
    certificate = make_certificate(
        make_private_key(), not_before=now, not_after=now + timedelta(days=730)
    )
    return _json(
        {
            "name": "Claire Martin",
            "is_backup": False,
            "service": str(world.service.pk),
            "certificate": base64.b64encode(certificate).decode(),
        }
    )


def key_answer(world: World, client: Client) -> Request:
    """As the holder's browser does: open the challenge, prove it."""
    holder = world.holders[0]
    asked = client.post(path_of("keys:challenge", world)).json()
    opened = cms.open_with(
        base64.b64decode(asked["block"]),
        (holder.certificate, holder.private_key),
        file_id=challenges.FILE_ID,
        number=0,
        is_last=True,
    )
    nonce, context = challenges.read(
        opened, fingerprint=holder.key_pair.fingerprint, origin=f"http://{HOST}"
    )
    return _json({"challenge": asked["challenge"], "answer": challenges.answer(nonce, context)})


def calendar_link(world: World, _client: Client) -> Request:
    agent = Agent.objects.get(user=world.people["agent"])
    calendar_links.make(agent, now=timezone.now())
    return form(link=str(CalendarLink.objects.get().pk))


def unused_key(world: World, _client: Client) -> Request:
    world.ids["key_pair_id"] = make_key_pair(service=world.service).pk
    return {}


def preparation(_world: World, _client: Client) -> Request:
    return _json({"browser": "Firefox 133", "rate": 1} | dict.fromkeys(Check.values, "ok"))


def key_edition(world: World, _client: Client) -> Request:
    """Confirmed."""
    holder = world.holders[0].key_pair.holder_id
    return form(name="Claire Martin", holder=str(holder), confirmed="1")


def planned_retirement(world: World, _client: Client) -> Request:
    retires_at = timezone.now() + timedelta(days=30)
    old = make_key_pair(service=world.service, retires_at=retires_at)
    make_key_pair(service=world.service, replaces=old, takes_over_at=retires_at)
    world.ids["key_pair_id"] = old.pk
    return {}


def removal(_world: World, _client: Client) -> Request:
    return {"headers": TUS}


def key_choice(world: World, _client: Client) -> Request:
    return form(key_pairs=str(world.ids["key_pair_id"]))


def publication(world: World, client: Client) -> Request:
    """What the page shows is what is confirmed."""
    consultation_id = world.ids["consultation_id"]
    ChosenKey.objects.create(consultation_id=consultation_id, key_pair_id=world.ids["key_pair_id"])
    shown = client.get(reverse("envelopes:publish", args=[consultation_id])).context["readiness"]
    return {"data": {"fingerprint": shown.fingerprints}}


def announcement(world: World, _client: Client) -> Request:
    deposit = Deposit.objects.get(pk=world.ids["deposit_id"])
    SealedFile.objects.filter(pk=world.ids["upload_id"]).delete()
    announced = ready_to_submit(deposit)
    envelopes = [
        {
            "id": str(envelope.id),
            "files": [
                {
                    "id": str(file.upload_id),
                    "name": file.name,
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for file in envelope.files
            ],
        }
        for envelope in announced.envelopes
    ]
    follows = {"deposit": str(announced.follows), "relation": announced.relation}
    return _json({"envelopes": envelopes, "annex_salt": announced.salt, "follows": follows})


def upload(world: World, _client: Client) -> Request:
    envelope = Envelope.objects.filter(deposit=world.ids["deposit_id"]).earliest("kind")
    name = base64.b64encode(str(envelope.pk).encode()).decode()
    headers = {"Upload-Length": "1", "Upload-Metadata": f"envelope {name}"}
    return {"headers": TUS | headers}


def paper_deposit(_world: World, _client: Client) -> Request:
    """Confirmed."""
    received_at = timezone.localtime() - timedelta(minutes=1)
    return form(
        line=str(uuid4()),
        way="paper",
        company_name="Menuiserie Le Gall",
        received_at=f"{received_at:%Y-%m-%dT%H:%M}",
        parcels="Un pli",
        confirmed="1",
    )


def release(world: World, _client: Client) -> Request:
    """Of the offer: the application is open already."""
    opened = Envelope.objects.get(pk=world.ids["envelope_id"])
    offer = opened.deposit.envelopes.get(kind=EnvelopeKind.OFFER)
    world.ids["envelope_id"] = offer.pk
    keys = unwrap(offer, world.holders[0])
    files = [
        {"id": file_id.hex(), "keys": b"".join(content_keys).hex()}
        for file_id, content_keys in keys.content_keys.items()
    ]
    return _json({"fingerprint": keys.fingerprint, "accepts": "", "files": files})


def local_opening(_world: World, _client: Client) -> Request:
    return _json({"accepts": ""})


def decision(world: World, _client: Client) -> Request:
    report = Report.objects.get(file=world.ids["file_id"])
    conclusions.conclude(report.pk, now=timezone.now())
    return form(choice="admit", reason="Signature valable.", identity_checked="on")
