# SPDX-License-Identifier: EUPL-1.2
import csv
import json
import re
import subprocess
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from envelopes import closing, paper_deposits
from envelopes.errors.register import LineDiffers
from envelopes.errors.submission import FilesDiffer
from envelopes.errors.uploads import TransferCut
from envelopes.models import Deposit, PaperDeposit
from envelopes.views import register as views
from marketplace import canonical
from marketplace.models import Consultation, EnvelopeKind, JournalEntry, Right
from tests.envelopes.registered import LATER, attempt, begin, enter
from tests.envelopes.sealed import PDF, make_scene, seal_deposit
from tests.factories import (
    DEADLINE,
    NOW,
    SECOND,
    make_agent,
    make_bidder,
    make_company,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db
OFFER = {EnvelopeKind.OFFER: {"offre.pdf": PDF}}
FORM = {
    "way": "paper",
    "company_name": "Menuiserie Le Gall",
    "received_at": "2026-12-02T09:30",
    "parcels": "Un pli cacheté",
    "observations": "Remis en main propre",
}
PAGES = (
    *("register", "register_csv", "register_attempts_csv", "register_json", "register_pdf"),
    "enter_paper_deposit",
)


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(LATER)


@pytest.fixture
def consultation() -> Consultation:
    return make_online_consultation(reference="2026-014")


@pytest.fixture
def agent(client, consultation):
    agent = make_agent(Right.MANAGE_CONSULTATIONS, service=consultation.service)
    client.force_login(agent.user)
    return agent


def url(name: str, subject: object) -> str:
    return reverse(f"envelopes:{name}", args=[getattr(subject, "pk", subject)])


def cells(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline=""), delimiter=";", strict=True))


def test_page_shows_what_arrived_and_how(client, agent, consultation):
    company = make_company(name="Toitures de l’Ouest")
    first = seal_deposit(consultation, OFFER, company=company)
    late = seal_deposit(consultation, OFFER, is_late=True, follows=first, relation="completes")
    Deposit.objects.filter(pk=first.pk).update(withdrawn_at=DEADLINE - SECOND)
    enter(consultation, way=PaperDeposit.Way.BACKUP_COPY, received_at=DEADLINE + 2 * SECOND)
    closing.close(consultation.pk, now=LATER)

    response = client.get(url("register", consultation))

    rows = response.context["rows"]
    assert [row.way for row in rows] == ["Électronique", "Électronique", "Copie de sauvegarde"]
    assert rows[0].arrival == "2 décembre 2026 à 09:59:59,000 (Europe/Paris)"
    assert [line.split(" le ")[0] for line in rows[0].observations] == ["Retiré"]
    assert rows[1].observations[0] == "Hors délai de 1,000\u00a0s"
    assert str(first.number) in rows[1].observations[1]
    assert rows[2].parts == ["Un pli cacheté"]
    for text in (company.name, company.registration, late.company.name, "Menuiserie Le Gall"):
        assertContains(response, text)


def test_page_of_nothing_says_so(client, agent, consultation):
    response = client.get(url("register", consultation))

    assert (response.context["rows"], response.context["troubles"]) == ([], [])
    assertContains(response, "empty")


def test_page_is_cut_in_pages(client, agent, consultation, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for minute in range(3):
        enter(consultation, received_at=NOW + minute * timedelta(minutes=1))
        attempt(begin(consultation), 1, cause="transfer_cut")

    response = client.get(url("register", consultation), {"page": 2, "attempts": 2})

    assert [words.row.order for words in response.context["rows"]] == [3]
    assert len(response.context["troubles"]) == 1


def test_page_asks_as_much_for_one_row_as_for_three(client, agent, consultation):
    asked = []
    for _ in range(3):
        seal_deposit(consultation, OFFER)
        enter(consultation)
        attempt(begin(consultation), 1, cause="transfer_cut")
        with CaptureQueriesContext(connection) as queries:
            client.get(url("register", consultation))
        asked.append(len(queries))

    assert asked[0] == asked[1] == asked[2] <= 20


def test_attempts_page_tells_each_of_them(client, agent, consultation):
    deposit = begin(consultation)
    attempt(deposit, 1)
    attempt(deposit, 2, cause="transfer_cut")
    attempt(deposit, 3, cause="files_differ", step="submission")

    response = client.get(url("deposit_attempts", deposit))

    assert [line.attempt.number for line in response.context["lines"]] == [1, 2, 3]
    assert [bool(line.message) for line in response.context["lines"]] == [False, True, True]
    assertContains(response, deposit.company.name)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("instant", [NOW, DEADLINE - SECOND])
def test_nothing_exists_before_the_deadline_and_the_journal_keeps_who_asked(
    client, agent, consultation, set_clock, name, instant
):
    set_clock(instant)
    empty = _masked(client.get(url(name, consultation)))

    for _ in range(5):
        attempt(seal_deposit(consultation, OFFER), 1, cause="transfer_cut")
        begin(consultation)
    full = _masked(client.get(url(name, consultation)))

    assert empty == full
    assert empty[0] == 404
    refusals = JournalEntry.objects.filter(action="refused.deadline_not_reached")
    assert [entry.actor for entry in refusals] == [f"{agent.user.email} {agent.user.pk}"] * 2


def _masked(response) -> tuple[int, str]:
    return response.status_code, re.sub(r'value="\w{64}"', "", response.text)


def test_attempts_of_a_deposit_do_not_exist_before_the_deadline(
    client, agent, consultation, set_clock
):
    deposit = begin(consultation)
    attempt(deposit, 1)
    set_clock(DEADLINE - SECOND)

    assert client.get(url("deposit_attempts", deposit)).status_code == 404


def test_register_of_another_service_does_not_exist(client, consultation):
    deposit, paper = begin(consultation), enter(consultation)
    client.force_login(make_agent(Right.MANAGE_CONSULTATIONS).user)

    for name in PAGES:
        assert client.get(url(name, consultation)).status_code == 404
    assert client.get(url("deposit_attempts", deposit)).status_code == 404
    assert client.post(url("cancel_paper_deposit", paper), {"reason": "Non"}).status_code == 404


def test_paper_deposit_is_entered_once_confirmed(client, agent, consultation):
    address, line = url("enter_paper_deposit", consultation), str(uuid4())

    shown = client.post(address, FORM | {"line": line})
    assert not PaperDeposit.objects.exists()
    back = client.post(address, FORM | {"line": line, "back": "1"})
    done = client.post(address, FORM | {"line": line, "confirmed": "1"})

    assertContains(shown, "Menuiserie Le Gall")
    assertNotContains(shown, "data-late")
    assertContains(back, "Menuiserie Le Gall")
    assertRedirects(done, url("register", consultation))
    paper = PaperDeposit.objects.get()
    assert str(paper.pk) == line
    assert (paper.received_at, paper.recorded_by) == (DEADLINE - timedelta(minutes=30), agent)


def test_second_line_sent_by_going_back_is_refused_and_the_next_form_is_new(
    client, agent, consultation
):
    address, line = url("enter_paper_deposit", consultation), str(uuid4())
    sent = FORM | {"line": line, "confirmed": "1"}
    client.post(address, sent)

    refused = client.post(address, sent | {"company_name": "Toitures"}, follow=True)

    assertRedirects(refused, url("register", consultation))
    assertContains(refused, LineDiffers.user_message)
    assertNotContains(refused, "Toitures")
    assert JournalEntry.objects.filter(action="refused.line_differs").count() == 1
    drawn = [client.get(address).context["form"]["line"] for _ in range(2)]
    assert len({line, *(str(field.value()) for field in drawn)}) == 3
    assert 'autocomplete="off"' in str(drawn[0])


@pytest.mark.parametrize(("received_at", "is_late"), [("09:59", False), ("10:00", True)])
def test_confirmation_says_what_arrived_late(client, agent, consultation, received_at, is_late):
    sent = FORM | {"line": str(uuid4()), "received_at": f"2026-12-02T{received_at}"}

    response = client.post(url("enter_paper_deposit", consultation), sent)

    assert ("data-late" in response.text) is is_late


@pytest.mark.parametrize(
    "wrong",
    [
        {"received_at": "2026-12-02T11:01"},  # a minute from now
        {"received_at": "0001-01-01T00:00"},
        {"received_at": ""},
        {"company_name": ""},
        {"parcels": ""},
        {"way": "electronic"},
        {"line": "1"},
    ],
)
def test_paper_deposit_that_is_not_well_said_is_not_entered(client, agent, consultation, wrong):
    sent = FORM | {"line": str(uuid4()), "confirmed": "1"} | wrong

    response = client.post(url("enter_paper_deposit", consultation), sent)

    assert [*response.context["form"].errors] == [*wrong]
    assert not PaperDeposit.objects.exists()


def test_line_is_cancelled_with_a_reason_and_stays(client, agent, consultation):
    paper = enter(consultation)
    address = url("cancel_paper_deposit", paper)

    assert client.post(address, {"reason": " "}).status_code == 200
    paper.refresh_from_db()
    assert paper.cancelled_at is None
    response = client.post(address, {"reason": "Saisie en double"}, follow=True)

    assertContains(response, "data-cancelled")
    assertContains(response, "Saisie en double")
    assertNotContains(response, "data-cancel>")
    again = client.post(address, {"reason": "Saisie en double"}, follow=True)
    other = client.post(address, {"reason": "Encore"}, follow=True)
    assertContains(again, "alert-success")
    assertNotContains(again, "alert-danger")
    assertContains(other, "alert-danger")


def test_agent_without_the_right_reads_and_changes_nothing(client, consultation):
    paper = enter(consultation)
    client.force_login(make_agent(service=consultation.service).user)

    page = client.get(url("register", consultation))

    assertNotContains(page, url("enter_paper_deposit", consultation))
    assertNotContains(page, url("cancel_paper_deposit", paper))
    assert client.post(url("cancel_paper_deposit", paper), {"reason": "x"}).status_code == 403
    paper.refresh_from_db()
    assert paper.cancelled_at is None


def test_csv_has_each_row_with_exact_instants(client, agent, consultation):
    deposit = seal_deposit(consultation, OFFER, is_late=True)
    deposit.submitted_at = DEADLINE + timedelta(milliseconds=3456)
    deposit.save()
    enter(consultation)

    response = client.get(url("register_csv", consultation))

    headings, paper, electronic = cells(response)
    assert headings[:4] == ["Ordre", "Date d’arrivée", "Mode de réception", "Société"]
    assert paper[:4] == ["1", "2026-12-02T09:00:00.000+01:00", "Papier", "Menuiserie Le Gall"]
    assert electronic[1] == "2026-12-02T10:00:03.456+01:00"
    assert electronic[4] == deposit.company.registration
    assert electronic[5].splitlines()[0] == "Hors délai de 3,456\u00a0s"
    sealed = sum(block.size for f in _files(deposit) for block in f.blocks.all())
    assert electronic[7:] == ["1", str(sealed)]
    assert "2026-014" in response.headers["Content-Disposition"]


def test_csv_of_the_attempts_has_companies_that_only_tried(client, agent, consultation):
    draft = begin(consultation)
    attempt(draft, 1)
    for number in (2, 3):
        attempt(draft, number, NOW + number * timedelta(milliseconds=1), "transfer_cut")
    attempt(draft, 4, NOW + timedelta(milliseconds=3456), "files_differ", step="submission")
    submitted = seal_deposit(consultation, OFFER)
    attempt(submitted, 1, cause="transfer_cut")
    address = url("register_attempts_csv", consultation)

    response = client.get(address)

    headings, *rows = cells(response)
    company, tried = draft.company, {row[0]: row[1:] for row in rows}
    assert headings == [
        *("Société", "Numéro d’immatriculation", "Premier instant", "Dernier instant"),
        *("Nombre de tentatives", "État", "Causes", "Pli"),
    ]
    assert tried.keys() == {company.name, submitted.company.name}
    assert tried[company.name][:5] == [
        company.registration,
        "2026-11-02T10:00:00.000+01:00",
        "2026-11-02T10:00:03.456+01:00",
        "4",
        "Non remis",
    ]
    cut, differ = str(TransferCut.user_message), str(FilesDiffer.user_message)
    assert tried[company.name][5].splitlines() == [f"{cut} (× 2)", differ]
    assert tried[company.name][6] == str(draft.pk)
    assert tried[submitted.company.name][4] == "Remis ensuite"
    assert "tentatives-de-depot-2026-014.csv" in response.headers["Content-Disposition"]
    assertContains(client.get(url("register", consultation)), f'href="{address}"')


def test_csv_of_the_attempts_asks_as_much_for_one_row_as_for_three(client, agent, consultation):
    asked = []
    for _ in range(3):
        attempt(begin(consultation), 1, cause="transfer_cut")
        with CaptureQueriesContext(connection) as queries:
            cells(client.get(url("register_attempts_csv", consultation)))
        asked.append(len(queries))

    assert asked[0] == asked[1] == asked[2]


def _files(deposit: Deposit):
    return [file for envelope in deposit.envelopes.all() for file in envelope.files.all()]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_computes_nothing_of_what_people_typed(client, agent, consultation, start):
    formula = f"{start}HYPERLINK(1)"
    company = make_company(name=formula)
    seal_deposit(consultation, OFFER, company=company)
    begin(consultation, company=company)
    enter(consultation, company_name=formula, parcels=formula, observations=formula)

    _headings, *rows = cells(client.get(url("register_csv", consultation)))

    assert [row[3] for row in rows] == [f"'{formula}"] * 2
    assert rows[0][6] == f"'{formula}"
    assert not [cell for row in rows for cell in row if cell.startswith(start)]
    _headings, tried = cells(client.get(url("register_attempts_csv", consultation)))
    assert tried[0] == f"'{formula}"
    assert not [cell for cell in tried if cell.startswith(start)]


def test_json_is_canonical_and_says_all(client, agent):
    scene = make_scene()
    client.force_login(make_agent(service=scene.service).user)
    second = seal_deposit(
        scene.consultation, OFFER, follows=scene.deposit, relation="replaces", is_late=True
    )
    paper = enter(scene.consultation)
    draft = begin(scene.consultation)
    attempt(draft, 1, cause="transfer_cut")
    made = closing.close(scene.consultation.pk, now=LATER)
    assert made is not None

    content = client.get(url("register_json", scene.consultation)).content

    said: Any = canonical.loads(content)
    assert (said["version"], said["made_at"]) == (1, "2026-12-02T10:00:00.000000+00:00")
    assert said["closing"]["root"] == made.root_hex
    assert [line["way"] for line in said["lines"]] == ["paper", "electronic", "electronic"]
    assert said["lines"][0]["paper"]["id"] == str(paper.pk)
    assert said["lines"][0]["deposit"] is None
    assert said["lines"][2]["late_by_milliseconds"] == 1000
    told = said["lines"][2]["deposit"]
    assert told["follows"] == {"number": scene.deposit.number, "relation": "replaces"}
    assert (told["id"], told["number"]) == (str(second.pk), second.number)
    assert [part["file_count"] for part in told["envelopes"]] == [1]
    assert said["attempts"] == [
        {
            "attempt_count": 1,
            "causes": [{"code": "transfer_cut", "count": 1}],
            "company": draft.company.name,
            "deposit": str(draft.pk),
            "first_at": "2026-11-02T09:00:00.000000+00:00",
            "is_submitted": False,
            "last_at": "2026-11-02T09:00:00.000000+00:00",
            "registration": draft.company.registration,
        }
    ]


def test_pdf_says_what_the_page_says_and_has_the_json_inside(client, agent, consultation, tmp_path):
    deposit = seal_deposit(consultation, OFFER, is_late=True)
    paper = enter(consultation, company_name="Étanchéité & Cie <b>")
    paper_deposits.cancel(paper.pk, reason="Saisie en double", agent=agent, now=LATER)
    attempt(begin(consultation), 1, cause="transfer_cut")
    path = tmp_path / "register.pdf"

    response = client.get(url("register_pdf", consultation))
    path.write_bytes(response.content)

    assert response.headers["Content-Type"] == "application/pdf"
    assert "2026-014" in response.headers["Content-Disposition"]
    shown = subprocess.check_output(["pdftotext", "-layout", str(path), "-"], text=True)
    assert "Registre des dépôts" in shown
    for word in (deposit.company.registration, "Saisie en double", "Cie <b>", "coupé ou mis"):
        assert word in shown
    subprocess.check_call(["pdfdetach", "-saveall", "-o", str(tmp_path), str(path)])
    inside = json.loads((tmp_path / "registre-des-depots-2026-014.json").read_bytes())
    assert inside == client.get(url("register_json", consultation)).json()


def test_pdf_is_in_the_language_of_the_site_alone(client, agent, consultation, tmp_path):
    seal_deposit(consultation, OFFER, is_late=True)
    path = tmp_path / "register.pdf"

    response = client.get(url("register_pdf", consultation), headers={"Accept-Language": "en"})
    path.write_bytes(response.content)

    shown = subprocess.check_output(["pdftotext", "-layout", str(path), "-"], text=True)
    assert "Hors délai de" in shown
    assert "Late by" not in shown


def test_bidder_has_no_register(client, consultation):
    client.force_login(make_bidder().user)

    assert client.get(url("register", consultation)).status_code == 404
