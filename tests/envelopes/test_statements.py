# SPDX-License-Identifier: EUPL-1.2
"""The statement of attempts: all of them, dated, in three forms, for the company alone."""

import csv
import json
import re
import subprocess
import tracemalloc
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from envelopes import attempts, statements, submission, uploads
from envelopes.errors.uploads import TransferCut
from envelopes.models import Attempt, Deposit
from envelopes.statements import Statement
from marketplace import canonical, heads, pdf
from tests.envelopes.deposits import clock, envelope_of, ready_to_submit, send
from tests.factories import (
    NOW,
    SECOND,
    make_agent,
    make_bidder,
    make_deposit,
    make_online_consultation,
)
from tests.marketplace.test_pdf import without_pango

pytestmark = pytest.mark.django_db
NAMES = ["attempts", "attempts_pdf", "attempts_csv", "attempts_json"]
UPLOAD, STARTED = Attempt.Step.UPLOAD, Attempt.Outcome.STARTED
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(NOW)


@pytest.fixture
def deposit(client) -> Deposit:
    """One file whole, one cut, by the bidder who is signed in."""
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    send(envelope, b"42 000 euros")
    cut = uploads.create(
        deposit.pk, envelope_id=envelope.pk, size=100, actor=deposit.bidder.user, clock=clock
    )
    with pytest.raises(TransferCut):
        uploads.receive(cut.pk, BytesIO(b"abc"), offset=0, length=100, clock=clock)
    client.force_login(deposit.bidder.user)
    return deposit


def many(deposit: Deposit, count: int) -> None:
    """This many more attempts, interrupted, a millisecond apart."""
    last = deposit.attempts.count()
    Attempt.objects.bulk_create(
        Attempt(
            deposit=deposit,
            number=last + number,
            step=UPLOAD,
            file=UUID(int=number),
            outcome=Attempt.Outcome.INTERRUPTED,
            cause=TransferCut.code,
            offset=number,
            recorded_at=NOW + number * MILLISECOND,
        )
        for number in range(1, count + 1)
    )


def get(client, name: str, deposit: Deposit, **query: object):
    address = reverse(f"envelopes:{name}", args=[deposit.pk])
    return client.get(address, query, headers={"Accept-Language": "en"})


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def read(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def statement_of(deposit: Deposit) -> Statement:
    return Statement(deposit, NOW)


def text_of(document: bytes, folder: Path) -> str:
    path = folder / "attempts.pdf"
    path.write_bytes(document)
    return subprocess.check_output(["pdftotext", "-layout", str(path), "-"], text=True)


def test_page_tells_each_attempt_with_its_cause_and_its_remedy(client, deposit):
    page = get(client, "attempts", deposit)

    outcomes = [line.attempt.outcome for line in page.context["lines"]]
    assert outcomes == ["started", "completed", "started", "interrupted"]
    assertContains(page, "10:00:00.000 (Europe/Paris)")
    assertContains(page, str(TransferCut.user_message))
    assertContains(page, str(TransferCut.remedy))
    cut = deposit.attempts.get(number=4)
    assertContains(page, f">{str(cut.file)[:8]}</code>")


def test_page_of_a_deposit_without_attempts_says_so(client, deposit):
    deposit.attempts.all().delete()

    assertContains(get(client, "attempts", deposit), "nothing was sent")


@pytest.mark.parametrize("name", NAMES)
def test_statement_is_for_the_company_alone(client, deposit, name):
    mine = get(client, name, deposit)
    client.force_login(make_bidder().user)
    rival = get(client, name, deposit)
    client.force_login(make_agent(service=deposit.consultation.service, is_administrator=True).user)
    buyer = get(client, name, deposit)

    assert [mine.status_code, rival.status_code, buyer.status_code] == [200, 404, 404]


def test_data_is_canonical_dated_and_anchored(client, deposit):
    submission.submit(*ready(deposit), actor=deposit.bidder.user, now=NOW + SECOND)
    with transaction.atomic():
        head = heads.sign(now=NOW + SECOND)

    content = body(get(client, "attempts_json", deposit))

    said = json.loads(content)
    assert canonical.dumps(said) == content
    assert said["made_at"] == "2026-11-02T09:00:00.000000+00:00"
    assert said["journal"] == {"head": head.note, "key": str(heads.verifier_key())}
    assert (said["deposit"], said["state"]) == (str(deposit.pk), "submitted")
    assert said["consultation"]["reference"] == deposit.consultation.reference
    assert said["company"]["name"] == deposit.company.name
    assert [one["number"] for one in said["attempts"]] == list(range(1, len(said["attempts"]) + 1))
    assert said["attempts"][3] == {
        "cause": "transfer_cut",
        "file": str(deposit.attempts.get(number=4).file),
        "message": "L’envoi du fichier a été coupé ou mis en pause.",
        "number": 4,
        "outcome": "interrupted",
        "received": 0,
        "recorded_at": "2026-11-02T09:00:00.000000+00:00",
        "remedy": said["attempts"][3]["remedy"],
        "step": "upload",
    }


def ready(deposit: Deposit):
    """The deposit without the file that was cut, and what to announce of it."""
    deposit.uploads().all().delete()
    return deposit.pk, ready_to_submit(deposit)


def test_data_without_a_head_says_so(deposit):
    assert json.loads(statements.data(statement_of(deposit)))["journal"] is None


def test_table_is_read_again_and_computes_nothing(client, deposit):
    attempts.record(
        deposit, UPLOAD, Attempt.Outcome.REFUSED, now=NOW + 7 * MILLISECOND, cause="=1+1"
    )

    headings, *rows = read(body(get(client, "attempts_csv", deposit)).decode())

    assert headings[:3] == ["Number", "Time", "Step"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[4][1] == "2026-11-02T10:00:00.007+01:00"
    assert rows[4][5] == "'=1+1"
    assert (rows[3][6], rows[3][8]) == (str(TransferCut.user_message), "0")


def test_document_tells_each_attempt_and_has_the_data_inside(client, deposit, tmp_path):
    content = body(get(client, "attempts_pdf", deposit))

    text = " ".join(text_of(content, tmp_path).split())
    assert "Historique des tentatives de dépôt" in text
    assert "2 novembre 2026 à 10:00:00,000" in text
    assert "L’envoi du fichier a été coupé ou mis en pause." in text
    assert str(deposit.pk) in text
    subprocess.run(
        ["pdfdetach", "-save", "1", "-o", tmp_path / "in.json", tmp_path / "attempts.pdf"],
        check=True,
    )
    assert (tmp_path / "in.json").read_bytes() == body(get(client, "attempts_json", deposit))


def test_statement_of_a_rehearsal_says_that_it_has_no_value(client, tmp_path):
    deposit = make_deposit(consultation=make_online_consultation(is_test=True))
    client.force_login(deposit.bidder.user)

    document = " ".join(text_of(body(get(client, "attempts_pdf", deposit)), tmp_path).split())
    said = json.loads(body(get(client, "attempts_json", deposit)))
    table = get(client, "attempts_csv", deposit).headers["Content-Disposition"]

    notice = document.index("Dépôt d’essai : cet historique n’a aucune valeur.")
    assert notice < document.index("Historique des tentatives de dépôt")
    assert said["consultation"]["is_test"] is True
    assert f'filename="rehearsal-attempts-{deposit.pk}.csv"' in table


def test_statement_of_a_bid_does_not(client, deposit, tmp_path):
    document = text_of(body(get(client, "attempts_pdf", deposit)), tmp_path)
    said = json.loads(body(get(client, "attempts_json", deposit)))

    assert "aucune valeur" not in document
    assert said["consultation"]["is_test"] is False


def test_document_of_one_instant_has_the_same_bytes(deposit):
    made = [statements.document(statement_of(deposit)) for _ in range(2)]

    assert made[0] == made[1]


def test_without_pango_the_rest_of_the_statement_can_be_had(client, deposit, monkeypatch):
    monkeypatch.setattr(pdf, "import_module", without_pango)

    assert [get(client, name, deposit).status_code for name in NAMES] == [200, 503, 200, 200]


def test_document_leaves_the_first_of_too_many_to_the_data(deposit, tmp_path, monkeypatch):
    monkeypatch.setattr(statements, "MOST_ON_PAPER", 3)
    many(deposit, 3)

    text = text_of(statements.document(statement_of(deposit)), tmp_path)

    assert "Les 4 premières ne sont pas imprimées" in " ".join(text.split())
    assert re.findall(r"^ +(\d+) +2 novembre", text, re.MULTILINE) == ["5", "6", "7"]
    assert len(json.loads(statements.data(statement_of(deposit)))["attempts"]) == 7


@pytest.mark.parametrize("name", ["attempts", "attempts_csv", "attempts_json"])
def test_five_thousand_attempts_ask_as_much_as_five(client, deposit, name):
    asked = []
    for count in (5, 4995):
        many(deposit, count)
        with CaptureQueriesContext(connection) as queries:
            body(get(client, name, deposit))
        asked.append(len(queries))

    assert asked[0] == asked[1] <= 10


def test_table_of_five_thousand_attempts_is_never_whole_in_memory(deposit):
    many(deposit, 5000)

    tracemalloc.start()
    count = sum(1 for _row in statements.rows(statement_of(deposit)))
    _left, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 5004
    assert most < 8 * 1024 * 1024  # bytes; the rows of Django alone would take twice as much


def test_page_shows_fifty_attempts_at_once(client, deposit):
    many(deposit, 60)

    first, second = (get(client, "attempts", deposit, page=page) for page in (1, 2))

    assert (len(first.context["lines"]), len(second.context["lines"])) == (50, 14)
    assertContains(first, "?page=2")


def test_statement_is_linked_from_the_deposit_its_receipt_and_the_list(client, deposit):
    address = f'href="{reverse("envelopes:attempts", args=[deposit.pk])}"'

    assertContains(get(client, "deposit", deposit), address)
    assertContains(client.get(reverse("envelopes:deposits")), address)
    submission.submit(*ready(deposit), actor=deposit.bidder.user, now=NOW)
    assertContains(get(client, "receipt", deposit), address)
    client.force_login(make_bidder().user)
    assertNotContains(client.get(reverse("envelopes:deposits")), address)
