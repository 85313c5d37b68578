# SPDX-License-Identifier: EUPL-1.2
"""« Utilisation d'un bi-clé existant », in Chromium: from a key file, or from a certificate alone."""

import base64
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from keys import der
from keys.models import KeyPair
from marketplace.models import Agent, JournalEntry, Right
from tests.e2e import key_files
from tests.e2e.key_files import PASSWORD, PrivateKey
from tests.e2e.recording import Recorder, leaks
from tests.factories import DAY, make_agent, make_key_pair, make_private_key
from tests.keys.making import make_certificate, pem, usage

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
NEW = "/settings/encryption-keys/new/"
KEYS: dict[str, PrivateKey] = {
    "RSA-2048": make_private_key(),
    "P-256": ec.generate_private_key(ec.SECP256R1()),
}
DATA = "2a864886f70d010701"  # of PKCS#7


@pytest.fixture
def agent() -> Agent:
    return make_agent(Right.MANAGE_KEYS)


@pytest.fixture
def adding(page: Page, agent: Agent, sign_in) -> Page:
    """The page that adds a key pair, « Utilisation d'un bi-clé existant » chosen."""
    sign_in(page, agent.user)
    page.goto(NEW)
    page.locator("[data-mode][value=existing]").check()
    return page


def certificate_of(
    key: PrivateKey, common_name: str = "Claire Martin", *, not_after: datetime | None = None
) -> bytes:
    now = timezone.now().replace(microsecond=0)
    needed = "key_encipherment" if key is not KEYS["P-256"] else "key_agreement"
    certificate: bytes = make_certificate(
        key,
        common_name=common_name,
        not_before=now - DAY,
        not_after=not_after or now + 700 * DAY,
        extensions=[(usage(needed), True)],
    )
    return certificate


def posted(recorder: Recorder) -> bool:
    return b"POST " in recorder.sent()


def choose_certificate(page: Page, content: bytes, name: str = "cle.cer") -> None:
    page.locator("[data-source][value=certificate]").check()
    page.locator("[data-certificate-file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def drop(page: Page, zone: str, name: str, content: bytes) -> None:
    transfer = page.evaluate_handle(
        """([name, base64]) => {
          const transfer = new DataTransfer()
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
          transfer.items.add(new File([bytes], name))
          return transfer
        }""",
        [name, base64.b64encode(content).decode()],
    )
    page.locator(zone).dispatch_event("drop", {"dataTransfer": transfer})


def error_in(page: Page, place: str) -> Locator:
    return page.locator(f"[data-{place}-error] [data-code]")


# From a key file


@pytest.mark.parametrize("algorithm", KEYS)
def test_key_file_is_read_here_and_its_certificate_alone_is_sent(
    adding: Page, recorder: Recorder, tmp_path: Path, algorithm: str
):
    page, certificate = adding, certificate_of(KEYS[algorithm])
    file = key_files.write(tmp_path, KEYS[algorithm], certificate)

    key_files.give(page, file)
    expect(page.locator("[data-found] [data-slot=common_name]")).to_have_text("Claire Martin")
    expect(page.locator("[data-found] [data-slot=algorithm]")).to_have_text(algorithm)
    was_posted = posted(recorder)
    page.locator("[data-register]").click()
    expect(page.locator("[data-proven]")).to_be_visible()

    key_pair = KeyPair.objects.get()
    assert not was_posted
    assert (key_pair.state, key_pair.name) == (KeyPair.State.ACTIVE, "Claire Martin")
    assert bytes(key_pair.certificate) == certificate
    everything = recorder.everything(page)
    assert leaks(key_files.secrets_of(file), everything) == []
    assert base64.b64encode(certificate) in everything
    assert (recorder.console, recorder.errors) == ([], [])


def test_name_that_was_typed_stays(adding: Page, tmp_path: Path):
    key = KEYS["P-256"]
    adding.locator("[data-name]").fill("Greffe")

    key_files.give(adding, key_files.write(tmp_path, key, certificate_of(key)))
    adding.locator("[data-register] [data-label=register]").click()
    expect(adding.locator("[data-proven]")).to_be_visible()

    key_pair = KeyPair.objects.get()
    assert (key_pair.name, key_pair.common_name) == ("Greffe", "Claire Martin")


def test_one_of_several_key_pairs_of_a_file_is_chosen(adding: Page, tmp_path: Path):
    certificates = {name: certificate_of(key, name) for name, key in KEYS.items()}
    file = tmp_path / "two.p12"
    file.write_bytes(two_keys(certificates))

    key_files.give(adding, file, "")
    expect(adding.locator("[data-found-choice]")).to_have_count(2)
    suggested = adding.locator("[data-name]").input_value()
    adding.locator("[data-found-choice]").last.check()
    adding.locator("[data-register]").click()
    expect(adding.locator("[data-proven]")).to_be_visible()

    key_pair = KeyPair.objects.get()
    assert (suggested, key_pair.name) == ("RSA-2048", "P-256")
    assert bytes(key_pair.certificate) == certificates["P-256"]


def two_keys(certificates: dict[str, bytes]) -> bytes:
    """A PKCS#12 that is not protected, as the tools at hand write none."""

    def oid(digits: str) -> bytes:
        return der.encode(0x06, bytes.fromhex(digits))

    def explicit(content: bytes) -> bytes:
        return der.encode(0xA0, content)

    def data(content: bytes) -> bytes:
        return der.encode(der.SEQUENCE, oid(DATA), explicit(der.encode(0x04, content)))

    bags = []
    for name, key in KEYS.items():
        pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        value = explicit(der.encode(0x04, certificates[name]))
        x509 = der.encode(der.SEQUENCE, oid("2a864886f70d01091601"), value)
        bags += [
            der.encode(der.SEQUENCE, oid("2a864886f70d010c0a0101"), explicit(pkcs8)),
            der.encode(der.SEQUENCE, oid("2a864886f70d010c0a0103"), explicit(x509)),
        ]
    safe = der.encode(der.SEQUENCE, data(der.encode(der.SEQUENCE, *bags)))
    return der.encode(der.SEQUENCE, der.encode(der.INTEGER, b"\x03"), data(safe))


def test_another_file_has_to_be_read_anew(adding: Page, tmp_path: Path):
    page, (first, second) = adding, KEYS.values()
    key_files.give(page, key_files.write(tmp_path, first, certificate_of(first, "Claire Martin")))
    expect(page.locator("[data-found]")).to_be_visible()

    drop(
        page,
        "[data-drop]",
        "b.p12",
        key_files.write(tmp_path, second, certificate_of(second, "Karim")).read_bytes(),
    )

    expect(page.locator("[data-found]")).to_be_hidden()
    page.locator("[data-register]").click()
    expect(page.locator("[data-found] [data-slot=common_name]")).to_have_text("Karim")
    assert KeyPair.objects.count() == 0


def test_what_is_wrong_with_a_key_file_is_told_and_nothing_is_sent(
    adding: Page, recorder: Recorder, tmp_path: Path
):
    page, key, told = adding, KEYS["P-256"], []
    file = key_files.write(tmp_path, key, certificate_of(key))

    for given, password in [(file, PASSWORD + "x"), (Path(__file__), PASSWORD)]:
        key_files.give(page, given, password)
        error = error_in(page, "reopen")
        expect(error).to_be_visible()
        told.append(error.get_attribute("data-code"))
        error.evaluate("element => element.remove()")

    assert told == ["wrong_password", "pkcs12_malformed"]
    assert not posted(recorder)


def test_refusal_of_an_existing_key_pair_is_told_with_its_remedy(adding: Page, tmp_path: Path):
    key = KEYS["P-256"]
    certificate = make_certificate(
        key, not_after=timezone.now() - DAY, extensions=[(usage("key_agreement"), True)]
    )

    key_files.give(adding, key_files.write(tmp_path, key, certificate))
    expect(adding.locator("[data-found]")).to_be_visible()
    adding.locator("[data-register]").click()

    error = adding.locator("[data-reopen-error] [data-code=expired]")
    expect(error.locator("[data-slot=remedy]")).not_to_be_empty()
    assert KeyPair.objects.count() == 0
    assert JournalEntry.objects.filter(action="refused.expired").count() == 1


@pytest.mark.parametrize("is_made_anew", [True, False])
def test_old_key_file_is_read_and_may_be_made_anew(
    adding: Page, recorder: Recorder, tmp_path: Path, is_made_anew: bool
):
    page, key, old_password = adding, KEYS["RSA-2048"], "ancien mot de passe"
    certificate = certificate_of(key)
    old = write_as_internet_explorer(tmp_path, key, certificate, old_password)

    key_files.give(page, old, old_password)
    expect(page.locator("[data-re-export-form]")).to_be_visible()
    new = old
    if is_made_anew:
        new = make_anew(page, tmp_path)
        key_files.give(page, new)
        expect(page.locator("[data-found]")).to_be_visible()
        expect(page.locator("[data-re-export-form]")).to_have_count(0)
    page.locator("[data-register]").click()
    expect(page.locator("[data-proven]")).to_be_visible()

    assert bytes(KeyPair.objects.get().certificate) == certificate
    secrets = [*key_files.secrets_of_key(key), old.read_bytes(), new.read_bytes()]
    secrets += [PASSWORD.encode(), old_password.encode()]
    assert leaks(secrets, recorder.everything(page)) == []
    hints = "verbose:"  # Chromium would have a user name beside a password
    assert [said for said in recorder.console if not said.startswith(hints)] == []
    if is_made_anew:
        opened, found, _ = pkcs12.load_key_and_certificates(new.read_bytes(), PASSWORD.encode())
        assert isinstance(opened, rsa.RSAPrivateKey)
        assert opened.private_numbers() == key.private_numbers()
        assert found is not None
        assert found.public_bytes(Encoding.DER) == certificate


def write_as_internet_explorer(
    folder: Path, key: PrivateKey, certificate: bytes, password: str
) -> Path:
    """RC2 of 40 bits for the certificate, triple DES for the key, SHA-1: what the old guide produced."""
    clear = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    words = ["pkcs12", "-export", "-legacy", "-passout", f"pass:{password}"]
    made = subprocess.run(
        ["openssl", *words], input=clear + pem(certificate), capture_output=True, check=True
    )
    file = folder / "ancien.pfx"
    file.write_bytes(made.stdout)
    return file


def make_anew(page: Page, folder: Path) -> Path:
    """Have the page write the key pair in a modern file, and save it."""
    form = page.locator("[data-re-export-form]")
    form.locator("[data-password]").fill(PASSWORD)
    form.locator("[data-password-again]").fill(PASSWORD)
    form.locator("[type=submit]").click()
    with page.expect_download() as download:
        form.locator("[data-save-again]").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


# From a certificate alone


@pytest.mark.parametrize("is_pem", [True, False])
def test_certificate_alone_is_registered_and_proven_at_once(
    adding: Page, recorder: Recorder, tmp_path: Path, is_pem: bool
):
    page, key = adding, KEYS["RSA-2048"]
    certificate = certificate_of(key)

    choose_certificate(page, pem(certificate) if is_pem else certificate)
    expect(page.locator("[data-certificate-found] [data-slot=algorithm]")).to_have_text("RSA-2048")
    expect(page.locator("[data-name]")).to_have_value("Claire Martin")
    page.locator("[data-send-certificate]").click()
    expect(page.locator("[data-registered]")).to_be_visible()
    state_before = KeyPair.objects.get().state
    file = key_files.write(tmp_path, key, certificate)
    key_files.give(page, file)
    expect(page.locator("[data-proven]")).to_be_visible()

    assert state_before == KeyPair.State.UNPROVEN
    assert KeyPair.objects.get().state == KeyPair.State.ACTIVE
    assert leaks(key_files.secrets_of(file), recorder.everything(page)) == []
    assert (recorder.console, recorder.errors) == ([], [])


def test_certificate_alone_is_proven_later_on_its_page(adding: Page, tmp_path: Path):
    page, key = adding, KEYS["P-256"]
    certificate = certificate_of(key)
    drop_certificate(page, certificate)
    page.locator("[data-send-certificate]").click()

    page.locator("[data-later]").click()
    key_files.give(page, key_files.write(tmp_path, key, certificate))

    expect(page.locator("[data-proven]")).to_be_visible()
    assert KeyPair.objects.get().state == KeyPair.State.ACTIVE


def drop_certificate(page: Page, certificate: bytes) -> None:
    page.locator("[data-source][value=certificate]").check()
    drop(page, "[data-certificate-drop]", "cle.crt", certificate)
    expect(page.locator("[data-certificate-found] [data-slot=common_name]")).to_have_text(
        "Claire Martin"
    )


def test_certificate_is_proven_by_its_own_key_alone(adding: Page, tmp_path: Path):
    page, (key, other) = adding, KEYS.values()
    choose_certificate(page, certificate_of(key))
    page.locator("[data-send-certificate]").click()
    expect(page.locator("[data-registered]")).to_be_visible()

    key_files.give(page, key_files.write(tmp_path, other, certificate_of(other)))

    expect(page.locator("[data-reopen-error] [data-code=wrong_key]")).to_be_visible()
    assert KeyPair.objects.get().state == KeyPair.State.UNPROVEN


def secret_files() -> dict[str, tuple[bytes, str]]:
    key, clear = KEYS["RSA-2048"], NoEncryption()
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, clear)
    pkcs1 = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, clear)
    return {
        "key.pem": (pkcs8, "holds_private_key"),
        "both.pem": (pem(certificate_of(key)) + pkcs8, "holds_private_key"),
        "key.der": (pkcs1, "holds_private_key"),
        "cle.p12": (
            two_keys({name: certificate_of(key) for name, key in KEYS.items()}),
            "is_key_file",
        ),
        "notes.txt": (b"bonjour", "certificate_malformed"),
    }


@pytest.mark.parametrize("name", secret_files())
def test_private_key_given_as_a_certificate_is_refused_before_anything_is_sent(
    adding: Page, recorder: Recorder, name: str
):
    content, code = secret_files()[name]

    choose_certificate(adding, content, name)
    expect(error_in(adding, "certificate")).to_have_attribute("data-code", code)
    adding.locator("[data-name]").fill("Claire Martin")
    adding.locator("[data-send-certificate]").click()
    expect(error_in(adding, "certificate")).to_have_attribute("data-code", code)

    assert not posted(recorder)
    assert leaks(key_files.secrets_of_key(KEYS["RSA-2048"]), recorder.everything(adding)) == []


def test_key_pasted_as_a_name_is_not_sent(adding: Page, recorder: Recorder):
    choose_certificate(adding, certificate_of(KEYS["P-256"]))
    adding.locator("[data-name]").fill("-----BEGIN PRIVATE KEY-----MIIEvQ")

    adding.locator("[data-send-certificate]").click()

    expect(error_in(adding, "certificate")).to_have_attribute("data-code", "incomplete")
    assert not posted(recorder)


# What comes next


@pytest.mark.parametrize("case", ["no backup", "own backup", "backup of a colleague"])
def test_end_leads_to_what_the_service_lacks(adding: Page, tmp_path: Path, agent: Agent, case: str):
    key, soon = KEYS["P-256"], timezone.now() + 300 * DAY
    if case != "no backup":
        holder = agent if case == "own backup" else make_agent(service=agent.service)
        make_key_pair(holder=holder, is_backup=True, not_after=soon)

    key_files.give(adding, key_files.write(tmp_path, key, certificate_of(key)))
    expect(adding.locator("[data-found]")).to_be_visible()
    adding.locator("[data-register]").click()
    expect(adding.locator("[data-proven]")).to_be_visible()

    told = [
        adding.locator(hook).count()
        for hook in ("[data-next-backup]", "[data-hangs-on-one-person]")
    ]
    assert (
        told == {"no backup": [1, 0], "own backup": [0, 1], "backup of a colleague": [0, 0]}[case]
    )


def test_warnings_about_an_accepted_certificate_are_shown_at_the_end(adding: Page, tmp_path: Path):
    page, key = adding, KEYS["RSA-2048"]
    after_2030 = datetime(2031, 1, 1, tzinfo=UTC)
    certificate = certificate_of(key, not_after=after_2030)

    key_files.give(page, key_files.write(tmp_path, key, certificate))
    expect(page.locator("[data-found]")).to_be_visible()
    page.locator("[data-register]").click()

    expect(page.locator("[data-done] [data-warning=small_modulus]")).to_be_visible()
    assert KeyPair.objects.get().state == KeyPair.State.ACTIVE


def test_ways_are_chosen_with_the_keyboard(adding: Page):
    page = adding
    page.locator("[data-mode][value=existing]").focus()

    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-generate]")).to_be_visible()
    expect(page.locator("[data-key-file]")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-key-file]")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")

    expect(page.locator("[data-certificate-file]")).to_be_visible()
    expect(page.locator("[data-source][value=certificate]")).to_be_focused()
    expect(page.locator("[data-key-file]")).to_be_hidden()


def test_each_way_is_accessible(
    adding: Page, tmp_path: Path, assert_accessible: Callable[[Page], None]
):
    page, key = adding, KEYS["P-256"]
    page.emulate_media(reduced_motion="reduce")  # colours are measured at rest
    assert_accessible(page)
    choose_certificate(page, certificate_of(key))
    expect(page.locator("[data-certificate-found]")).not_to_be_empty()
    assert_accessible(page)
    page.locator("[data-source][value=key_file]").check()
    key_files.give(page, key_files.write(tmp_path, key, certificate_of(key)))
    expect(page.locator("[data-found]")).to_be_visible()
    assert_accessible(page)

    page.locator("[data-register]").click()
    expect(page.locator("[data-may-keep]")).to_be_visible()
    assert_accessible(page)
