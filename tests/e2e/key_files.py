# SPDX-License-Identifier: EUPL-1.2
"""Key files on the disk of a person, and giving them to a page."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from playwright.sync_api import Page

PASSWORD = "Gravier-Moulin-Ardoise-58"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def write(folder: Path, key: PrivateKey, certificate: bytes, *, name: str = "other.p12") -> Path:
    """As another tool would: AES-256, HMAC-SHA-256."""
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .build(PASSWORD.encode())
    )
    file = folder / name
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"cle", key, x509.load_der_x509_certificate(certificate), None, encryption
        )
    )
    return file


def generate(
    page: Page, folder: Path, *, name: str = "Claire Martin", algorithm: str = "P-256"
) -> Path:
    """Fill in the first two steps, make the key pair, save its file."""
    page.locator("[data-name]").fill(name)
    page.locator(f"[data-algorithm][value={algorithm}]").check()
    page.locator("[data-password]").fill(PASSWORD)
    page.locator("[data-password-again]").fill(PASSWORD)
    page.locator("[data-generate]").click()
    with page.expect_download() as download:
        page.locator("[data-save]").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def give(page: Page, file: Path, password: str = PASSWORD) -> None:
    """Choose the file, type its password, press Enter."""
    page.locator("[data-key-file]").set_input_files(file)
    page.locator("[data-key-file-password]").fill(password)
    page.locator("[data-key-file-password]").press("Enter")


def secrets_of(file: Path, password: str = PASSWORD) -> list[bytes]:
    """The password, and the private key in each form: of the file, PKCS#8, its numbers alone."""
    private_key, *_ = pkcs12.load_key_and_certificates(file.read_bytes(), password.encode())
    assert isinstance(private_key, PrivateKey)
    data = file.read_bytes()
    middle = data[len(data) // 2 :][:96]  # of the encrypted contents
    return [password.encode(), data, middle, *secrets_of_key(private_key)]


def secrets_of_key(private_key: PrivateKey) -> list[bytes]:
    pkcs8 = private_key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    numbers = private_key.private_numbers()
    values = (
        [numbers.d, numbers.p, numbers.q]
        if isinstance(numbers, rsa.RSAPrivateNumbers)
        else [numbers.private_value]
    )
    return [pkcs8, *(value.to_bytes((value.bit_length() + 7) // 8, "big") for value in values)]
