# SPDX-License-Identifier: EUPL-1.2
"""Key files of other programs, old and bad ones, where a key is proven and where bids are opened."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto.pkcs12 import Pfx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from keys.models import KeyPair
from marketplace.models import Agent, EnvelopeKind, Right
from tests.e2e.recording import Recorder, spellings
from tests.envelopes import sealed
from tests.factories import DAY, make_agent, make_key_pair, make_private_key

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PASSWORD = "Gravier-Moulin-Ardoise-58"
LEGACY_READER = "**/chunks/legacy-*.js"


@pytest.fixture
def private_key() -> rsa.RSAPrivateKey:
    return make_private_key()


@pytest.fixture
def key_pair(private_key: rsa.RSAPrivateKey) -> KeyPair:
    agent: Agent = make_agent(Right.MANAGE_KEYS)
    return make_key_pair(holder=agent, private_key=private_key, proven_at=timezone.now() - DAY)


@pytest.fixture
def drill_page(page: Page, key_pair: KeyPair, sign_in: Callable[..., None]) -> Page:
    sign_in(page, key_pair.holder.user)
    page.goto(f"/settings/encryption-keys/{key_pair.pk}/")
    return page


def pkcs8_of(key: rsa.RSAPrivateKey, encoding: serialization.Encoding) -> bytes:
    return key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def export(folder: Path, key: rsa.RSAPrivateKey, certificate: bytes, *options: str) -> Path:
    """A key file by openssl: `-legacy` makes what Internet Explorer did."""
    (folder / "key.pem").write_bytes(pkcs8_of(key, serialization.Encoding.PEM))
    (folder / "cert.der").write_bytes(certificate)
    commands = [
        ["x509", "-inform", "DER", "-in", "cert.der", "-out", "cert.pem"],
        ["pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-out", "file.p12"],
    ]
    commands[1] += ["-passout", f"pass:{PASSWORD}", *options]
    for command in commands:
        subprocess.run(["openssl", *command], cwd=folder, check=True)
    return folder / "file.p12"


def give(page: Page, file: Path, password: str = PASSWORD) -> None:
    page.locator("[data-key-file]").set_input_files(file)
    page.locator("[data-key-file-password]").fill(password)
    page.locator("[data-key-file-password]").press("Enter")


def told(page: Page) -> str | None:
    """The code of the refusal that is shown, which then goes."""
    error = page.locator("[data-error] [data-code]")
    expect(error).to_be_visible()
    code = error.get_attribute("data-code")
    error.evaluate("element => element.remove()")
    return code


def test_old_key_file_proves_its_key_pair_and_leaves_nothing(
    recorder: Recorder,
    drill_page: Page,
    key_pair: KeyPair,
    private_key: rsa.RSAPrivateKey,
    tmp_path: Path,
):
    file = export(tmp_path, private_key, bytes(key_pair.certificate), "-legacy")
    numbers = private_key.private_numbers()
    secrets = [
        PASSWORD.encode(),
        file.read_bytes(),
        pkcs8_of(private_key, serialization.Encoding.DER),
        *(
            number.to_bytes((number.bit_length() + 7) // 8, "big")
            for number in (numbers.d, numbers.p, numbers.q)
        ),
    ]
    before = key_pair.proven_at
    assert before is not None

    with drill_page.expect_response(LEGACY_READER) as fetched:
        give(drill_page, file)
    expect(drill_page.locator("[data-proven]")).to_be_visible()

    assert fetched.value.ok
    assert len(fetched.value.body()) < 60_000
    key_pair.refresh_from_db()
    assert key_pair.proven_at is not None
    assert key_pair.proven_at > before
    everything = recorder.everything(drill_page)
    leaked = [secret for secret in secrets for way in spellings(secret) if way in everything]
    assert leaked == []
    assert (recorder.console, recorder.errors) == ([], [])


def test_modern_key_file_needs_none_of_what_reads_old_ones(
    recorder: Recorder,
    drill_page: Page,
    key_pair: KeyPair,
    private_key: rsa.RSAPrivateKey,
    tmp_path: Path,
):
    give(drill_page, export(tmp_path, private_key, bytes(key_pair.certificate)))
    expect(drill_page.locator("[data-proven]")).to_be_visible()

    assert b"/chunks/" in recorder.sent()
    assert b"/chunks/legacy-" not in recorder.sent()


def test_what_reads_old_files_is_missed_aloud(
    drill_page: Page, key_pair: KeyPair, private_key: rsa.RSAPrivateKey, tmp_path: Path
):
    file = export(tmp_path, private_key, bytes(key_pair.certificate), "-legacy")
    drill_page.route(LEGACY_READER, lambda route: route.abort())

    give(drill_page, file)

    assert told(drill_page) == "legacy_reader_missing"
    drill_page.unroute(LEGACY_READER)
    drill_page.reload()
    give(drill_page, file)
    expect(drill_page.locator("[data-proven]")).to_be_visible()


def with_mac_iterations(data: bytes, iterations: int) -> bytes:
    pfx = Pfx.load(data)
    pfx["mac_data"]["iterations"] = iterations
    return bytes(pfx.dump(force=True))


def make_bad_files(
    folder: Path, key: rsa.RSAPrivateKey, certificate: bytes
) -> list[tuple[str, bytes]]:
    """The code of what is wrong, and a file with that."""
    modern, legacy, rc4, alone = (
        export(folder, key, certificate, "-iter", "70000", *options).read_bytes()
        for options in (
            [],
            ["-legacy"],
            ["-legacy", "-keypbe", "PBE-SHA1-RC4-128"],
            ["-nokeys"],
        )
    )
    iterations, many = b"\x02\x03\x01\x11\x70", b"\x02\x03\x7f\xff\xff"
    assert iterations in modern
    assert iterations in legacy
    return [
        ("too_many_iterations", with_mac_iterations(modern, 2**31 - 1)),
        ("too_many_iterations", with_mac_iterations(legacy, 2**31 - 1)),
        ("too_many_iterations", modern.replace(iterations, many)),
        ("too_many_iterations", legacy.replace(iterations, many)),
        ("pkcs12_truncated", modern[: len(modern) // 2]),
        ("pkcs12_truncated", legacy[:-1]),
        ("pkcs12_empty", b""),
        ("pkcs12_too_large", bytes(50 * 1024 * 1024)),
        ("pkcs12_malformed", b"%PDF-1.7"),
        ("unsupported_protection", rc4),
        ("no_private_key", alone),
    ]


def test_bad_key_file_is_told_what_is_wrong_with_it(
    recorder: Recorder,
    drill_page: Page,
    key_pair: KeyPair,
    private_key: rsa.RSAPrivateKey,
    tmp_path: Path,
):
    bad = make_bad_files(tmp_path, private_key, bytes(key_pair.certificate))
    codes = []

    for _, data in bad:
        (tmp_path / "bad.p12").write_bytes(data)
        give(drill_page, tmp_path / "bad.p12")
        codes.append(told(drill_page))

    assert codes == [code for code, _ in bad]
    old = export(tmp_path, private_key, bytes(key_pair.certificate), "-legacy")
    give(drill_page, old, PASSWORD + ".")
    assert told(drill_page) == "wrong_password"
    assert drill_page.locator("[data-proven]").count() == 0
    assert (recorder.console, recorder.errors) == ([], [])


def test_opening_page_takes_old_key_files_and_tells_bad_ones(
    recorder: Recorder, page: Page, sign_in: Callable[..., None], tmp_path: Path
):
    scene = sealed.make_scene({EnvelopeKind.APPLICATION: {"dc1.txt": b"x"}})
    scene.consultation.closes_at = timezone.now() - timedelta(minutes=1)
    scene.consultation.save(update_fields=["closes_at"])
    sign_in(page, scene.agent.user)
    page.goto(reverse("envelopes:opening", args=[scene.consultation.pk]))
    key, certificate = scene.holder.private_key, bytes(scene.holder.key_pair.certificate)
    bad = make_bad_files(tmp_path, key, certificate)
    file, password = page.locator("[data-file]"), page.locator("[data-password]")

    for code, data in bad:
        (tmp_path / "bad.p12").write_bytes(data)
        file.set_input_files(tmp_path / "bad.p12")
        password.fill(PASSWORD)
        password.press("Enter")
        sentence = page.locator(f'[data-text="{code}"]').text_content() or ""
        expect(page.locator("[data-key-error]")).to_have_text(sentence)
    file.set_input_files(export(tmp_path, key, certificate, "-legacy"))
    password.press("Enter")

    expect(page.locator("[data-unlocked]")).to_be_visible()
    assert (recorder.console, recorder.errors) == ([], [])
