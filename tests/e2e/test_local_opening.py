# SPDX-License-Identifier: EUPL-1.2
"""Opening away from the site, in Chromium: the archive for the offline opener, and the files in a folder.

The dialog that chooses the folder is the system's: in its place the page gives the folder of its origin.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils.text import slugify
from playwright.sync_api import Locator, Page, Route, expect

from envelopes.manifest import Index
from envelopes.models import LocalOpening, Release, SealedBlock
from envelopes.offline import opening as offline
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind, JournalEntry
from tests.e2e.recording import Recorder, spellings
from tests.e2e.test_opening import (  # noqa: F401 - two of them are fixtures
    CONTENTS,
    PASSWORD,
    key_file,
    opening_page,
    row_of,
    scene,
    text_named,
    unlock,
)
from tests.envelopes import sealed
from tests.envelopes.sealed import Scene
from tests.envelopes.test_offline import files_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
OFFER = {EnvelopeKind.OFFER: {"bordereau des prix.csv": b"prix"}}
CHOOSE = "window.showDirectoryPicker = () => navigator.storage.getDirectory()"
CHOOSE_NOTHING = (
    "window.showDirectoryPicker = () => Promise.reject(new DOMException('', 'AbortError'))"
)
CHOOSE_ONCE = """window.showDirectoryPicker = () => window.answer !== undefined
  ? Promise.reject(new DOMException('File picker already active.', 'NotAllowedError'))
  : new Promise((resolve) => { window.answer = () => { resolve(navigator.storage.getDirectory()) } })"""
NO_DIALOG = "delete window.showDirectoryPicker"
IS_KEPT = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
READ_FOLDER = """async () => {
  const files = []
  const inBase64 = async (file) => {
    const bytes = Array.from(new Uint8Array(await file.arrayBuffer()), (byte) => String.fromCharCode(byte))
    return btoa(bytes.join(''))
  }
  const read = async (folder, path) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') await read(handle, `${path}${name}/`)
      else files.push([path + name, await inBase64(await handle.getFile())])
    }
  }
  await read(await navigator.storage.getDirectory(), '')
  return files
}"""


def part_of(page: Page, deposit_id: object) -> Locator:
    return page.locator(f'[data-deposit="{deposit_id}"]')


def test_agent_takes_a_deposit_away_and_opens_it_without_the_site(
    recorder: Recorder,
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
    assert_accessible: Callable[[Page], None],
):
    page = opening_page
    deposit = part_of(page, scene.deposit.pk)
    button = deposit.locator("[data-take-away] button")
    button.click()
    expect(deposit.locator("[data-take-error]")).to_have_text(
        text_named(page, "application_first_of_all")
    )
    assert_accessible(page)
    file = key_file(tmp_path, scene.holder)
    unlock(page, file)
    row_of(page, scene.application.pk).locator("[data-open]").click()
    expect(page.locator('[data-count="opened"]')).to_have_text("1")

    status = deposit.get_by_role("status")  # there, empty, before it says anything
    expect(status).to_have_text("")
    with page.expect_download() as started:
        button.click()

    expect(status).to_have_text(text_named(page, "taking"))
    archive = tmp_path / "pli.zip"
    started.value.save_as(archive)
    assert started.value.suggested_filename.startswith("pli-scelle-")
    expect(deposit.locator("[data-take-error]")).to_be_hidden()
    expect(page.locator("[data-unlocked]")).to_be_visible()  # the key is not forgotten
    key = offline.read_key(file.read_bytes(), PASSWORD)
    opened = list(offline.open_archive(archive, key, tmp_path / "out"))
    assert all(each.matches_index for each in opened)
    assert files_in(tmp_path / "out") == {
        f"{kind}/{name}": data for kind, files in CONTENTS.items() for name, data in files.items()
    }
    page.reload()
    expect(deposit.locator("[data-taken]")).to_have_count(1)
    assert_accessible(page)
    assert recorder.errors == []


def test_late_deposit_is_taken_away_on_purpose(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
):
    page = opening_page
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    page.reload()
    button = part_of(page, late.pk).locator("[data-take-away] button")
    dialog = page.locator('[data-exception-dialog="late"]')

    button.click()
    dialog.locator('[value="cancel"]').click()
    expect(dialog).to_be_hidden()
    assert not LocalOpening.objects.exists()

    for _ in range(2):  # each time it is asked
        button.click()
        with page.expect_download():
            dialog.locator('[value="confirm"]').click()
    assert LocalOpening.objects.get().deposit == late
    assert JournalEntry.objects.filter(action="deposit.taken_away").count() == 2


# In a folder of the agent's computer


def files_on(page: Page) -> dict[str, bytes]:
    return {path: base64.b64decode(content) for path, content in page.evaluate(READ_FOLDER)}


def unlocked_page(page: Page, scene: Scene, folder: Path, picker: str = CHOOSE) -> Page:  # noqa: F811 - a type
    page.add_init_script(picker)
    page.reload()
    unlock(page, key_file(folder, scene.holder))
    expect(page.locator("[data-unlocked]")).to_be_visible()
    return page


def open_locally(page: Page, envelope_id: object) -> Locator:
    """The row of the envelope, whose button was pressed."""
    row = row_of(page, envelope_id)
    row.locator("[data-open-locally]").click()
    return row


def folder_of(scene: Scene) -> str:  # noqa: F811 - a type
    deposit = scene.deposit
    reference = slugify(deposit.consultation.reference)
    return f"pli-{reference}-{deposit.number}-{slugify(deposit.company.name)}"


def test_agent_opens_a_bid_on_this_computer_only(
    recorder: Recorder,
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
    assert_accessible: Callable[[Page], None],
):
    page = unlocked_page(opening_page, scene, tmp_path)
    waiting = open_locally(page, scene.offer.pk)
    expect(waiting.locator("[data-envelope-error]")).to_have_text(
        text_named(page, "application_first")
    )

    for envelope in (scene.application, scene.offer):
        row = open_locally(page, envelope.pk)
        expect(row.locator("[data-written]")).to_be_visible()
        expect(row.locator("[data-locally]")).to_have_count(1)
    assert_accessible(page)

    folder = folder_of(scene)
    assert files_on(page) == {
        f"{folder}/{kind}/{name}": data
        for kind, files in CONTENTS.items()
        for name, data in files.items()
    }
    assert page.locator("[data-written] li").count() == 0  # nothing differs
    assert not Release.objects.exists()
    kept = LocalOpening.objects.order_by("started_at").values_list("envelope", "agent")
    assert list(kept) == [(scene.application.pk, scene.agent.pk), (scene.offer.pk, scene.agent.pk)]
    sent = recorder.sent()
    secrets = [PASSWORD.encode(), b"prix unitaire ; 1 234", sealed.PDF[:40]]
    secrets += [name.encode() for files in CONTENTS.values() for name in files]
    secrets.append(scene.holder.private_key.private_numbers().d.to_bytes(256, "big"))
    for envelope in (scene.application, scene.offer):
        for keys in sealed.unwrap(envelope, scene.holder).content_keys.values():
            secrets += keys
    for secret in secrets:
        assert not [spelling for spelling in spellings(secret) if spelling in sent]
    assert recorder.errors == []
    assert [said for said in recorder.console if not said.startswith("verbose:")] == []

    page.reload()
    expect(page.locator("[data-locally]")).to_have_count(2)
    unlock(page, key_file(tmp_path, scene.holder))
    row_of(page, scene.application.pk).locator("[data-open]").click()
    expect(page.locator('[data-count="opened"]')).to_have_text("1")
    assert Release.objects.get().envelope == scene.application


def test_opening_again_overwrites_nothing(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    page = unlocked_page(opening_page, scene, tmp_path)

    for place in ("application", "application (2)"):
        row = open_locally(page, scene.application.pk)
        expect(row.locator("[data-written]")).to_contain_text(f"/{place} ")
        expect(row.locator("[data-locally]")).to_have_count(1)
        expect(row.locator("[data-open-locally]")).to_be_focused()

    assert len(files_on(page)) == 2 * len(CONTENTS[EnvelopeKind.APPLICATION])
    assert JournalEntry.objects.filter(action="envelope.opened_locally").count() == 2


def test_names_are_made_safe_and_what_differs_is_told(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    page = opening_page
    real = Index.to_bytes

    def announce_something_else(index: Index) -> bytes:
        [first, *others] = index.files
        return real(replace(index, files=(replace(first, sha256="0" * 64), *others)))

    monkeypatch.setattr(Index, "to_bytes", announce_something_else)
    names = {"prix : a|b?.csv": b"1", "PRIX _ A_B_.csv": b"2", "CON.txt": b"3"}
    deposit = sealed.seal_deposit(scene.consultation, {EnvelopeKind.OFFER: names})
    unlocked_page(page, scene, tmp_path)

    row = open_locally(page, deposit.envelopes.get().pk)

    expect(row.locator("[data-written] li")).to_have_text(["prix _ a_b_.csv"])
    found = {path.split("/")[-1]: data for path, data in files_on(page).items()}
    assert found == {"prix _ a_b_.csv": b"1", "PRIX _ A_B_ (2).csv": b"2", "_CON.txt": b"3"}


def test_damaged_file_is_told_and_leaves_nothing_of_it(
    recorder: Recorder,
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    page = opening_page
    files = {"premier.txt": b"entier", "second.zip": bytes(BLOCK_SIZE) + b"the end"}
    deposit = sealed.seal_deposit(scene.consultation, {EnvelopeKind.OFFER: files})
    envelope = deposit.envelopes.get()
    block = SealedBlock.objects.get(file__envelope=envelope, number=1)
    sealed.rewrite(block, sealed.read(block)[:-1] + b"\0")
    unlocked_page(page, scene, tmp_path)

    row = open_locally(page, envelope.pk)

    expect(row.locator("[data-envelope-error]")).to_contain_text("fichier 2")
    expect(row.locator("[data-written]")).to_contain_text(" 1.")
    assert [path.split("/")[-1] for path in files_on(page)] == ["premier.txt"]
    assert JournalEntry.objects.filter(action="refused.damaged").exists()
    assert recorder.errors == []


def test_stopping_leaves_no_partial_file(
    recorder: Recorder,
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    page = opening_page
    deposit = sealed.seal_deposit(
        scene.consultation, {EnvelopeKind.OFFER: {"offre.zip": bytes(BLOCK_SIZE) + b"the end"}}
    )
    unlocked_page(page, scene, tmp_path)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/local/*/1/", hold)  # the last block never comes

    row = open_locally(page, deposit.envelopes.get().pk)
    expect(page.locator("[data-stop]")).to_be_hidden()
    stop = page.locator("[data-stop-now]")
    expect(stop).to_be_visible()
    page.wait_for_function("() => document.querySelector('[data-progress-bar]').value > 8e6")
    assert page.evaluate(IS_KEPT)  # a file that is being written would stay, empty, under its name
    stop.click()

    expect(page.locator("[data-status]")).to_have_text(text_named(page, "local_stopped"))
    expect(row.locator("[data-envelope-error]")).to_be_hidden()
    assert files_on(page) == {}
    assert not page.evaluate(IS_KEPT)
    assert held
    assert recorder.errors == []


def test_double_click_opens_once(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    """Chromium shows one dialog at a time: a second one would be told as a folder that is refused."""
    page = unlocked_page(opening_page, scene, tmp_path, CHOOSE_ONCE)
    row = row_of(page, scene.application.pk)
    button = row.locator("[data-open-locally]")

    button.dblclick()
    expect(button).to_be_disabled()
    expect(row_of(page, scene.offer.pk).locator("[data-open]")).to_be_disabled()
    page.evaluate("window.answer()")

    expect(row.locator("[data-written]")).to_be_visible()
    expect(row.locator("[data-envelope-error]")).to_be_hidden()
    assert JournalEntry.objects.filter(action="envelope.opened_locally").count() == 1


def test_nothing_is_declared_where_no_folder_is_chosen(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    page = unlocked_page(opening_page, scene, tmp_path, CHOOSE_NOTHING)

    row = open_locally(page, scene.application.pk)

    expect(row.locator("[data-open-locally]")).to_be_enabled()
    expect(row.locator("[data-envelope-error]")).to_be_hidden()
    assert not LocalOpening.objects.exists()


def test_late_deposit_is_opened_on_this_computer_on_purpose(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    page = unlocked_page(opening_page, scene, tmp_path)
    dialog = page.locator('[data-exception-dialog="late"]')

    row = open_locally(page, late.envelopes.get().pk)
    dialog.locator('[value="cancel"]').click()
    expect(dialog).to_be_hidden()
    assert not LocalOpening.objects.exists()
    row.locator("[data-open-locally]").click()
    dialog.locator('[value="confirm"]').click()

    expect(row.locator("[data-written]")).to_be_visible()
    assert LocalOpening.objects.get().deposit == late


def test_browser_without_the_dialog_is_told_of_the_archive(
    opening_page: Page,  # noqa: F811 - the fixture
    scene: Scene,  # noqa: F811 - the fixture
    tmp_path: Path,
):
    page = unlocked_page(opening_page, scene, tmp_path, NO_DIALOG)

    expect(page.locator("[data-no-folder]")).to_be_visible()
    expect(page.locator("[data-with-folder]")).to_be_hidden()
    expect(page.locator("[data-open]").first).to_be_visible()
    expect(page.locator("[data-open-locally]").first).to_be_hidden()
