# SPDX-License-Identifier: EUPL-1.2
"""What the browser tells of the files of a bid: on their lines, before the submission, to nobody else."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from envelopes.models import Deposit
from marketplace.models import EnvelopeKind
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder
from tests.e2e.test_deposit import (
    begin,
    consultation,
    make_consultation_on_line,
    state,
    zone_of,
)
from tests.factories import make_private_key

__all__ = ["consultation"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
CUT_PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>"
OFFER = EnvelopeKind.OFFER


def make_file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def make_document(folder: Path, name: str, *parts: str) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts:
            archive.writestr(part, part)
    return path


def choose(page: Page, deposit: Deposit, kind: EnvelopeKind, *files: Path) -> None:
    zone_of(page, deposit, kind).locator("input[type=file][multiple]").set_input_files(files)


def warnings_of(line: Locator) -> Locator:
    return line.locator("[data-warnings] > li")


def submit(page: Page) -> None:
    page.locator("[data-check]").click()
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")


def test_warnings_are_on_the_lines_and_in_the_summary_and_forbid_nothing(
    page: Page, recorder: Recorder, bidder, consultation, tmp_path, assert_accessible
):
    deposit = begin(page, consultation)
    cut = make_file(tmp_path, "Mémoire technique.pdf", CUT_PDF)
    macros = make_document(tmp_path, "BPU.xlsm", "[Content_Types].xml", "xl/vbaProject.bin")
    empty = make_file(tmp_path, "Attestation.txt", b"")
    good = make_file(tmp_path, "Notes.txt", b"42 000 euros")

    choose(page, deposit, OFFER, cut, macros, empty, good)

    for file, count in ((cut, 1), (macros, 1), (empty, 1), (good, 0)):
        expect(warnings_of(state(page, file.name, "received"))).to_have_count(count)
    expect(page.locator("[data-warned]")).to_contain_text("3")
    button = state(page, cut.name, "received").locator('[data-action="remove"]')
    expect(button).to_have_accessible_description(
        warnings_of(state(page, cut.name, "received")).inner_text()
    )
    said = page.locator("[data-warning-announcements]")
    expect(said).to_have_attribute("role", "status")
    expect(said).not_to_be_empty()
    assert_accessible(page)
    picture(page, "deposit-warnings")

    page.reload()
    expect(warnings_of(state(page, cut.name, "received"))).to_have_count(1)
    page.locator("[data-check]").click()
    listed = page.locator("[data-confirm-warnings] li")
    expect(listed).to_have_count(3)
    expect(listed.filter(has_text=cut.name)).to_have_count(1)
    assert_accessible(page)
    picture(page, "deposit-confirm-warnings", page.locator("dialog[open]"))
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.SUBMITTED
    assert recorder.errors == []
    assert not [said for said in recorder.console if said.startswith("error")]


def test_many_files_are_one_list_that_can_be_reduced_to_what_is_left_to_do(
    page: Page, bidder, consultation, tmp_path, assert_accessible
):
    deposit = begin(page, consultation)
    files = [make_file(tmp_path, f"Pièce {n:02}.txt", b"%d" % n) for n in range(24)]
    cut = make_file(tmp_path, "Mémoire.pdf", CUT_PDF)

    choose(page, deposit, OFFER, *files, cut)

    lines = page.get_by_role("list", name="Offre").locator("[data-file]")
    expect(lines).to_have_count(25)
    expect(page.locator('[data-summary][data-state="ready"]')).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollHeight") < 2500
    assert_accessible(page)
    page.locator("[data-only]").check()
    expect(lines.filter(visible=True)).to_have_count(1)
    expect(lines.filter(visible=True)).to_contain_text(cut.name)
    assert_accessible(page)
    picture(page, "deposit-many")


def test_same_file_twice_is_told_until_one_is_removed(page: Page, bidder, consultation, tmp_path):
    deposit = begin(page, consultation)
    first = make_file(tmp_path, "Kbis.txt", b"the same")
    second = make_file(tmp_path, "Extrait.txt", b"the same")
    choose(page, deposit, EnvelopeKind.APPLICATION, first)
    state(page, first.name, "received")

    choose(page, deposit, OFFER, second)

    expect(warnings_of(state(page, second.name, "received"))).to_contain_text([first.name])
    page.locator('[data-file] [data-action="remove"]').first.click()
    page.locator('[data-removal] [value="confirm"]').click()
    expect(warnings_of(state(page, second.name, "received"))).to_have_count(0)


def test_file_submitted_for_another_consultation_is_told_in_the_offer_alone(
    page: Page, bidder, consultation, tmp_path
):
    file = make_file(tmp_path, "Mémoire.txt", b"for the first consultation")
    choose(page, begin(page, consultation), OFFER, file)
    state(page, file.name, "received")
    submit(page)
    other = make_consultation_on_line(make_private_key(), reference="2026-AUTRE")
    page.goto(f"/consultations/{other.pk}/")
    page.locator('form[action$="/deposit/"] button').click()
    page.wait_for_url("**/deposits/*/")
    deposit = Deposit.objects.get(consultation=other)

    choose(page, deposit, OFFER, file)
    choose(page, deposit, EnvelopeKind.APPLICATION, file)

    for kind, count in ((OFFER, 1), (EnvelopeKind.APPLICATION, 0)):
        line = zone_of(page, deposit, kind).locator('[data-file][data-state="received"]')
        told = warnings_of(line).filter(has_text=consultation.reference)
        expect(told).to_have_count(count)


def test_what_is_found_is_told_to_nobody(
    page: Page, recorder: Recorder, bidder, consultation, tmp_path
):
    file = make_file(tmp_path, "canari-77aa.pdf", CUT_PDF)
    choose(page, begin(page, consultation), OFFER, file)
    expect(warnings_of(state(page, file.name, "received"))).to_have_count(1)

    sent = recorder.sent()

    assert b"canari" not in sent
    assert b"pdf_cut" not in sent
