# SPDX-License-Identifier: EUPL-1.2
import base64
import json
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from envelopes.errors.opening import BlockDamaged
from envelopes.models import Deposit, Envelope, Release, ReleasedFile
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind, JournalEntry, Right
from tests import factories
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED, PDF
from tests.factories import DEADLINE, SECOND

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """Sets the time of the views, and of what keeps their refusals."""

    def set_to(now):
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        monkeypatch.setattr("marketplace.clock.now", lambda: now)

    set_to(OPENED)
    return set_to


@pytest.fixture
def scene():
    return sealed.make_scene()


def page_of(scene):
    return reverse("envelopes:opening", args=[scene.consultation.pk])


def body_of(envelope, holder, **changes):
    keys = sealed.unwrap(envelope, holder)
    files = [
        {"id": file_id.hex(), "keys": b"".join(content_keys).hex()}
        for file_id, content_keys in keys.content_keys.items()
    ]
    return {"fingerprint": keys.fingerprint, "accepts": "", "files": files} | changes


def post_release(client, envelope, body):
    url = reverse("envelopes:release", args=[envelope.pk])
    return client.post(url, json.dumps(body), content_type="application/json")


def open_application(client, scene):
    """The released files of the scene's application, opened through its page's requests."""
    client.force_login(scene.agent.user)
    response = post_release(client, scene.application, body_of(scene.application, scene.holder))
    assert response.status_code == 200
    return ReleasedFile.objects.filter(release=scene.application.pk).order_by("file__created_at")


def addresses_of(scene, file_id):
    envelope = [scene.application.pk]
    return [
        page_of(scene),
        reverse("envelopes:manifest", args=envelope),
        reverse("envelopes:headers", args=envelope),
        reverse("envelopes:content", args=[file_id]),
    ]


# Who sees what, and when


def test_page_lists_the_deposits_after_the_deadline(client, scene, clock):
    client.force_login(scene.agent.user)

    response = client.get(page_of(scene))

    assert response.status_code == 200
    assert response.context["counts"] == {
        "deposits": 1,
        "opened": 0,
        "sealed": 2,
        "openable": 2,
    }
    assert scene.deposit.company.name in response.text
    assert str(scene.application.pk) in response.text


@pytest.mark.parametrize("before", [SECOND, 30 * SECOND])
def test_before_the_deadline_nothing_shows_and_the_attempt_is_kept(client, scene, clock, before):
    client.force_login(scene.agent.user)
    clock(DEADLINE - before)

    page = client.get(page_of(scene))
    answers = [
        client.get(reverse("envelopes:manifest", args=[scene.application.pk])),
        client.get(reverse("envelopes:headers", args=[scene.application.pk])),
        post_release(client, scene.application, body_of(scene.application, scene.holder)),
    ]

    assert page.status_code == 302
    assert page.url == reverse("envelopes:consultation", args=[scene.consultation.pk])
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert {answer.json()["code"] for answer in answers} == {"deadline_not_reached"}
    assert not any(scene.deposit.company.name in answer.text for answer in [page, *answers])
    assert not Release.objects.exists()
    kept = JournalEntry.objects.filter(action="refused.deadline_not_reached")
    assert kept.filter(actor__startswith=scene.agent.user.email).count() == 4


def test_strangers_find_nothing(client, scene, clock):
    file_id = open_application(client, scene).first().pk
    strangers = [
        factories.make_agent(Right.OPEN_BIDS).user,  # of another organisation
        factories.make_agent(
            Right.OPEN_BIDS,
            service=factories.make_service(organisation=scene.service.organisation),
        ).user,
        scene.deposit.bidder.user,
    ]

    for stranger in strangers:
        client.force_login(stranger)
        answers = [client.get(url) for url in addresses_of(scene, file_id)]
        answers.append(post_release(client, scene.application, {}))
        assert [answer.status_code for answer in answers] == [404] * 5


def test_an_agent_without_the_right_is_told_so(client, scene, clock):
    file_id = open_application(client, scene).first().pk
    client.force_login(factories.make_agent(service=scene.service).user)

    answers = [client.get(url) for url in addresses_of(scene, file_id)]

    assert [answer.status_code for answer in answers] == [403] * 4


def test_an_administrator_sees_the_whole_organisation(client, scene, clock):
    service = factories.make_service(organisation=scene.service.organisation)
    client.force_login(factories.make_administrator(service=service).user)

    assert client.get(page_of(scene)).status_code == 200


def test_page_asks_the_database_as_often_for_three_deposits_as_for_one(client, scene, clock):
    open_application(client, scene)

    with CaptureQueriesContext(connection) as one:
        client.get(page_of(scene))
    for _ in range(2):
        sealed.seal_deposit(scene.consultation)
    with CaptureQueriesContext(connection) as three:
        client.get(page_of(scene))

    assert len(three) == len(one)


def test_page_of_a_consultation_without_deposit_says_so(client, scene, clock):
    holder = sealed.make_holder(scene.service)
    empty = factories.make_consultation(service=scene.service, created_by=scene.agent)
    sealed.publish(empty, holder)
    client.force_login(scene.agent.user)

    response = client.get(reverse("envelopes:opening", args=[empty.pk]))

    assert response.status_code == 200
    assert 'class="panel empty"' in response.text


def test_late_deposits_are_flagged_and_cannot_be_chosen_with_the_others(client, scene, clock):
    late = sealed.seal_deposit(scene.consultation, is_late=True)
    client.force_login(scene.agent.user)

    text = client.get(page_of(scene)).text

    assert text.count('data-exception="late"') == late.envelopes.count()
    for envelope in late.envelopes.all():
        assert f'id="choice-{envelope.pk}"' not in text
    assert f'id="choice-{scene.application.pk}"' in text


def test_what_does_not_stand_is_listed_with_its_reason(client, scene, clock):
    first = scene.deposit
    second = sealed.seal_second(first, "replaces")
    withdrawn = sealed.seal_withdrawn(scene.consultation)
    client.force_login(scene.agent.user)

    text = client.get(page_of(scene)).text

    for deposit, state in ((first, "replaced"), (second, "stands"), (withdrawn, "withdrawn")):
        assert f'data-deposit="{deposit.pk}" data-state="{state}"' in text
        envelopes = Envelope.objects.filter(deposit=deposit)
        assert {f'id="choice-{envelope.pk}"' in text for envelope in envelopes} == {
            state == "stands"
        }
    assert text.count('data-exception="replaced"') == first.envelopes.count()
    assert text.count("data-open ") == first.envelopes.count() + second.envelopes.count()


def test_page_asks_for_no_key_where_all_is_withdrawn(client, scene, clock):
    Deposit.objects.update(withdrawn_at=factories.NOW)
    client.force_login(scene.agent.user)

    text = client.get(page_of(scene)).text

    assert "data-unlock" not in text
    assert 'data-state="withdrawn"' in text


# What the script asks for


def test_manifest_and_headers_are_given_to_the_script(client, scene, clock):
    client.force_login(scene.agent.user)

    manifest = client.get(reverse("envelopes:manifest", args=[scene.application.pk])).json()
    headers = client.get(reverse("envelopes:headers", args=[scene.application.pk])).json()
    rest = client.get(
        reverse("envelopes:headers", args=[scene.application.pk]), {"start": "2"}
    ).json()

    assert base64.b64decode(manifest["manifest"]) == scene.deposit.manifest
    assert len(headers["headers"]) == 3
    assert headers["following"] is None
    assert rest["headers"] == headers["headers"][2:]


@pytest.mark.parametrize("start", ["-1", "x", "1.5", "", "9" * 30, "²"])
def test_headers_refuse_a_start_that_is_no_rank(client, scene, clock, start):
    client.force_login(scene.agent.user)
    url = reverse("envelopes:headers", args=[scene.application.pk])

    assert client.get(url, {"start": start}).status_code == 400


def test_release_answers_what_the_page_shows(client, scene, clock):
    client.force_login(scene.agent.user)

    answer = post_release(
        client, scene.application, body_of(scene.application, scene.holder)
    ).json()

    files = ReleasedFile.objects.order_by("name")
    assert answer["opened_by"] == str(scene.agent)
    assert answer["key_pair"] == scene.holder.key_pair.name
    assert [(file["name"], file["matches"], file["url"]) for file in answer["files"]] == [
        (file.name, True, reverse("envelopes:content", args=[file.pk])) for file in files
    ]


def test_release_refusals_are_told_and_kept(client, scene, clock):
    client.force_login(scene.agent.user)
    body = body_of(scene.application, scene.holder)
    stranger = sealed.make_holder(scene.service)

    wrong = post_release(
        client, scene.application, body | {"fingerprint": stranger.key_pair.fingerprint}
    )
    early = post_release(client, scene.offer, body_of(scene.offer, scene.holder))

    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_a_recipient")
    assert wrong.json()["remedy"]
    assert (early.status_code, early.json()["code"]) == (409, "application_first")
    assert not Release.objects.exists()
    actions = set(JournalEntry.objects.values_list("action", flat=True))
    assert actions == {"refused.not_a_recipient", "refused.application_first"}


def test_release_of_a_late_deposit_says_that_it_is_on_purpose(client, scene, clock):
    late = sealed.seal_deposit(scene.consultation, is_late=True)
    envelope = late.envelopes.get(kind=EnvelopeKind.APPLICATION)
    body = body_of(envelope, scene.holder)
    client.force_login(scene.agent.user)

    refused = post_release(client, envelope, body)
    accepted = post_release(client, envelope, body | {"accepts": "late"})

    assert (refused.status_code, refused.json()["code"]) == (409, "late_not_confirmed")
    assert accepted.status_code == 200


def test_release_of_a_withdrawn_deposit_is_refused_and_kept(client, scene, clock):
    Deposit.objects.update(withdrawn_at=factories.NOW)
    client.force_login(scene.agent.user)
    body = body_of(scene.application, scene.holder)

    for accepts in ("", "late", "replaced"):
        answer = post_release(client, scene.application, body | {"accepts": accepts})
        assert (answer.status_code, answer.json()["code"]) == (409, "deposit_withdrawn")

    assert not Release.objects.exists()
    assert JournalEntry.objects.filter(action="refused.deposit_withdrawn").count() == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"fingerprint":"","accepts":"","files":[{"id":"xy","keys":""}]}',
        b'{"fingerprint":"","accepts":"","files":[{"id":1,"keys":""}]}',
        b'{"fingerprint":"","files":[]}',
        b'{"fingerprint":"\\u0000","accepts":"","files":[]}',
        b'{"fingerprint":"\\ud800","accepts":"","files":[]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_release_refuses_a_body_of_another_shape(client, scene, clock, body):
    client.force_login(scene.agent.user)
    url = reverse("envelopes:release", args=[scene.application.pk])

    assert client.post(url, body, content_type="application/json").status_code == 400
    assert not Release.objects.exists()


def test_release_is_posted_with_a_token(scene, clock):
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.agent.user)

    assert post_release(client, scene.application, {}).status_code == 403
    assert client.get(reverse("envelopes:release", args=[scene.application.pk])).status_code == 405


# The files


def test_content_is_what_was_sealed(client, scene, clock):
    files = open_application(client, scene)

    answers = [client.get(reverse("envelopes:content", args=[file.pk])) for file in files]

    assert [b"".join(answer.streaming_content) for answer in answers] == [PDF, b""]
    name = quote("DC1 – candidature.pdf")
    assert answers[0]["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"
    assert answers[0]["Content-Type"] == "application/octet-stream"
    assert answers[0]["Content-Length"] == str(len(PDF))
    assert answers[0]["X-Content-Type-Options"] == "nosniff"
    assert answers[0]["Cache-Control"] == "no-store"


def test_content_of_a_sealed_file_does_not_exist(client, scene, clock):
    client.force_login(scene.agent.user)
    file = scene.application.files.first()

    assert client.get(reverse("envelopes:content", args=[file.pk])).status_code == 404


def test_content_of_a_damaged_block_is_refused_with_a_page(client, scene, clock):
    file = open_application(client, scene).first()
    block = file.file.blocks.get()
    sealed.rewrite(block, sealed.read(block)[:-1])

    answer = client.get(reverse("envelopes:content", args=[file.pk]))

    assert (answer.status_code, answer.url) == (302, page_of(scene))
    assert JournalEntry.objects.filter(action="refused.damaged").count() == 1


@pytest.mark.slow
def test_content_is_cut_where_a_later_block_is_damaged(client, clock):
    content = bytes(BLOCK_SIZE) + b"the end"
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"offre.zip": content}})
    client.force_login(scene.agent.user)
    post_release(client, scene.offer, body_of(scene.offer, scene.holder))
    block = sealed.block_of(scene.offer, 1)
    sealed.rewrite(block, sealed.read(block)[:-1])

    answer = client.get(reverse("envelopes:content", args=[block.file.pk]))

    pieces = iter(answer.streaming_content)
    assert next(pieces) == bytes(BLOCK_SIZE)
    with pytest.raises(BlockDamaged):
        next(pieces)
    assert answer["Content-Length"] == str(len(content))
    kept = JournalEntry.objects.get(action="refused.damaged")
    assert (kept.subject, kept.facts["block"]) == (f"ReleasedFile {block.file.pk}", 1)
