# SPDX-License-Identifier: EUPL-1.2
"""What we seal opens with stock OpenSSL, and what OpenSSL seals opens here."""

import os
import subprocess

import pytest

from keys import cms
from keys.cms import BLOCK_SIZE, BlockSealer, Recipient
from tools import vector_keys

FILE_ID = b"12345678"
PIECE = 256 * 1024
OAEP = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256")


def run(*command, given=None):
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def certificate_file(name):
    return str(vector_keys.FOLDER / f"{name}.crt")


def open_with_openssl(block, name, folder):
    sealed, opened = folder / "block.der", folder / "plaintext"
    sealed.write_bytes(block)
    run(
        *("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", sealed, "-out", opened),
        *("-inkey", str(vector_keys.FOLDER / f"{name}.key"), "-recip", certificate_file(name)),
    )
    return opened.read_bytes()


def recipients(*names):
    return [Recipient.of(vector_keys.load(name)[0]) for name in names]


def seal_file(plaintext, recipients):
    """The blocks of a file, sealed piece by piece as an upload is."""
    count = max(1, -(-len(plaintext) // BLOCK_SIZE))
    for number in range(count):
        part = memoryview(plaintext)[number * BLOCK_SIZE : (number + 1) * BLOCK_SIZE]
        sealer = BlockSealer(
            recipients, file_id=FILE_ID, number=number, is_last=number == count - 1, size=len(part)
        )
        pieces = [sealer.update(part[at : at + PIECE]) for at in range(0, len(part), PIECE)]
        yield b"".join((sealer.header, *pieces, sealer.finish()))


@pytest.mark.parametrize(
    "size",
    [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE],
)
def test_openssl_opens_a_file_of_any_size(size, tmp_path):
    plaintext = os.urandom(size)

    blocks = list(seal_file(plaintext, recipients("rsa-3072")))

    assert len(blocks) == max(1, -(-size // BLOCK_SIZE))
    assert b"".join(open_with_openssl(block, "rsa-3072", tmp_path) for block in blocks) == plaintext


@pytest.mark.parametrize("size", [0, 1, 1000])
@pytest.mark.parametrize(
    "names",
    [
        *((name,) for name in vector_keys.TEN[:5]),
        ("rsa-4096", "p-256"),
        ("p-384", "rsa-2048"),
        vector_keys.TEN,
    ],
    ids="+".join,
)
def test_openssl_opens_a_block_for_each_recipient(names, size, tmp_path):
    plaintext = os.urandom(size)

    [block] = seal_file(plaintext, recipients(*names))

    for name in names:
        assert open_with_openssl(block, name, tmp_path) == plaintext


@pytest.mark.parametrize("name", vector_keys.TEN[:5])
@pytest.mark.parametrize("naming", [(), ("-keyid",)], ids=["serial", "keyid"])
@pytest.mark.parametrize("kdf", [(), ("-keyopt", "ecdh_kdf_md:sha256")], ids=["SHA-1", "SHA-256"])
@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_open_message_opens_what_openssl_seals(name, naming, kdf, size):
    plaintext = os.urandom(size)
    keyopt = OAEP if "rsa" in name else kdf

    message = run(
        *("openssl", "cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", *naming),
        *("-recip", certificate_file(name), *keyopt),
        given=plaintext,
    )

    assert cms.open_message(message, *vector_keys.load(name)) == plaintext


def test_open_message_opens_what_openssl_seals_to_ten(tmp_path):
    plaintext = os.urandom(1000)
    named = (
        option
        for name in vector_keys.TEN
        for option in ("-recip", certificate_file(name), *(OAEP if "rsa" in name else ()))
    )

    message = run(
        *("openssl", "cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", *named),
        given=plaintext,
    )

    for name in vector_keys.TEN:
        assert cms.open_message(message, *vector_keys.load(name)) == plaintext


def test_openssl_refuses_a_block_whose_nonce_was_changed(tmp_path):
    [block] = seal_file(b"the price is 42", recipients("p-256"))
    moved = block.replace(FILE_ID, b"87654321")

    with pytest.raises(subprocess.CalledProcessError):
        open_with_openssl(moved, "p-256", tmp_path)
