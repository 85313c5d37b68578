# SPDX-License-Identifier: EUPL-1.2
"""A defect in the middle of a bid says where it is, and nothing of the bid: logs, mails, pages, rows."""

import hashlib
import json
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.log import AdminEmailHandler

from envelopes.models import Attempt, Deposit, SealedFile
from keys.cms import BLOCK_SIZE
from marketplace.error_reports import WithoutContents
from marketplace.models import JournalEntry
from tests.envelopes.test_views_uploads import create, patch
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
UPLOADING = [  # what fails, and at which call of it
    ("django.http.request.HttpRequest.read", 2),
    ("keys.cms.BlockSealer.__init__", 1),
    ("keys.cms.BlockSealer.update", 1),
    ("keys.cms.BlockSealer.update", 5),
    ("keys.cms.BlockSealer.finish", 1),
    ("keys.cms.BlockSealer.finish", 2),
    ("marketplace.durable_files._write_all", 4),
    ("marketplace.durable_files.os.fsync", 1),
    ("envelopes.uploads._commit", 1),
    ("envelopes.models.SealedBlock.save", 2),
    ("envelopes.uploads._complete", 1),
]
SUBMITTING = [
    ("envelopes.views.deposits.read_announcement", 1),
    ("envelopes.submission._part", 1),
    ("envelopes.manifest.Index.to_bytes", 1),
    ("envelopes.submission.seal_bytes", 1),
    ("envelopes.submission.verify_stored", 3),
    ("envelopes.submission.annex", 1),
    ("envelopes.submission._commit", 1),
    ("envelopes.submission.receipt", 1),
    ("marketplace.heads.prove", 1),
    ("marketplace.timestamps.request", 1),
]
POINTS = UPLOADING + SUBMITTING


class Defect(Exception):
    """Something that nobody foresaw."""


@dataclass(frozen=True)
class Bid:
    """Someone's bid, all of whose words are canaries."""

    client: Any
    deposit: Deposit
    canary: str
    content: bytes

    def send(self) -> Any:
        url = create(self.client, self.deposit, len(self.content)).headers["Location"]
        return patch(self.client, url, self.content)

    def submit(self) -> Any:
        file = SealedFile.objects.get()
        announced = {
            "id": str(file.pk),
            "name": f"{self.canary}.pdf",
            "size": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
        }
        body = {"envelopes": [{"id": str(file.envelope_id), "files": [announced]}]}
        return self.client.post(
            reverse("envelopes:submit", args=[self.deposit.pk]),
            json.dumps(body | {"annex_salt": self.canary * 2}),
            content_type="application/json",
        )

    def is_told_by(self, text: str) -> bool:
        """Whether anything of the bid is in a text, as it is or in hexadecimal."""
        digest = hashlib.sha256(self.content).hexdigest()
        words = (self.canary, self.canary.encode().hex(), digest, repr(bytes.fromhex(digest))[2:-1])
        return any(word in text for word in words)


@pytest.fixture
def bid(client) -> Bid:
    client.raise_request_exception = False
    deposit = make_deposit()
    client.force_login(deposit.bidder.user)
    canary = secrets.token_hex(16)
    content = (canary.encode() * (BLOCK_SIZE // 32 + 1000))[: BLOCK_SIZE + 30_000]
    return Bid(client, deposit, canary, content)


@pytest.fixture(autouse=True)
def reports(settings) -> Iterator[None]:
    """Administrators have the longest mails that Django knows how to write."""
    settings.ADMINS = [("Administrator", "administrator@example.org")]
    handler = AdminEmailHandler(include_html=True)
    logging.getLogger("django.request").addHandler(handler)
    yield
    logging.getLogger("django.request").removeHandler(handler)


def fail(monkeypatch: pytest.MonkeyPatch, name: str, call: int) -> list[int]:
    """Let the n-th call of something raise; how many there were."""
    true, calls = resolve_name(name), [0]

    def failing(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise Defect
        return true(*args, **kwargs)

    monkeypatch.setattr(name, failing)
    return calls


def everything_said(caplog: pytest.LogCaptureFixture, *pages: Any) -> str:
    texts = [caplog.text, *(page.content.decode() for page in pages)]
    for message in mail.outbox:
        assert isinstance(message, EmailMultiAlternatives)
        texts += [
            message.subject,
            str(message.body),
            *(str(part[0]) for part in message.alternatives),
        ]
    texts += [str(row) for row in Attempt.objects.values()]
    texts += [str(row) for row in JournalEntry.objects.values()]
    return "\n".join(texts)


@pytest.mark.parametrize("debug_page", [False, True], ids=["", "DEBUG"])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[0]} {point[1]}")
def test_defect_says_nothing_of_the_bid(bid, settings, monkeypatch, caplog, point, debug_page):
    settings.DEBUG = debug_page
    if point in SUBMITTING:
        assert bid.send().status_code == 204
    calls = fail(monkeypatch, *point)
    page = bid.submit() if point in SUBMITTING else bid.send()

    said = everything_said(caplog, page)
    assert (page.status_code, calls[0] >= point[1]) == (500, True)
    assert "Defect" in said
    assert not bid.is_told_by(said)
    assert debug_page or len(mail.outbox) == 2  # Django's own handler, and the one above


def test_search_finds_what_django_would_say(bid, monkeypatch, caplog):
    """Or the test above would prove nothing."""
    monkeypatch.delattr(WithoutContents, "get_traceback_frame_variables")
    fail(monkeypatch, "keys.cms.BlockSealer.update", 1)

    assert bid.is_told_by(everything_said(caplog, bid.send()))
