# SPDX-License-Identifier: EUPL-1.2
import io
import zipfile

import pytest
from django.test import Client
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
