# SPDX-License-Identifier: EUPL-1.2
"""A bid, from the consultation to the receipt, in Chromium: by keyboard, with a pause and a reload."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.utils import timezone
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from envelopes import publication
from envelopes.errors.uploads import FileTooLarge
from envelopes.limits import LARGEST_FILE
from envelopes.models import Attempt, ChosenKey, Deposit, Receipt, SealedFile
from marketplace.models import Consultation, EnvelopeKind
from tests.e2e.recording import Recorder
from tests.envelopes.deposits import opened
from tests.factories import DAY, make_consultation, make_key_pair, make_private_key

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
MEBIBYTE = 1024 * 1024
PRIVATE_KEY = make_private_key()
LEAVING_IS_HELD = """() => {
  const event = new Event('beforeunload', { cancelable: true })
  window.dispatchEvent(event)
  return event.defaultPrevented
}"""


@pytest.fixture
def consultation() -> Consultation:
    return make_consultation_on_line()


def make_consultation_on_line(
    private_key: RSAPrivateKey = PRIVATE_KEY, **fields: Any
) -> Consultation:
    """On line now; `private_key` opens its bids."""
    now = timezone.now()
    draft = make_consultation(closes_at=now + DAY, opens_at=now + DAY, **fields)
    expiry = (now + 365 * DAY).replace(microsecond=0)
    lasting: dict[str, Any] = {"not_after": expiry, "proven_at": now}
    personal = make_key_pair(private_key=private_key, holder=draft.created_by, **lasting)
    make_key_pair(is_backup=True, service=draft.service, **lasting)
    ChosenKey.objects.create(consultation=draft, key_pair=personal)
    return publication.publish(draft.pk, actor=draft.created_by, now=now)


@pytest.fixture
def slow_line(page: Page) -> Iterator[CDPSession]:
    """8 MiB a second, so that an upload can be paused."""
    session = emulate_line(page, 8 * MEBIBYTE)
    yield session
    session.detach()


def emulate_line(page: Page, rate: int) -> CDPSession:
    """A line that takes so many bytes a second, until the session is detached."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.emulateNetworkConditions", limits | {"uploadThroughput": rate})
    return session


def make_file(folder: Path, name: str, size: int) -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def zone_of(page: Page, deposit: Deposit, kind: EnvelopeKind) -> Locator:
    return page.locator(f'[data-envelope="{deposit.envelopes.get(kind=kind).pk}"]')


def choose_by_keyboard(page: Page, zone: Locator, *files: Path) -> None:
    zone.locator("input[type=file][multiple]").focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(files)


def state(page: Page, name: str, value: str) -> Locator:
    line = page.locator(f'[data-file][data-state="{value}"]').filter(has_text=name)
    expect(line).to_be_visible(timeout=60_000)
    return line


def begin(page: Page, consultation: Consultation) -> Deposit:
    page.goto(f"/consultations/{consultation.pk}/")
    page.locator('form[action$="/deposit/"] button').press("Enter")
    page.wait_for_url("**/deposits/*/")
    return Deposit.objects.get()


def test_bid_is_paused_resumed_after_a_reload_and_submitted(
    page: Page, bidder, consultation, slow_line, tmp_path, assert_accessible
):
    page.set_viewport_size({"width": 1280, "height": 2000})  # nothing is under the summary
    small = make_file(tmp_path, "DC1 – candidature.pdf", 12_345)
    large = make_file(tmp_path, "Mémoire technique.pdf", 30 * MEBIBYTE + 1)
    deposit = begin(page, consultation)
    assert_accessible(page)

    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.APPLICATION), small)
    state(page, small.name, "received")
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), large)
    sending = state(page, large.name, "uploading")
    expect(sending.get_by_role("progressbar")).to_have_accessible_name(large.name)
    sending.locator('[data-action="pause"]').press("Enter")
    expect(state(page, large.name, "paused").locator('[data-action="resume"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(state(page, large.name, "uploading").locator('[data-action="pause"]')).to_be_focused()
    page.locator('[data-all="pause"]').press("Enter")
    state(page, large.name, "paused")
    expect(page.locator('[data-all="resume"]')).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Enter")
    state(page, large.name, "uploading")
    expect(page.locator("[data-rate]")).to_contain_text("Mo/s")
    page.locator('[data-all="pause"]').press("Enter")
    state(page, large.name, "paused")

    page.reload()
    state(page, small.name, "received")
    line = state(page, large.name, "needs-file")
    page.locator("[data-check]").press("Enter")
    expect(page.locator("[data-not-ready]")).to_be_visible()
    line.locator('[data-action="choose"]').set_input_files(large)
    state(page, large.name, "received")

    page.locator("[data-check]").press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text(consultation.title)
    expect(dialog).to_contain_text(large.name)
    assert_accessible(page)
    dialog.locator("[data-submit]").press("Enter")
    page.wait_for_url("**/receipt/")

    expect(page.locator("[data-annex-here]")).to_contain_text(large.name)
    assert_accessible(page)
    assert_sealed(deposit, small, large)


def assert_sealed(deposit: Deposit, *files: Path) -> None:
    """What was sent opens with the key of the consultation; names are in the index alone."""
    uploads = SealedFile.objects.filter(is_index=False).order_by("size")
    for file, path in zip(uploads, files, strict=True):
        assert opened(file, PRIVATE_KEY) == path.read_bytes()
    for index in SealedFile.objects.filter(is_index=True):
        [named] = json.loads(opened(index, PRIVATE_KEY))["files"]
        [path] = [path for path in files if path.name == named["name"]]
        assert named["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.SUBMITTED


def test_bidder_keeps_a_receipt_and_the_annex_that_it_commits_to(
    page: Page, recorder: Recorder, bidder, consultation, tmp_path
):
    file = make_file(tmp_path, "Acte d’engagement confidentiel.pdf", 1000)
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "received")
    page.locator("[data-check]").click()
    page.locator("[data-submit]").click()
    page.wait_for_url("**/receipt/")

    kept = {}
    for hook in ("receipt", "annex"):
        with page.expect_download() as download:
            page.locator(f"[data-{hook}-file]").click()
        kept[hook] = Path(download.value.path()).read_bytes()

    receipt = json.loads(kept["receipt"])
    assert kept["receipt"] == bytes(Receipt.objects.get().content)
    assert receipt["annex_sha256"] == hashlib.sha256(kept["annex"]).hexdigest()
    [envelope] = json.loads(kept["annex"])["envelopes"]
    assert [said["name"] for said in envelope["files"]] == [file.name]
    assert recorder.errors == []


def test_last_look_before_the_submission_begins_at_its_title(
    page: Page, bidder, consultation, tmp_path
):
    deposit = begin(page, consultation)
    files = [make_file(tmp_path, f"Pièce {number}.txt", 10) for number in range(30)]
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), *files)
    expect(page.locator('[data-summary][data-state="ready"]')).to_be_visible(timeout=60_000)
    page.set_viewport_size({"width": 390, "height": 700})

    page.locator("[data-check]").press("Enter")

    expect(page.locator("#confirm-title")).to_be_focused()
    assert page.locator("dialog[open]").evaluate("dialog => dialog.scrollTop") == 0
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert Receipt.objects.count() == 0


def test_what_is_missing_is_told_until_it_is_there(page: Page, bidder, consultation, tmp_path):
    deposit = begin(page, consultation)
    file = make_file(tmp_path, "offre.txt", 10)
    told = page.locator("[data-not-ready]")
    page.locator("[data-check]").press("Enter")
    expect(told).to_contain_text("Il n’y a encore aucun fichier")

    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)

    state(page, file.name, "received")
    expect(told).to_be_hidden()


def test_name_of_a_file_is_sent_at_submission_only(
    page: Page, recorder: Recorder, bidder, consultation, tmp_path
):
    file = make_file(tmp_path, "canari-4f1d.pdf", 1000)
    deposit = begin(page, consultation)
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "received")

    assert b"canari" not in recorder.sent()


def test_file_refused_by_the_page_is_not_sent(page: Page, bidder, consultation, tmp_path):
    deposit = begin(page, consultation)
    zone = zone_of(page, deposit, EnvelopeKind.OFFER)
    choose_by_keyboard(page, zone, make_file(tmp_path, "prix.pdf", 10))
    state(page, "prix.pdf", "received")
    (tmp_path / "autre").mkdir()

    choose_by_keyboard(page, zone, make_file(tmp_path / "autre", "PRIX.pdf", 20))

    expect(zone.locator("[data-refusals]")).to_contain_text("PRIX.pdf")
    assert SealedFile.objects.count() == 1


def test_file_too_large_is_told_and_kept_in_the_history(page: Page, bidder, consultation, tmp_path):
    deposit = begin(page, consultation)
    large = tmp_path / "Maquette.zip"
    large.touch()
    os.truncate(large, LARGEST_FILE + 1)
    zone = zone_of(page, deposit, EnvelopeKind.OFFER)

    with page.expect_response("**/deposits/*/uploads/") as answered:
        choose_by_keyboard(page, zone, large)

    expect(zone.locator("[data-refusals]")).to_contain_text(large.name)
    assert answered.value.status == 413
    assert Attempt.objects.get().cause == FileTooLarge.code
    assert not SealedFile.objects.exists()


def test_removed_file_leaves_the_page_and_the_server_once_confirmed(
    page: Page, bidder, consultation, tmp_path, assert_accessible
):
    deposit = begin(page, consultation)
    zone = zone_of(page, deposit, EnvelopeKind.OFFER)
    choose_by_keyboard(page, zone, make_file(tmp_path, "brouillon.pdf", 10))
    button = state(page, "brouillon.pdf", "received").locator('[data-action="remove"]')

    button.press("Enter")
    expect(page.locator("[data-removal]")).to_contain_text("brouillon.pdf")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    assert SealedFile.objects.count() == 1
    button.press("Enter")
    page.locator('[data-removal] [value="confirm"]').press("Enter")

    expect(page.locator("[data-file]")).to_have_count(0)
    assert not SealedFile.objects.exists()
    expect(page.locator("[data-summary]")).to_have_attribute("data-state", "empty")


def test_submission_says_that_it_lasts_and_is_asked_for_once(
    page: Page, bidder, consultation, tmp_path, assert_accessible
):
    deposit = begin(page, consultation)
    zone = zone_of(page, deposit, EnvelopeKind.OFFER)
    choose_by_keyboard(page, zone, make_file(tmp_path, "prix.pdf", 10))
    state(page, "prix.pdf", "received")
    page.locator("[data-check]").press("Enter")
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    page.route("**/submit/", hold)
    submit = page.locator("[data-submit]")

    submit.press("Enter")
    expect(page.locator("[data-submitting]")).to_be_visible()
    expect(submit).to_be_focused()
    expect(submit).to_be_disabled()
    expect(page.locator("[data-cancel]")).to_be_disabled()
    assert_accessible(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("[data-confirm]")).to_be_visible()
    assert page.evaluate(LEAVING_IS_HELD)
    [route] = asked
    route.abort("connectionreset")
    expect(page.locator("[data-refused]")).to_be_visible()
    expect(page.locator("[data-submitting]")).to_be_hidden()
    assert len(asked) == 1
    page.unroute("**/submit/")
    submit.press("Enter")

    page.wait_for_url("**/receipt/")


def test_upload_paused_while_the_server_makes_room_is_still_known_after_a_reload(
    page: Page, bidder, consultation, tmp_path
):
    file = make_file(tmp_path, "Mémoire.pdf", 9 * MEBIBYTE)
    deposit = begin(page, consultation)
    answers = []
    page.route(
        "**/deposits/*/uploads/", lambda route: answers.append((route, route.fetch())), times=1
    )
    choose_by_keyboard(page, zone_of(page, deposit, EnvelopeKind.OFFER), file)
    state(page, file.name, "uploading").locator('[data-action="pause"]').press("Enter")
    state(page, file.name, "paused")
    while not answers:
        page.wait_for_timeout(50)
    [(route, answer)] = answers

    route.fulfill(response=answer)
    page.wait_for_function("localStorage.length > 0")
    page.reload()

    state(page, file.name, "needs-file")
    assert SealedFile.objects.get().received_size == 0
