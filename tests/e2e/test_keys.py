# SPDX-License-Identifier: EUPL-1.2
"""A key pair, from the form to the list, in Chromium; what must not leave the computer is looked for."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from django.utils import timezone
from playwright.sync_api import Page, expect

from keys.models import KeyPair
from marketplace.models import Agent, JournalEntry, Right
from tests.e2e import key_files
from tests.e2e.key_files import PASSWORD
from tests.e2e.recording import Recorder, leaks
from tests.factories import (
    DAY,
    make_agent,
    make_certificate,
    make_key_pair,
    make_private_key,
    make_service,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
NEW, LIST = "/settings/encryption-keys/new/", "/settings/encryption-keys/"
WRONG_PASSWORD = "Gravier-Moulin-Ardoise-59"


@pytest.fixture
def agent() -> Agent:
    return make_agent(Right.MANAGE_KEYS)


@pytest.fixture
def signed_in(page: Page, agent: Agent, sign_in) -> Page:
    sign_in(page, agent.user)
    return page


@pytest.mark.parametrize("algorithm", ["RSA-3072", "P-256"])
def test_key_pair_is_made_saved_opened_again_and_proven_without_a_leak(
    signed_in: Page, recorder: Recorder, tmp_path: Path, agent: Agent, algorithm: str
):
    page = signed_in
    page.goto(NEW)

    file = key_files.generate(page, tmp_path, algorithm=algorithm)
    key_files.give(page, file, PASSWORD)
    expect(page.locator("[data-proven]")).to_be_visible()
    everything = recorder.everything(page)
    page.locator("[data-back]").click()

    key_pair = KeyPair.objects.get()
    assert (key_pair.state, key_pair.algorithm) == (KeyPair.State.ACTIVE, algorithm)
    assert (key_pair.name, key_pair.common_name) == ("Claire Martin", "Claire Martin")
    row = page.locator(f"[data-table=personal] [data-key-pair='{key_pair.pk}']")
    assert row.get_attribute("data-health") == "good"
    expect(page.locator("[data-invite-backup]")).to_be_visible()
    assert file.name == "Claire Martin.p12"
    everything += recorder.sent()
    assert leaks(key_files.secrets_of(file), everything) == []
    assert base64.b64encode(bytes(key_pair.certificate)) in everything  # the recorder does listen
    assert (recorder.console, recorder.errors) == ([], [])


def test_generated_key_file_opens_with_other_tools(signed_in: Page, tmp_path: Path):
    signed_in.goto(NEW)

    file = key_files.generate(signed_in, tmp_path, name="Secours – été")

    key, certificate, _ = pkcs12.load_key_and_certificates(file.read_bytes(), PASSWORD.encode())
    assert key is not None
    assert certificate is not None
    assert certificate.subject.rfc4514_string() == "CN=Secours – été"
    assert KeyPair.objects.count() == 0


def test_backup_key_pair_is_announced_by_the_address(signed_in: Page, tmp_path: Path):
    signed_in.goto(NEW + "?backup=1")

    key_files.give(signed_in, key_files.generate(signed_in, tmp_path), PASSWORD)

    expect(signed_in.locator("[data-proven]")).to_be_visible()
    assert KeyPair.objects.get().is_backup
    assert signed_in.locator("[data-next-backup]").count() == 0


def test_file_that_is_not_the_saved_one_or_a_wrong_password_registers_nothing(
    signed_in: Page, tmp_path: Path
):
    page, other = signed_in, make_private_key()
    page.goto(NEW)
    file = key_files.generate(page, tmp_path)
    told = []

    for given, password in [
        (key_files.write(tmp_path, other, make_certificate(other)), PASSWORD),
        (file, WRONG_PASSWORD),
        (Path(__file__), PASSWORD),
    ]:
        key_files.give(page, given, password)
        error = page.locator("[data-reopen-error] [data-code]")
        expect(error).to_be_visible()
        told.append(error.get_attribute("data-code"))
        error.evaluate("element => element.remove()")

    assert told == ["wrong_key", "wrong_password", "pkcs12_malformed"]
    assert KeyPair.objects.count() == 0
    key_files.give(page, file, PASSWORD)
    expect(page.locator("[data-proven]")).to_be_visible()


@pytest.mark.parametrize(
    ("password", "again"),
    [("short", "short"), ("mot-de-passe-accentué", "mot-de-passe-accentué"), (PASSWORD, "other")],
)
def test_password_that_will_not_do_is_told_before_anything_is_made(
    signed_in: Page, password: str, again: str
):
    page = signed_in
    page.goto(NEW)

    page.locator("[data-name]").fill("Claire Martin")
    page.locator("[data-password]").fill(password)
    page.locator("[data-password-again]").fill(again)
    page.locator("[data-generate]").click()

    expect(page.locator("[data-generate-error] [data-code=incomplete]")).to_be_visible()
    assert page.locator("[aria-invalid=true]").count() == 1
    expect(page.locator("[data-save]")).to_be_hidden()


def test_refusal_of_the_server_is_told_with_its_remedy(
    signed_in: Page, tmp_path: Path, agent: Agent
):
    page = signed_in
    page.goto(NEW)
    file = key_files.generate(page, tmp_path)
    _, certificate, _ = pkcs12.load_key_and_certificates(file.read_bytes(), PASSWORD.encode())
    assert certificate is not None
    der = certificate.public_bytes(serialization.Encoding.DER)
    public_key_digest = hashlib.sha256(
        certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    make_key_pair(certificate=der, public_key_digest=public_key_digest.hexdigest())

    key_files.give(page, file, PASSWORD)

    error = page.locator("[data-reopen-error] [data-code=already_registered]")
    expect(error.locator("[data-slot=remedy]")).not_to_be_empty()
    assert JournalEntry.objects.filter(action="refused.already_registered").count() == 1


def test_drill_proves_the_key_again_and_tells_another_key_apart(
    signed_in: Page, recorder: Recorder, tmp_path: Path, agent: Agent
):
    page, key, stranger = signed_in, make_private_key(), make_private_key()
    before = timezone.now() - DAY
    key_pair = make_key_pair(holder=agent, private_key=key, proven_at=before)
    own = key_files.write(tmp_path, key, bytes(key_pair.certificate))
    page.goto(f"{LIST}{key_pair.pk}/")

    key_files.give(page, own, PASSWORD)
    expect(page.locator("[data-proven]")).to_be_visible()
    key_pair.refresh_from_db()
    proven_at = key_pair.proven_at
    key_files.give(page, key_files.write(tmp_path, stranger, make_certificate(stranger)), PASSWORD)
    expect(page.locator("[data-error] [data-code=wrong_key]")).to_be_visible()

    assert proven_at is not None
    assert proven_at > before
    key_pair.refresh_from_db()
    assert key_pair.proven_at == proven_at
    assert recorder.console == []


def test_unproven_key_pair_is_proven_on_its_page(signed_in: Page, tmp_path: Path, agent: Agent):
    page, key = signed_in, make_private_key()
    key_pair = make_key_pair(
        holder=agent, private_key=key, state=KeyPair.State.UNPROVEN, proven_at=None
    )
    page.goto(f"{LIST}{key_pair.pk}/")

    key_files.give(page, key_files.write(tmp_path, key, bytes(key_pair.certificate)), PASSWORD)

    expect(page.locator("[data-health] .badge-ok")).to_be_visible()
    key_pair.refresh_from_db()
    assert key_pair.state == KeyPair.State.ACTIVE


def test_choosing_another_service_shows_its_key_pairs(page: Page, sign_in):
    agent = make_agent(Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS)
    other = make_service(organisation=agent.service.organisation)
    key_pair = make_key_pair(holder=make_agent(service=other))
    sign_in(page, agent.user)
    page.goto(LIST)
    at_first = page.locator("[data-key-pair]").count()

    page.locator("[data-service-choice] select").select_option(str(other.pk))
    page.locator("[data-service-choice] button").click()

    expect(page.locator(f"[data-key-pair='{key_pair.pk}']")).to_be_visible()
    assert at_first == 0
    page.goto(NEW)
    expect(page.locator(f"[data-administered='{other.pk}']")).to_be_visible()


def test_pages_are_accessible(signed_in: Page, agent: Agent, assert_accessible):
    page = signed_in
    key_pair = make_key_pair(holder=agent, not_after=timezone.now() + 10 * DAY)

    for address in [
        "",
        "new/",
        f"{key_pair.pk}/",
        f"{key_pair.pk}/edit/",
        f"{key_pair.pk}/remove/",
    ]:
        page.goto(LIST + address)
        assert_accessible(page)
