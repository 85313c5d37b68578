# SPDX-License-Identifier: EUPL-1.2
"""The life of a key pair in Chromium: prepared for the opening, asked to be drilled, handed over, renewed."""

from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from keys import drills
from keys.models import DrillRequest, KeyPair
from marketplace.models import Agent, JournalEntry, Right
from tests.e2e import key_files
from tests.e2e.conftest import NewContext, SignIn
from tests.e2e.recording import Recorder, kept_by, leaks
from tests.factories import DAY, make_agent, make_certificate, make_key_pair, make_private_key

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LIST = "/settings/encryption-keys/"
PREPARE = LIST + "prepare/"
HINTS = "verbose:"  # what Chromium advises to authors, in its own words


@pytest.fixture
def agent() -> Agent:
    return make_agent(Right.MANAGE_KEYS, Right.OPEN_BIDS)


@pytest.fixture
def signed_in(page: Page, agent: Agent, sign_in: SignIn) -> Page:
    sign_in(page, agent.user)
    return page


def verdicts(page: Page) -> dict[str, str]:
    """Of each check, once it has been run."""
    places = page.locator("[data-check]").all()
    return {
        str(place.get_attribute("data-check")): str(place.get_attribute("data-verdict"))
        for place in places
    }


def test_preparation_tries_the_computer_and_the_key_without_a_leak(
    signed_in: Page, recorder: Recorder, tmp_path: Path, agent: Agent, assert_accessible
):
    page, key = signed_in, make_private_key()
    before = timezone.now() - 40 * DAY
    key_pair = make_key_pair(holder=agent, private_key=key, proven_at=before)
    file = key_files.write(tmp_path, key, bytes(key_pair.certificate))
    request = drills.ask(key_pair.pk, asked_by=agent, now=before)
    page.goto(PREPARE)
    row = page.locator(f"[data-held='{key_pair.pk}']")
    assert row.get_attribute("data-todo") == "drill"
    assert_accessible(page)

    key_files.give(page, file)

    expect(page.locator("[data-prepared]")).to_be_visible()
    assert row.get_attribute("data-todo") == "nothing"
    found = verdicts(page)
    assert {name: found[name] for name in ("cryptography", "files", "speed", "space", "key")} == {
        "cryptography": "ok",
        "files": "ok",
        "speed": "ok",
        "space": "ok",
        "key": "ok",
    }
    assert found["persistence"] in {"ok", "warning"}  # as this Chromium is set up
    assert_accessible(page)
    key_pair.refresh_from_db()
    request.refresh_from_db()
    assert key_pair.proven_at is not None
    assert key_pair.proven_at > before
    assert request.answered_at == key_pair.proven_at
    kept = JournalEntry.objects.get(action="agent.prepared").facts
    assert kept["browser"].startswith("Chrome ")
    assert kept["rate"] > 1_000_000
    everything = recorder.everything(page)
    assert leaks(key_files.secrets_of(file), everything) == []
    assert [said for said in recorder.console if not said.startswith(HINTS)] == []
    assert recorder.errors == []
    page.reload()
    expect(page.locator("[data-last]")).to_contain_text("Chrome")
    assert row.get_attribute("data-todo") == "nothing"


@pytest.mark.parametrize(
    ("given", "password", "code"),
    [
        ("own", "not the password", "wrong_password"),
        ("other", key_files.PASSWORD, "wrong_key"),
        (None, key_files.PASSWORD, "no_file"),
    ],
)
def test_preparation_with_the_wrong_key_says_what_to_correct(
    signed_in: Page,
    tmp_path: Path,
    agent: Agent,
    given: str | None,
    password: str,
    code: str,
):
    page, key, stranger = signed_in, make_private_key(), make_private_key()
    key_pair = make_key_pair(holder=agent, private_key=key)
    page.goto(PREPARE)
    if given:
        is_own = given == "own"
        certificate = bytes(key_pair.certificate) if is_own else make_certificate(stranger)
        file = key_files.write(tmp_path, key if is_own else stranger, certificate)
        page.locator("[data-key-file]").set_input_files(file)

    page.locator("[data-key-file-password]").fill(password)
    page.locator("[data-key-file-password]").press("Enter")

    expect(page.locator("[data-prepared=failed]")).to_be_visible()
    assert verdicts(page)["key"] == "failed"
    expect(page.locator(f"[data-check=key] [data-code={code}]")).to_be_visible()
    assert JournalEntry.objects.get(action="agent.prepared").facts["failed"] == ["key"]


def test_preparation_without_a_key_pair_tries_the_computer(signed_in: Page, assert_accessible):
    page = signed_in
    page.goto(PREPARE)
    assert_accessible(page)

    page.locator("[data-prepare-form] [type=submit]").click()

    expect(page.locator("[data-prepared=failed]")).to_be_visible()
    assert verdicts(page)["cryptography"] == "ok"
    assert verdicts(page)["key"] == "failed"


def test_drill_is_asked_by_mail_and_done_from_its_link(
    signed_in: Page,
    new_context: NewContext,
    sign_in: SignIn,
    tmp_path: Path,
    agent: Agent,
    settings,
):
    page, key = signed_in, make_private_key()
    holder = make_agent(service=agent.service)
    key_pair = make_key_pair(holder=holder, private_key=key)
    file = key_files.write(tmp_path, key, bytes(key_pair.certificate))
    page.goto(f"{LIST}{key_pair.pk}/")

    page.locator("[data-ask-drill]").click()
    expect(page.locator("[data-drill-request=open]")).to_contain_text(str(agent))
    drills.remind(now=timezone.now())
    (link,) = [line.strip() for line in str(mail.outbox[0].body).splitlines() if "#drill" in line]
    theirs = new_context().new_page()
    sign_in(theirs, holder.user)
    theirs.goto(link.removeprefix(settings.BASE_URL))
    key_files.give(theirs, file)

    expect(theirs.locator("[data-proven]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-drill-request=answered]")).to_be_visible()
    assert DrillRequest.objects.get().answered_at is not None


def test_key_pair_is_handed_over_once_it_was_said_what_changes(
    signed_in: Page, agent: Agent, assert_accessible
):
    page = signed_in
    colleague = make_agent(service=agent.service)
    key_pair = make_key_pair(holder=agent, proven_at=timezone.now())
    page.goto(f"{LIST}{key_pair.pk}/edit/")

    page.locator("[name=holder]").select_option(str(colleague.pk))
    page.locator("form.panel [type=submit]").click()
    expect(page.locator("[data-change=proof]")).to_be_visible()
    assert_accessible(page)
    page.locator("[name=confirmed]").click()

    expect(page.locator("[data-drill-request=open]")).to_contain_text(str(colleague))
    assert_accessible(page)
    key_pair.refresh_from_db()
    assert (key_pair.holder, key_pair.state) == (colleague, KeyPair.State.UNPROVEN)


def test_key_pair_is_renewed_at_the_date_chosen_without_a_leak(
    signed_in: Page, recorder: Recorder, tmp_path: Path, agent: Agent, assert_accessible
):
    page = signed_in
    old = make_key_pair(holder=agent, name="Greffe", common_name="Greffe 2024", is_backup=True)
    chosen = timezone.localdate() + 10 * DAY
    page.goto(f"{LIST}{old.pk}/")

    page.locator("[data-renew]").click()
    assert_accessible(page)
    page.locator("[data-retires-on]").fill(chosen.isoformat())
    page.locator("[data-algorithm][value=P-256]").check()
    page.locator("[data-password]").fill(key_files.PASSWORD)
    page.locator("[data-password-again]").fill(key_files.PASSWORD)
    page.locator("[data-generate]").click()
    with page.expect_download() as download:
        page.locator("[data-save]").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    key_files.give(page, file)

    expect(page.locator("[data-proven]")).to_be_visible()
    told = recorder.sent() + kept_by(page).encode()
    successor = KeyPair.objects.get(replaces=old)
    assert (successor.name, successor.common_name) == ("Greffe", "Greffe 2024")
    assert (successor.is_backup, successor.state) == (True, KeyPair.State.ACTIVE)
    old.refresh_from_db()
    assert old.retires_at is not None
    assert timezone.localtime(old.retires_at).isoformat()[:16] == f"{chosen.isoformat()}T00:00"
    assert leaks(key_files.secrets_of(file), told) == []
    page.goto(f"{LIST}{old.pk}/")
    expect(page.locator("[data-planned]")).to_be_visible()
    assert_accessible(page)
    page.locator("[data-call-off]").click()
    expect(page.locator("[data-renew]")).to_be_visible()
    assert [said for said in recorder.console if not said.startswith(HINTS)] == []
