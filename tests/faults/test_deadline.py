# SPDX-License-Identifier: EUPL-1.2
"""R1, R12, F15: submissions whose last bytes arrive around the deadline, at two processes with many threads.

One clock decides, the database's: the clocks of the two processes are right, or ten minutes apart.
`conftest.py` leaves this file out of a run on SQLite.
"""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse

from envelopes import closing, submission, uploads
from envelopes.models import Attempt, Deposit, Receipt
from envelopes.receipts import instant
from marketplace import auditing, clock
from marketplace.models import Consultation, EnvelopeKind, JournalEntry
from tests import factories
from tests.faults.bidder import JSON, Answer, Bidder, Poised, submission_of
from tests.faults.oracle import Tender
from tests.faults.site import Site, serving

WORKERS = Path(__file__).parent / "workers.conf.py"
CONTENT = b"42 000 euros"
NAME = "offre.pdf"
AT_THE_DEADLINE = 40  # submissions, of which every fourth is sent twice
AROUND = timedelta(milliseconds=50)
LEAD = timedelta(milliseconds=500)


@dataclass
class Race:
    """One bidder's submission, and when the last byte of it left and its answer came."""

    bidder: Bidder
    deposit: Deposit
    path: str
    body: bytes
    requests: list[Poised] = field(default_factory=list)
    sent_at: datetime | None = None
    answers: list[Answer] = field(default_factory=list)
    answered_at: datetime | None = None

    @classmethod
    def ready(cls, consultation: Consultation, port: int) -> "Race":
        """A deposit that lacks nothing but its submission."""
        account = factories.make_bidder()
        deposit = submission.start(consultation, account, now=clock.now())
        offer = deposit.envelopes.get(kind=EnvelopeKind.OFFER)
        size = len(CONTENT)
        file = uploads.create(
            deposit.pk, envelope_id=offer.pk, size=size, actor=account.user, clock=clock.now
        )
        uploads.receive(file.pk, BytesIO(CONTENT), offset=0, length=size, clock=clock.now)
        upload = reverse("envelopes:upload", args=[file.pk])
        path, body = submission_of(deposit, {upload: CONTENT}, NAME)
        return cls(Bidder(account.user, port), deposit, path, body)

    def poise(self, times: int) -> None:
        self.requests = [self.bidder.poised(self.path, self.body, JSON) for _ in range(times)]

    def release(self) -> None:
        self.sent_at = datetime.now(UTC)
        for request in self.requests:
            request.release()

    def finish(self) -> None:
        self.answers = [request.answer() for request in self.requests]
        self.answered_at = datetime.now(UTC)

    def again(self) -> bytes:
        """The receipt, after the same submission once more."""
        assert self.bidder.insist("POST", self.path, self.body, JSON).status == 200
        return self.bidder.receipt(self.deposit)


@pytest.fixture
def access_log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


@pytest.fixture(params=[0, 5], ids=["right clocks", "clocks 10 minutes apart"])
def workers(request, django_db_setup: None, access_log: Path) -> Iterator[Site]:
    environ = {"SIGILLE_TEST_SKEW": str(request.param), "SIGILLE_TEST_ACCESS_LOG": str(access_log)}
    with serving(WORKERS, **environ) as site:
        yield site


def run(consultation: Consultation, races: list[Race]) -> None:
    """The first is over before the deadline, the last arrives after it, the others around it."""
    for rank, race in enumerate(races):
        race.poise(2 if rank % 4 == 1 else 1)
    first, *around, last = races
    first.release()
    first.finish()
    closes_at = clock.now() + LEAD
    consultation.closes_at, consultation.opens_at = closes_at, closes_at + timedelta(hours=1)
    consultation.published_at = closes_at - timedelta(days=1)
    consultation.save()
    for rank, race in enumerate(around):
        until(closes_at - AROUND + rank * 2 * AROUND / len(around))
        race.release()
    until(closes_at + AROUND)
    last.release()
    with ThreadPoolExecutor(len(races)) as pool:
        list(pool.map(Race.finish, [*around, last]))


def until(moment: datetime) -> None:
    threading.Event().wait(max(0, (moment - datetime.now(UTC)).total_seconds()))


def check(race: Race, closes_at: datetime) -> bool:
    """One flag, the same everywhere, and the right one; whether it is late."""
    deposit = Deposit.objects.get(pk=race.deposit.pk)
    entry = JournalEntry.objects.get(action="deposit.submitted", subject__endswith=str(deposit.pk))
    submissions = deposit.attempts.filter(step=Attempt.Step.SUBMISSION)
    completed = submissions.get(outcome=Attempt.Outcome.COMPLETED)
    receipt = json.loads(bytes(deposit.receipt.content))
    submitted_at = deposit.submitted_at

    assert [answer.status for answer in race.answers] == [200] * len(race.requests)
    assert deposit.state == Deposit.State.SUBMITTED
    assert submitted_at is not None
    assert race.sent_at is not None
    assert race.answered_at is not None
    assert race.sent_at <= submitted_at <= race.answered_at
    assert deposit.first_byte_at is not None
    assert deposit.last_byte_at is not None
    assert deposit.first_byte_at <= deposit.last_byte_at <= submitted_at
    assert deposit.is_late == (submitted_at >= closes_at)
    assert completed.recorded_at == entry.recorded_at == submitted_at
    assert receipt["submitted_at"] == instant(submitted_at)
    assert receipt["is_late"] == entry.facts["is_late"] == deposit.is_late
    return deposit.is_late


def test_submissions_around_the_deadline_have_one_flag_each(workers, access_log, campaign):
    rounds, late = campaign.extent(1, 10), 0
    for _ in range(rounds):
        consultation = Tender.make().consultation
        races = [Race.ready(consultation, workers.port) for _ in range(AT_THE_DEADLINE + 2)]
        run(consultation, races)
        flags = [check(race, consultation.closes_at) for race in races]
        repeated = races + races[:8] * 3
        with ThreadPoolExecutor(8) as pool:
            receipts = list(pool.map(Race.again, repeated))

        assert (flags[0], flags[-1]) == (False, True)
        numbers = consultation.deposits.order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, len(races) + 1))
        kept = {row.pk: bytes(row.content) for row in Receipt.objects.all()}
        assert receipts == [kept[race.deposit.pk] for race in repeated]
        assert closing.close_due(now=clock.now()) == 1
        assert consultation.closing_fingerprints.get().size == flags.count(False)
        late += sum(flags[1:-1])

    assert auditing.audit().problems == []
    assert len(set(re.findall(r"<(\d+)> POST", access_log.read_text(encoding="ascii")))) == 2
    tried = rounds * AT_THE_DEADLINE
    campaign.report("submission within 50 ms of the deadline", tried=tried, met=tried, late=late)
