# SPDX-License-Identifier: EUPL-1.2
"""The opening of bids, in Chromium: from the file of a key pair to the files of a bid."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from envelopes import opening
from envelopes.models import Release
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind, JournalEntry
from signatures import conclusions
from signatures.models import Report
from signatures.validation import Line
from tests.e2e.recording import Recorder, spellings
from tests.envelopes import sealed
from tests.envelopes.sealed import Holder, Scene
from tests.signatures import pki

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PASSWORD = "Gravier-Moulin-Ardoise-58"
PRICES = b"prix unitaire ; 1 234,56 EUR\n" * (BLOCK_SIZE // 29 + 10)  # two blocks
CONTENTS: dict[EnvelopeKind, dict[str, bytes]] = {
    EnvelopeKind.APPLICATION: {"DC1 – candidature.pdf": sealed.PDF, "vide.txt": b""},
    EnvelopeKind.OFFER: {"bordereau des prix.csv": PRICES},
}
SIGNED: dict[EnvelopeKind, dict[str, bytes]] = {
    EnvelopeKind.OFFER: {
        "acte d’engagement signé par le gérant – version définitive (2).pdf": pki.sign(
            pki.make_pdf(), pki.make_pki().signers["good"]
        )
    },
}


@pytest.fixture
def scene() -> Scene:
    """A deposit, of a consultation whose deadline passed a minute ago."""
    scene = sealed.make_scene(CONTENTS)
    scene.consultation.closes_at = timezone.now() - timedelta(minutes=1)
    scene.consultation.save(update_fields=["closes_at"])
    return scene


@pytest.fixture
def opening_page(page: Page, scene: Scene, sign_in: Callable[..., None]) -> Page:
    sign_in(page, scene.agent.user)
    page.emulate_media(reduced_motion="reduce")  # colours are measured at rest
    page.goto(reverse("envelopes:opening", args=[scene.consultation.pk]))
    return page


def key_file(folder: Path, holder: Holder) -> Path:
    """What the holder saved on the day the key pair was made."""
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .build(PASSWORD.encode())
    )
    certificate = x509.load_der_x509_certificate(bytes(holder.key_pair.certificate))
    file = folder / "bi-cle.p12"
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"cle", holder.private_key, certificate, None, encryption
        )
    )
    return file


def unlock(page: Page, file: Path, password: str = PASSWORD) -> None:
    page.locator("[data-file]").set_input_files(file)
    page.locator("[data-password]").fill(password)
    page.locator("[data-password]").press("Enter")


def text_named(page: Page, name: str) -> str:
    return page.locator(f'[data-text="{name}"]').text_content() or ""


def row_of(page: Page, envelope_id: object) -> Locator:
    return page.locator(f'[data-envelope="{envelope_id}"]')


def download(page: Page, link: Locator, folder: Path) -> tuple[str, bytes]:
    with page.expect_download() as started:
        link.click()
    file = folder / "downloaded"
    started.value.save_as(file)
    return started.value.suggested_filename, file.read_bytes()


def test_agent_opens_a_bid_and_finds_what_was_sent(
    recorder: Recorder,
    opening_page: Page,
    scene: Scene,
    tmp_path: Path,
    assert_accessible: Callable[[Page], None],
):
    page = opening_page
    assert_accessible(page)
    unlock(page, key_file(tmp_path, scene.holder))
    expect(page.locator("[data-unlocked]")).to_be_visible()
    page.locator('[data-choose="all"]').click()
    assert_accessible(page)

    page.locator("[data-open-chosen]").click()

    expect(page.locator('[data-count="opened"]')).to_have_text("2")
    expect(page.locator('[data-count="sealed"]')).to_have_text("0")
    links = page.locator("[data-file-link]")
    found = dict(download(page, links.nth(at), tmp_path) for at in range(3))
    assert found == {name: data for files in CONTENTS.values() for name, data in files.items()}
    assert_accessible(page)
    page.reload()
    expect(page.locator("[data-file-link]")).to_have_count(3)
    expect(page.locator("[data-unlock]")).to_have_count(0)
    sent = recorder.sent()
    private_key = scene.holder.private_key.private_numbers().d.to_bytes(256, "big")
    for secret in (private_key, PASSWORD.encode()):
        assert not [spelling for spelling in spellings(secret) if spelling in sent]
    assert recorder.errors == []


@pytest.mark.parametrize(
    ("password", "code"), [("Gravier-Moulin-Ardoise-59", "wrong_password"), ("", "wrong_password")]
)
def test_wrong_password_is_told_and_can_be_typed_again(
    opening_page: Page, scene: Scene, tmp_path: Path, password: str, code: str
):
    page = opening_page
    file = key_file(tmp_path, scene.holder)

    unlock(page, file, password)

    expect(page.locator("[data-key-error]")).to_have_text(text_named(page, code))
    expect(page.locator("[data-choices]")).to_be_hidden()
    unlock(page, file)
    expect(page.locator("[data-unlocked]")).to_be_visible()
    assert not Release.objects.exists()


def test_a_file_that_is_no_key_pair_of_these_bids_is_told(
    opening_page: Page, scene: Scene, tmp_path: Path
):
    page = opening_page
    stranger = sealed.make_holder(scene.service)
    bad = tmp_path / "photo.p12"
    bad.write_bytes(b"\xff\xd8\xff\xe0 a photograph")

    for file, code in (
        (bad, "pkcs12_malformed"),
        (key_file(tmp_path, stranger), "not_a_recipient"),
    ):
        unlock(page, file)
        expect(page.locator("[data-key-error]")).to_have_text(text_named(page, code))

    expect(page.locator("[data-unlocked]")).to_be_hidden()


def test_a_damaged_envelope_stays_sealed_and_the_others_open(
    opening_page: Page, scene: Scene, tmp_path: Path
):
    page = opening_page
    other = sealed.seal_deposit(scene.consultation, CONTENTS)
    block = sealed.block_of(scene.application)
    sealed.rewrite(block, sealed.read(block)[:-1] + b"\0")
    page.reload()
    unlock(page, key_file(tmp_path, scene.holder))
    page.locator('[data-choose="all"]').click()

    page.locator("[data-open-chosen]").click()

    expect(page.locator('[data-count="opened"]')).to_have_text("2")
    damaged = row_of(page, scene.application.pk).locator("[data-envelope-error]")
    expect(damaged).to_contain_text("1")  # the number of the block
    waiting = row_of(page, scene.offer.pk).locator("[data-envelope-error]")
    expect(waiting).to_have_text(text_named(page, "application_first"))
    assert set(Release.objects.values_list("envelope__deposit", flat=True)) == {other.pk}
    assert JournalEntry.objects.filter(action="refused.damaged").count() == 1


def test_a_late_deposit_is_opened_on_its_own_and_on_purpose(
    opening_page: Page, scene: Scene, tmp_path: Path
):
    page = opening_page
    late = sealed.seal_deposit(scene.consultation, CONTENTS, is_late=True)
    envelope = late.envelopes.get(kind=EnvelopeKind.APPLICATION)
    page.reload()
    unlock(page, key_file(tmp_path, scene.holder))
    page.locator('[data-choose="all"]').click()
    page.locator("[data-open-chosen]").click()
    expect(page.locator('[data-count="opened"]')).to_have_text("2")
    button = row_of(page, envelope.pk).locator("[data-open]")

    button.click()
    dialog = page.locator('[data-exception-dialog="late"]')
    dialog.locator('[value="cancel"]').click()
    expect(dialog).to_be_hidden()
    assert not Release.objects.filter(envelope=envelope).exists()

    button.click()
    dialog.locator('[value="confirm"]').click()
    expect(page.locator('[data-count="opened"]')).to_have_text("3")
    assert Release.objects.filter(envelope=envelope).exists()


def test_what_was_replaced_is_opened_on_purpose_and_what_was_withdrawn_never(
    opening_page: Page, scene: Scene, tmp_path: Path, assert_accessible
):
    page = opening_page
    sealed.seal_second(scene.deposit, "replaces")
    withdrawn = sealed.seal_withdrawn(scene.consultation)
    page.reload()
    assert_accessible(page)
    unlock(page, key_file(tmp_path, scene.holder))
    page.locator('[data-choose="all"]').click()
    page.locator("[data-open-chosen]").click()
    expect(page.locator('[data-count="opened"]')).to_have_text("2")
    assert not Release.objects.filter(envelope__deposit=scene.deposit).exists()
    for envelope in withdrawn.envelopes.all():
        expect(row_of(page, envelope.pk).locator("button, input")).to_have_count(0)

    row_of(page, scene.application.pk).locator("[data-open]").click()
    dialog = page.locator('[data-exception-dialog="replaced"]')
    assert_accessible(page)
    dialog.locator('[value="confirm"]').click()

    expect(page.locator('[data-count="opened"]')).to_have_text("3")
    assert Release.objects.filter(envelope=scene.application).exists()


def test_the_report_of_a_signed_file_is_read_and_decided(
    opening_page: Page, scene: Scene, assert_accessible: Callable[[Page], None]
):
    page = opening_page
    envelope = sealed.seal_deposit(scene.consultation, SIGNED).envelopes.get()
    keys = sealed.unwrap(envelope, scene.holder)
    release = opening.release(envelope.pk, agent=scene.agent, keys=keys, now=timezone.now())
    file = release.files.get()
    page.goto(reverse("signatures:detail", args=[file.pk]))
    assert_accessible(page)
    report = Report.objects.get(file=file)
    conclusions.conclude(report.pk, now=timezone.now())

    page.reload()

    expect(page.locator("[data-line]")).to_have_count(len(Line))
    expect(page.locator('[data-line="integrity"]')).to_have_attribute("data-status", "conform")
    assert_accessible(page)
    page.locator('[name="choice"][value="admit"]').check()
    page.locator('[name="reason"]').fill("Signature du gérant, vérifiée au registre.")
    page.locator('[name="identity_checked"]').check()
    page.locator("[data-decide]").click()
    expect(page.locator('[data-latest="admit"]')).to_be_visible()
    assert_accessible(page)
    assert report.decisions.get().decided_by == scene.agent


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_window(opening_page: Page, scene: Scene, width: int):
    page = opening_page
    envelope = sealed.seal_deposit(scene.consultation, SIGNED).envelopes.get()
    keys = sealed.unwrap(envelope, scene.holder)
    release = opening.release(envelope.pk, agent=scene.agent, keys=keys, now=timezone.now())
    file = release.files.get()
    conclusions.conclude(Report.objects.get(file=file).pk, now=timezone.now())
    scene.agent.review_reports = True
    scene.agent.save()
    page.set_viewport_size({"width": width, "height": 900})

    for address in (
        reverse("envelopes:opening", args=[scene.consultation.pk]),
        reverse("signatures:detail", args=[file.pk]),
        reverse("signatures:list"),
    ):
        page.goto(address)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
