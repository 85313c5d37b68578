# SPDX-License-Identifier: EUPL-1.2
import io
import json
import zipfile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from envelopes.errors.opening import BlockDamaged
from envelopes.models import Deposit, LocalOpening
from marketplace.models import EnvelopeKind, JournalEntry, Right
from tests import factories
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED
from tests.envelopes.test_views_opening import page_of
from tests.factories import DEADLINE, SECOND

pytestmark = pytest.mark.django_db
OFFER = {EnvelopeKind.OFFER: {"offre.pdf": b"offre"}}


@pytest.fixture(autouse=True)
def clock(set_clock):
    set_clock(OPENED)


@pytest.fixture
def scene():
    return sealed.make_scene(OFFER)


def post(client, deposit, accepts=""):
    return client.post(reverse("envelopes:take_away", args=[deposit.pk]), {"accepts": accepts})


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content)


# Taking a deposit away


def test_deposit_is_taken_away_as_an_archive(client, scene):
    client.force_login(scene.agent.user)
    scene.consultation.reference = "2026/T 7"
    scene.consultation.save()

    answer = post(client, scene.deposit)

    content = content_of(answer)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    name = f"pli-scelle-2026t-7-{scene.deposit.number}.zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Length"] == str(len(content))
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert zipfile.is_zipfile(io.BytesIO(content))


def test_page_says_who_took_a_deposit_away(client, scene):
    colleague = factories.make_agent(Right.OPEN_BIDS, service=scene.service)
    for agent in (scene.agent, colleague):
        client.force_login(agent.user)
        post(client, scene.deposit)

    text = client.get(page_of(scene)).text

    assert text.count("data-taken") == 2
    assert f"par {colleague}." in text


def test_page_offers_what_is_not_withdrawn(client, scene):
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    withdrawn = sealed.seal_withdrawn(scene.consultation)
    client.force_login(scene.agent.user)

    text = client.get(page_of(scene)).text

    for deposit, is_offered in ((scene.deposit, True), (late, True), (withdrawn, False)):
        assert (reverse("envelopes:take_away", args=[deposit.pk]) in text) == is_offered


def test_refusals_are_told_on_the_page_and_kept(client, scene):
    client.force_login(scene.agent.user)
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    both = sealed.seal_deposit(scene.consultation)
    withdrawn = sealed.seal_withdrawn(scene.consultation)
    lost = sealed.seal_deposit(scene.consultation, OFFER)
    sealed.rewrite(sealed.block_of(lost.envelopes.get()), None)

    for deposit in (late, both, withdrawn, lost):
        answer = post(client, deposit)
        assert (answer.status_code, answer.url) == (302, page_of(scene))

    assert not LocalOpening.objects.exists()
    told = [str(message) for message in client.get(page_of(scene)).context["messages"]]
    assert len(told) == len(set(told)) == 4
    actions = JournalEntry.objects.order_by("index").values_list("action", flat=True)
    assert list(actions) == [
        "refused.late_not_confirmed",
        "refused.application_first",
        "refused.deposit_withdrawn",
        "refused.damaged",
    ]


def test_late_deposit_is_taken_away_once_it_is_confirmed(client, scene):
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    client.force_login(scene.agent.user)

    assert post(client, late, "late").status_code == 200


def test_before_the_deadline_the_attempt_is_refused_and_kept(client, scene, set_clock):
    client.force_login(scene.agent.user)
    set_clock(DEADLINE - SECOND)

    assert post(client, scene.deposit).status_code == 302

    assert not LocalOpening.objects.exists()
    assert JournalEntry.objects.filter(action="refused.deadline_not_reached").exists()


def test_strangers_and_drafts_are_not_found(client, scene):
    draft = Deposit.objects.create(
        consultation=scene.consultation,
        company=scene.deposit.company,
        bidder=scene.deposit.bidder,
        created_at=factories.NOW,
    )
    client.force_login(scene.agent.user)
    assert post(client, draft).status_code == 404

    for stranger in (factories.make_agent(Right.OPEN_BIDS).user, scene.deposit.bidder.user):
        client.force_login(stranger)
        assert post(client, scene.deposit).status_code == 404
    client.force_login(factories.make_agent(service=scene.service).user)
    assert post(client, scene.deposit).status_code == 403
    assert not LocalOpening.objects.exists()


def test_deposit_is_taken_away_by_a_post_with_a_token(scene):
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.agent.user)

    assert post(client, scene.deposit).status_code == 403
    assert client.get(reverse("envelopes:take_away", args=[scene.deposit.pk])).status_code == 405
    assert not LocalOpening.objects.exists()


def test_answer_is_cut_where_a_block_is_not_what_was_sealed(client, scene):
    block = sealed.block_of(scene.offer)
    sealed.rewrite(block, sealed.read(block)[:-1] + b"\0")
    client.force_login(scene.agent.user)

    answer = post(client, scene.deposit)

    got = []
    with pytest.raises(BlockDamaged):
        got.extend(answer.streaming_content)
    assert 0 < len(b"".join(got)) < int(answer["Content-Length"])
    kept = JournalEntry.objects.get(action="refused.damaged")
    assert kept.subject == f"Deposit {scene.deposit.pk}"
    assert str(scene.agent.user.pk) in kept.actor
    assert kept.facts == {"file": 1, "block": 0, "cause": "digest"}


# On the agent's own computer


def declare(client, envelope, accepts=""):
    url = reverse("envelopes:open_locally", args=[envelope.pk])
    return client.post(url, json.dumps({"accepts": accepts}), content_type="application/json")


def block_url(envelope, number=0, file_id=None):
    file_id = file_id or bytes(envelope.files.get(is_index=True).file_id).hex()
    return reverse("envelopes:sealed_block", args=[envelope.pk, file_id, number])


def test_sealed_blocks_are_served_once_it_is_declared(client, scene):
    client.force_login(scene.agent.user)

    before = client.get(block_url(scene.offer))
    declared = declare(client, scene.offer)
    answer = client.get(block_url(scene.offer))

    assert (before.status_code, before.json()["code"]) == (409, "not_declared")
    assert declared.json()["opened_by"] == str(scene.agent)
    assert answer.content == sealed.read(sealed.block_of(scene.offer, is_index=True))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_page_says_who_opened_an_envelope_on_a_computer(client, scene):
    client.force_login(scene.agent.user)
    opened_at = declare(client, scene.offer).json()["opened_at"]

    text = client.get(page_of(scene)).text

    assert f"Ouverte sur un ordinateur le {opened_at} par {scene.agent}." in text
    assert text.count("data-opened-locally") == 1
    assert "data-taken" not in text


def test_page_asks_the_database_as_often_for_many_local_openings_as_for_one(client, scene):
    client.force_login(scene.agent.user)
    declare(client, scene.offer)
    post(client, scene.deposit)

    with CaptureQueriesContext(connection) as one:
        client.get(page_of(scene))
    for _ in range(2):
        other = sealed.seal_deposit(scene.consultation, OFFER)
        declare(client, other.envelopes.get())
        post(client, other)
    with CaptureQueriesContext(connection) as three:
        client.get(page_of(scene))

    assert len(three) == len(one)


def test_declarations_that_are_refused_are_told_and_kept(client, scene):
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True).envelopes.get()
    client.force_login(scene.agent.user)

    refused = declare(client, late)
    accepted = declare(client, late, "late")

    assert (refused.status_code, refused.json()["code"]) == (409, "late_not_confirmed")
    assert refused.json()["remedy"]
    assert accepted.status_code == 200
    assert JournalEntry.objects.filter(action="refused.late_not_confirmed").count() == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'"accepts"', b"[" * 100_000, b"\xff"])
def test_declaration_of_another_shape_is_refused(client, scene, body):
    client.force_login(scene.agent.user)
    url = reverse("envelopes:open_locally", args=[scene.offer.pk])

    assert client.post(url, body, content_type="application/json").status_code == 400
    assert not LocalOpening.objects.exists()


@pytest.mark.parametrize(
    ("number", "file_id"), [(0, "0" * 16), (1, None), (2**31, None), (0, "x"), (0, "0" * 18)]
)
def test_block_that_the_manifest_does_not_have_is_not_found(client, scene, number, file_id):
    client.force_login(scene.agent.user)
    declare(client, scene.offer)

    assert client.get(block_url(scene.offer, number, file_id)).status_code == 404


def test_strangers_neither_declare_nor_read(client, scene):
    for stranger in (factories.make_agent(Right.OPEN_BIDS).user, scene.deposit.bidder.user):
        client.force_login(stranger)
        assert declare(client, scene.offer).status_code == 404
        assert client.get(block_url(scene.offer)).status_code == 404
    client.force_login(factories.make_agent(service=scene.service).user)
    assert declare(client, scene.offer).status_code == 403
    assert client.get(block_url(scene.offer)).status_code == 403
    assert not LocalOpening.objects.exists()


def test_declaration_is_posted_with_a_token(scene):
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.agent.user)

    assert declare(client, scene.offer).status_code == 403
    assert client.get(reverse("envelopes:open_locally", args=[scene.offer.pk])).status_code == 405
    assert not LocalOpening.objects.exists()


def test_policy_of_the_page_lets_its_worker_in_and_nothing_unsafe(client, scene):
    client.force_login(scene.agent.user)

    policy = client.get(page_of(scene))["Content-Security-Policy"]

    assert "trusted-types sigille" in policy
    assert "worker-src 'self'" in policy
    assert "unsafe" not in policy
