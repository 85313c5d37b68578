# SPDX-License-Identifier: EUPL-1.2
"""Opening away from the site, in Chromium: the archive that opens with the offline opener."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from envelopes.models import LocalOpening
from envelopes.offline import opening as offline
from marketplace.models import EnvelopeKind, JournalEntry
from tests.e2e.recording import Recorder
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

    with page.expect_download() as started:
        button.click()

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
