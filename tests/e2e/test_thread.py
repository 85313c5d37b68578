# SPDX-License-Identifier: EUPL-1.2
"""One bid, from key to report, as people would take it there: the pictures of the guide on the way."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from celery.contrib.testing.worker import start_worker
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from envelopes import submission
from envelopes.models import Deposit, ReleasedFile, SealedFile
from keys.models import KeyPair
from marketplace.celery import app
from marketplace.models import Agent, Consultation, Right, Service
from signatures.demonstration import documents
from signatures.models import Decision, Report
from tests.e2e.clock import Clock
from tests.e2e.conftest import SignIn
from tests.e2e.pictures import picture
from tests.e2e.recording import Recorder, spellings
from tests.envelopes.deposits import ready_to_submit
from tests.factories import (
    PASSWORD,
    make_administrator,
    make_agent,
    make_bidder,
    make_company,
    make_organisation,
    make_service,
    make_user,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
KEY_PASSWORD = "Gravier-Moulin-Ardoise-58"
PARIS = ZoneInfo("Europe/Paris")
DC1 = documents.pdf("DC1", ["Toitures de l’Ouest", "Candidat seul"])
MEBIBYTE = 1024 * 1024


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        yield


@pytest.fixture
def bidder_context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """The company's own computer."""
    context = browser.new_context(
        base_url=live_server.url,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        viewport={"width": 1280, "height": 900},
        accept_downloads=True,
    )
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def buyer() -> Agent:
    organisation = make_organisation(name="Ville de Valmer")
    return make_agent(
        Right.MANAGE_KEYS,
        Right.MANAGE_CONSULTATIONS,
        Right.OPEN_BIDS,
        user=make_user(email="claire.martin@valmer.example", name="Claire Martin"),
        service=make_service(organisation=organisation, name="Commande publique"),
    )


@pytest.fixture
def colleague(buyer: Agent) -> Agent:
    """Who holds the backup key pair: two people hold what opens the bids."""
    user = make_user(email="paul.lefevre@valmer.example", name="Paul Lefèvre")
    return make_agent(Right.MANAGE_KEYS, user=user, service=buyer.service)


def signed_pdf() -> bytes:
    """Made in another thread: the browser's loop runs in this one, and pyHanko wants its own."""
    commitment = documents.pdf("Acte d’engagement", ["Toitures de l’Ouest", "48 213,50 € HT"])
    sign = partial(documents.signed, signatory="Anne Le Goff", company="Toitures de l’Ouest")
    with ThreadPoolExecutor() as executor:
        return executor.submit(sign, commitment, now=timezone.now()).result()


def test_one_bid_from_key_to_report(  # noqa: PLR0917 - the whole house takes part
    page: Page,
    recorder: Recorder,
    bidder_context: BrowserContext,
    buyer: Agent,
    colleague: Agent,
    clock: Clock,
    worker: None,
    sign_in: SignIn,
    tmp_path: Path,
):
    signed, large = tmp_path / "Acte d’engagement.pdf", tmp_path / "Plans.zip"
    signed.write_bytes(signed_pdf())
    large.write_bytes(os.urandom(100 * MEBIBYTE))

    sign_in_by_password(page, buyer.user.email)
    personal = make_key(page, "Claire Martin", tmp_path)
    sign_in(page, colleague.user)
    make_key(page, "Secours commande publique", tmp_path, is_backup=True)
    sign_in(page, buyer.user)
    publish(page)

    deposit(bidder_context, [signed, large])
    expect_nothing_before_the_deadline(page)
    clock.put_forward(timedelta(hours=3))
    submit_too_late("Couvertures Le Bihan")

    open_all(page, personal)
    assert sent_and_received(page, [signed, large])
    report(page, signed.name)
    administrate(page, sign_in, buyer.service)
    assert not leaked(recorder, personal)
    assert recorder.errors == []


def enter(control: Locator) -> None:
    """Use a control from the keyboard, once it is there to be used."""
    expect(control).to_be_enabled()
    expect(control).to_be_visible()
    control.press("Enter")


def sign_in_by_password(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    picture(page, "sign-in")
    page.locator("#id_login").fill(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/organisation/consultations/")


def make_key(page: Page, name: str, folder: Path, *, is_backup: bool = False) -> Path:
    """Make, save, open again and prove a key pair; the file that the agent keeps."""
    page.goto("/settings/encryption-keys/new/" + ("?backup=1" if is_backup else ""))
    page.locator("[data-name]").fill(name)
    page.locator("[data-password]").fill(KEY_PASSWORD)
    page.locator("[data-password-again]").fill(KEY_PASSWORD)
    suffix = "-backup" if is_backup else ""
    picture(page, "key-new" + suffix)
    enter(page.locator("[data-generate]"))
    expect(page.locator("[data-save]")).to_be_visible(timeout=60_000)  # primes are found by luck
    with page.expect_download() as download:
        enter(page.locator("[data-save]"))
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    page.locator("[data-key-file]").set_input_files(file)
    page.locator("[data-key-file-password]").fill(KEY_PASSWORD)
    picture(page, "key-reopen" + suffix, page.locator("[data-step=reopen]"))
    page.locator("[data-key-file-password]").press("Enter")
    expect(page.locator("[data-proven]")).to_be_visible()
    enter(page.locator("[data-back]"))
    page.wait_for_url("**/settings/encryption-keys/**")
    picture(page, "keys")
    page.goto(f"/settings/encryption-keys/{KeyPair.objects.get(name=name).pk}/")
    picture(page, "key-drill", page.locator("#drill"))
    assert KeyPair.objects.get(name=name).state == KeyPair.State.ACTIVE
    return file


def publish(page: Page) -> None:
    """Write a consultation of two lots that closes in about two hours, and put it on line."""
    page.goto("/organisation/consultations/new/")
    closes_at = (timezone.now() + timedelta(hours=2)).astimezone(PARIS)
    page.locator("#id_reference").fill("2026-DCP-011")
    page.locator("#id_title").fill("Réfection de la toiture de l’école maternelle")
    page.locator("#id_closes_at").fill(f"{closes_at:%Y-%m-%dT%H:%M}")
    page.locator("#id_opens_at").fill(f"{closes_at + timedelta(minutes=30):%Y-%m-%dT%H:%M}")
    picture(page, "consultation-new")
    enter(page.locator("main form button.btn-primary[type=submit]"))
    page.wait_for_url("**/organisation/consultations/*-*/")
    expect(page.locator("[data-problem=no_personal_key]")).to_be_visible()
    page.locator("input[name=key_pairs]").check()
    enter(page.locator("form[action$='/keys/'] button"))
    picture(page, "coverage")
    enter(page.locator("[data-publish]"))
    page.wait_for_url("**/publish/")
    picture(page, "publish")
    enter(page.locator("main form button[type=submit]"))
    page.wait_for_url("**/organisation/consultations/*-*/")
    expect(page.locator(".fingerprint")).to_have_count(2)
    picture(page, "consultation-online")
    address = page.url
    page.goto(f"/settings/encryption-keys/{KeyPair.objects.get(is_backup=False).pk}/remove/")
    picture(page, "key-remove")
    page.goto(address)


def deposit(context: BrowserContext, files: list[Path]) -> None:
    """A company that is not known yet signs up, finds the consultation and submits a bid."""
    page = context.new_page()
    page.goto("/sign-up/")
    page.locator("#id_siret").fill("732 829 320 00074")
    page.locator("#id_company_name").fill("Toitures de l’Ouest")
    page.locator("#id_name").fill("Anne Le Goff")
    page.locator("#id_email").fill("anne.le-goff@entreprise.example")
    page.locator("#id_password").fill(PASSWORD)
    picture(page, "sign-up")
    enter(page.locator("main form button[type=submit]"))
    page.wait_for_url("**/consultations/")
    picture(page, "consultations")
    enter(page.get_by_role("link", name="2026-DCP-011"))
    page.wait_for_url("**/consultations/*-*/")
    picture(page, "consultation-public")
    enter(page.locator('form[action$="/deposit/"] button'))
    page.wait_for_url("**/deposits/*/")
    application, offer = page.locator("[data-envelope] input[type=file][multiple]").all()
    application.set_input_files({"name": "DC1.pdf", "mimeType": "application/pdf", "buffer": DC1})
    expect(page.locator("[data-file][data-state=received]")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        offer.press("Enter")
    chooser.value.set_files(files)
    picture(page, "deposit-uploading")
    expect(page.locator("[data-summary][data-state=ready]")).to_be_visible(timeout=300_000)
    picture(page, "deposit-ready")
    enter(page.locator("[data-check]"))
    picture(page, "deposit-confirm")
    enter(page.locator("dialog[open] [data-submit]"))
    page.wait_for_url("**/receipt/")
    expect(page.locator("[data-annex-here]")).to_contain_text(files[1].name)
    picture(page, "receipt")


def submit_too_late(company: str) -> None:
    """Another company, once the deadline has passed: its bid is received, and flagged."""
    bidder = make_bidder(company=make_company(name=company))
    consultation, now = Consultation.objects.get(), timezone.now()
    bid = submission.start(consultation, bidder, now=now)
    submission.submit(bid.pk, ready_to_submit(bid), actor=bidder.user, now=now)
    assert Deposit.objects.get(is_late=True) == bid


def expect_nothing_before_the_deadline(page: Page) -> None:
    """The buyer's page is, to the byte, what it was when nobody had deposited."""
    page.reload()
    expect(page.locator("main")).not_to_contain_text("Toitures")
    answer = page.request.get(page.url + "opening/")
    assert "Toitures" not in answer.text()
    for file in SealedFile.objects.all():
        assert page.request.get(f"/organisation/files/{file.pk}/content/").status == 404


def open_all(page: Page, key_file: Path) -> None:
    page.reload()
    enter(page.locator("a[href$='/opening/']"))
    page.wait_for_url("**/opening/")
    page.locator("[data-file]").set_input_files(key_file)
    page.locator("[data-password]").fill("not the password")
    page.keyboard.press("Enter")
    expect(page.locator("[data-key-error]")).to_be_visible()
    picture(page, "opening-key", page.locator("[data-key]"))
    page.locator("[data-password]").fill(KEY_PASSWORD)
    page.locator("[data-password]").press("Enter")
    enter(page.locator("[data-choose=all]"))
    picture(page, "opening")
    enter(page.locator("[data-open-chosen]"))
    expect(page.locator("[data-opened]")).to_have_count(2, timeout=120_000)
    expect(page.locator("[data-file-link]")).to_have_count(3)
    picture(page, "opened")
    enter(page.locator("[data-exception=late] [data-open]"))
    picture(page, "opening-late", page.locator("[data-exception-dialog=late]"))
    page.keyboard.press("Escape")
    expect(page.locator("[data-exception=late]:not([data-opened])")).to_have_count(1)


def sent_and_received(page: Page, files: list[Path]) -> bool:
    """Whether each file is downloaded bit for bit as it was sent."""
    downloaded = {}
    for link in page.locator("[data-file-link]").all():
        with page.expect_download() as download:
            enter(link)
        content = Path(download.value.path()).read_bytes()
        downloaded[download.value.suggested_filename] = hashlib.sha256(content).digest()
    wanted = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in files}
    return downloaded == wanted | {"DC1.pdf": hashlib.sha256(DC1).digest()}


def report(page: Page, name: str) -> None:
    """Read the report of the signed file, and decide."""
    file = ReleasedFile.objects.get(name=name)
    page.goto(f"/organisation/files/{file.pk}/report/")
    expect_concluded(page, file)
    statuses = page.locator(".report-conditions [data-status]")
    expect(statuses).to_have_count(10)
    picture(page, "report", page.locator("[data-result]"))
    picture(page, "report-conditions", page.locator(".report-frames"))
    picture(page, "report-lines", page.locator("[data-signature]"))
    page.locator("input[name=choice][value=regularise], select[name=choice]").first.focus()
    choose(page, Decision.Choice.REGULARISE)
    page.locator("[name=reason]").fill("Transmettre le certificat de l’autorité qui a signé.")
    enter(page.locator("form[action$='/decision/'] button[type=submit]"))
    expect(page.locator("[data-latest=regularise]")).to_be_visible()
    picture(page, "decision", page.locator("section[aria-labelledby=decision-title]"))
    assert Decision.objects.get().decided_by.user.name == "Claire Martin"


def choose(page: Page, choice: str) -> None:
    select = page.locator("select[name=choice]")
    if select.count():
        select.select_option(choice)
    else:
        page.locator(f"input[name=choice][value={choice}]").check()


def expect_concluded(page: Page, file: ReleasedFile) -> None:
    """Load the page again until the worker has concluded, as its button does."""
    deadline = 60  # loads
    while Report.objects.get(file=file).state == Report.State.PENDING and deadline:
        page.wait_for_timeout(500)
        deadline -= 1
    page.reload()
    expect(page.locator("[data-result=INDETERMINATE]")).to_be_visible()


def leaked(recorder: Recorder, key_file: Path) -> list[bytes]:
    """Spellings of the password, or of the key file, in what the agent's browser sent."""
    sent = recorder.sent()
    secrets = [KEY_PASSWORD.encode(), key_file.read_bytes()[200:296]]
    return [word for secret in secrets for word in spellings(secret) if word in sent]


def administrate(page: Page, sign_in: SignIn, service: Service) -> None:
    """An administrator invites an agent, and finds in the journal all that happened."""
    user = make_user(email="nadia.benali@valmer.example", name="Nadia Benali")
    make_administrator(user=user, service=service)
    sign_in(page, user)
    page.goto("/organisation/agents/new/")
    page.locator("#id_name").fill("Inès Colin")
    page.locator("#id_email").fill("ines.colin@valmer.example")
    page.locator(f"input[name=rights][value={Right.OPEN_BIDS}]").check()
    picture(page, "agent-new")
    enter(page.locator("main form button[type=submit]"))
    page.wait_for_url("**/organisation/agents/")
    picture(page, "agents")
    page.goto("/organisation/journal/")
    picture(page, "journal")
    newest, *_, oldest = page.locator("main tbody code").all_inner_texts()
    assert (newest, oldest) == ("agent.invited", "key_pair.registered")
