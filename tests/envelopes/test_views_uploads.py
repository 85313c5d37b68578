# SPDX-License-Identifier: EUPL-1.2
import base64
import io
import shutil
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from envelopes import limits
from envelopes.errors.uploads import BadUpload
from envelopes.models import Deposit, SealedFile
from keys.cms import BLOCK_SIZE
from tests.envelopes.deposits import envelope_of, opened, send
from tests.factories import make_bidder, make_deposit, make_online_consultation, make_private_key

pytestmark = pytest.mark.django_db
TUS = {"Tus-Resumable": "1.0.0"}
NOBODY = "00000000-0000-4000-8000-000000000000"
OCTETS = "application/offset+octet-stream"


@pytest.fixture
def deposit(client) -> Deposit:
    """In preparation, by the bidder who is signed in."""
    deposit = make_deposit()
    client.force_login(deposit.bidder.user)
    return deposit


def metadata(value: object) -> str:
    return "envelope " + base64.b64encode(str(value).encode()).decode()


def create(client, deposit: Deposit, size: int = 4, headers: dict[str, str] | None = None):
    defaults = {
        "Upload-Length": str(size),
        "Upload-Metadata": metadata(envelope_of(deposit).pk),
    }
    sent = TUS | defaults | (headers or {})
    return client.post(reverse("envelopes:uploads", args=[deposit.pk]), headers=sent)


def patch(client, url: str, content: bytes, offset: int = 0, **options):
    options = {"content_type": OCTETS} | options
    headers = TUS | {"Upload-Offset": str(offset)} | options.pop("headers", {})
    return client.patch(url, content, headers=headers, **options)


def test_options_say_what_is_offered(client, deposit):
    response = client.options(reverse("envelopes:uploads", args=[deposit.pk]))

    assert response.status_code == 204
    assert response.headers["Tus-Version"] == response.headers["Tus-Resumable"] == "1.0.0"
    assert response.headers["Tus-Extension"] == "creation,termination"
    assert response.headers["Tus-Max-Size"] == str(limits.LARGEST_FILE)


def test_upload_is_created_sent_in_two_requests_and_opens(client):
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    client.force_login(deposit.bidder.user)
    content = bytes(BLOCK_SIZE) + b"the end"

    created = create(client, deposit, len(content))
    url = created.headers["Location"]
    first = patch(client, url, content[: BLOCK_SIZE + 3])
    standing = client.head(url, headers=TUS)
    second = patch(client, url, content[BLOCK_SIZE:], BLOCK_SIZE)

    assert (created.status_code, first.status_code, second.status_code) == (201, 204, 204)
    assert first.headers["Upload-Offset"] == standing.headers["Upload-Offset"] == str(BLOCK_SIZE)
    assert standing.headers["Upload-Length"] == second.headers["Upload-Offset"] == str(len(content))
    assert standing.headers["Cache-Control"] == "no-store"
    assert opened(SealedFile.objects.get(), private_key) == content


def test_empty_file_is_whole_once_created(client, deposit):
    create(client, deposit, 0)

    assert SealedFile.objects.get().completed_at is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Length": "-1"},
        {"Upload-Length": ""},
        {"Upload-Length": "1e9"},
        {"Upload-Length": "٣"},
        {"Upload-Length": "1" * 40},
        {"Upload-Concat": "partial"},
        {"Upload-Defer-Length": "1"},
        {"Upload-Metadata": ""},
        {"Upload-Metadata": "envelope !!!"},
        {"Upload-Metadata": metadata("not an id")},
        {"Upload-Metadata": "filename b2ZmcmUucGRm"},
        {"Upload-Metadata": f"{metadata(NOBODY)},{metadata(NOBODY)}"},
        {"Upload-Metadata": f"{metadata(NOBODY)},id bm90IGFuIGlk"},
    ],
    ids=str,
)
def test_creation_refuses_headers_that_are_not_its_own(client, deposit, headers):
    response = create(client, deposit, headers=headers)

    assert (response.status_code, response.json()["code"]) == (400, "bad_upload")
    assert not SealedFile.objects.exists()


def test_creation_refuses_the_name_of_a_file(client, deposit):
    envelope = metadata(envelope_of(deposit).pk)

    response = create(client, deposit, headers={"Upload-Metadata": f"{envelope},filename b2ZmcmU="})

    assert (response.status_code, response.json()["code"]) == (400, "bad_upload")


def test_creation_asked_for_again_makes_one_upload(client, deposit):
    drawn = base64.b64encode(str(uuid4()).encode()).decode()
    headers = {"Upload-Metadata": f"{metadata(envelope_of(deposit).pk)}, id {drawn}"}

    answers = [create(client, deposit, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert SealedFile.objects.count() == 1
    differing = create(client, deposit, size=5, headers=headers)
    assert (differing.status_code, differing.json()["code"]) == (409, "upload_differs")


def test_creation_refuses_a_file_too_large(client, deposit):
    response = create(client, deposit, limits.LARGEST_FILE + 1)

    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")


def test_creation_refuses_the_envelope_of_another(client, deposit):
    other = metadata(envelope_of(make_deposit()).pk)

    response = create(client, deposit, headers={"Upload-Metadata": other})

    assert (response.status_code, response.json()["code"]) == (404, "unknown_envelope")


@pytest.mark.parametrize(
    ("content", "offset", "options", "expected"),
    [
        (b"1234", 1, {}, 409),
        (b"12345", 0, {}, 413),
        (b"123", 0, {}, 400),
        (b"1234", 0, {"content_type": "text/plain"}, 415),
        (b"1234", 0, {"headers": {"Upload-Offset": "x"}}, 400),
        (b"1234", 0, {"headers": {"Tus-Resumable": "0.2.2"}}, 412),
    ],
)
def test_patch_refuses_and_keeps_nothing(client, deposit, content, offset, options, expected):
    url = create(client, deposit).headers["Location"]

    response = patch(client, url, content, offset, **options)

    assert response.status_code == expected
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert client.head(url, headers=TUS).headers["Upload-Offset"] == "0"


class CutInput(io.RawIOBase):
    """What a WSGI server gives when the client is gone."""

    def read(self, size: int = -1, /) -> bytes:
        raise ConnectionResetError


def test_patch_that_is_cut_is_answered_as_such(client, deposit):
    url = create(client, deposit).headers["Location"]

    response = patch(client, url, b"1234", 0, **{"wsgi.input": CutInput()})

    assert (response.status_code, response.json()["code"]) == (408, "transfer_cut")


class HungInput(io.RawIOBase):
    """A body during which the same bidder comes back, from another request that goes on."""

    def __init__(self, meanwhile) -> None:
        self.meanwhile = meanwhile

    def read(self, size: int = -1, /) -> bytes:
        self.meanwhile()
        return b"old!"


def test_patch_that_another_overtook_is_locked_out(client, deposit):
    url = create(client, deposit).headers["Location"]
    hung = HungInput(lambda: patch(client, url, b"1234"))

    response = patch(client, url, b"1234", 0, **{"wsgi.input": hung})

    assert (response.status_code, response.json()["code"]) == (423, "writer_displaced")
    assert client.head(url, headers=TUS).headers["Upload-Offset"] == "4"


def test_patch_of_a_file_removed_meanwhile_is_gone(client, deposit):
    url = create(client, deposit).headers["Location"]
    hung = HungInput(lambda: client.delete(url, headers=TUS))

    response = patch(client, url, b"1234", 0, **{"wsgi.input": hung})

    assert (response.status_code, response.json()["code"]) == (410, "upload_removed")


def test_creation_without_room_is_refused(client, deposit, settings):
    settings.SPACE_KEPT_FREE = 2**62

    response = create(client, deposit)

    assert (response.status_code, response.json()["code"]) == (507, "no_room")
    assert not SealedFile.objects.exists()


def test_patch_that_the_store_does_not_keep_is_not_acknowledged(client, deposit, store):
    url = create(client, deposit).headers["Location"]
    shutil.rmtree(store)
    store.write_text("not a folder")

    response = patch(client, url, b"1234")

    assert (response.status_code, response.json()["code"]) == (503, "store_failed")
    assert client.head(url, headers=TUS).headers["Upload-Offset"] == "0"


def test_malformed_requests_are_attempts_too(client, deposit):
    url = create(client, deposit).headers["Location"]
    patch(client, url, b"1234", 0, headers={"Upload-Offset": "x"})
    create(client, deposit, headers={"Upload-Length": "-1"})
    response = patch(client, url, b"1234", 0, content_type="text/plain")

    outcomes = deposit.attempts.order_by("number").values_list("outcome", "cause")
    assert list(outcomes) == [
        ("started", ""),
        *[("refused", "bad_upload")] * 2,
        ("refused", "bad_content_type"),
    ]
    assert (response.status_code, response.json()["code"]) == (415, "bad_content_type")
    assert response.json()["remedy"] == str(BadUpload.remedy)


@pytest.mark.parametrize("offset", [0, 1])
def test_patch_is_read_to_its_end_so_that_its_answer_is(client, deposit, offset):
    url = create(client, deposit, 2 * BLOCK_SIZE).headers["Location"]
    content = io.BytesIO(bytes(BLOCK_SIZE + 1))

    response = patch(client, url, bytes(BLOCK_SIZE + 1), offset, **{"wsgi.input": content})

    assert response.status_code == (409 if offset else 204)
    assert content.read() == b""


def test_delete_removes_the_upload(client, deposit):
    url = create(client, deposit).headers["Location"]

    assert client.delete(url, headers=TUS).status_code == 204
    assert client.head(url, headers=TUS).status_code == 404
    assert client.delete(url, headers=TUS).status_code == 404


def test_uploads_of_a_submitted_deposit_are_gone(client, deposit):
    file = send(envelope_of(deposit), b"1234")
    Deposit.objects.update(
        state=Deposit.State.SUBMITTED, submitted_at=file.created_at, number=1, manifest=b"{}"
    )
    url = reverse("envelopes:upload", args=[file.pk])

    assert patch(client, url, b"1234", 4).status_code == 410
    assert client.delete(url, headers=TUS).status_code == 410
    assert create(client, deposit).status_code == 410
    refused = deposit.attempts.filter(outcome="refused").order_by("number")
    told = list(refused.values_list("step", "cause", "file"))
    steps = [("upload", file.pk), ("removal", file.pk), ("upload", None)]
    assert told == [(step, "already_submitted", of) for step, of in steps]


def test_uploads_of_another_company_do_not_exist(client, deposit):
    url = create(client, deposit).headers["Location"]
    client.force_login(make_bidder().user)

    assert client.head(url, headers=TUS).status_code == 404
    assert patch(client, url, b"1234").status_code == 404
    assert client.delete(url, headers=TUS).status_code == 404
    assert create(client, deposit).status_code == 404
    assert SealedFile.objects.get().received_size == 0


def test_uploads_tell_a_script_that_the_session_has_ended(client, deposit):
    url = create(client, deposit).headers["Location"]
    client.logout()

    response = patch(client, url, b"1234")

    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_uploads_want_the_csrf_token_in_a_header():
    deposit = make_deposit()
    client = Client(enforce_csrf_checks=True)
    client.force_login(deposit.bidder.user)
    token = "a" * 32
    client.cookies["csrf"] = token

    assert create(client, deposit).status_code == 403
    assert create(client, deposit, headers={"X-CSRFToken": token}).status_code == 201
