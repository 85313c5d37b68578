# SPDX-License-Identifier: EUPL-1.2
import contextlib
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import cms, der
from keys.certificates import CertificateRefused, read_certificate
from keys.cms import (
    BLOCK_SIZE,
    BlockSealer,
    Damaged,
    EnvelopeError,
    Malformed,
    Misplaced,
    Recipient,
    SealingError,
)
from tests.keys.making import make_certificate, with_rsa_key
from tools import vector_keys

VECTORS = Path(__file__).parents[1] / "vectors"
PLACE: dict[str, Any] = {"file_id": b"12345678", "number": 3, "is_last": True}
RSA, EC = vector_keys.load("rsa-2048"), vector_keys.load("p-256")


def vectors(file, outcome):
    found = json.loads((VECTORS / file).read_text())
    return [pytest.param(v, id=v["name"]) for v in found if outcome in v["expect"]]


def place_of(inputs):
    return {
        "file_id": bytes.fromhex(inputs["file_id"]),
        "number": inputs["number"],
        "is_last": inputs["is_last"],
    }


def seal(plaintext, *keys, **place):
    recipients = [Recipient.of(certificate) for certificate, _ in keys]
    return cms.seal_block(plaintext, recipients, **(place or PLACE))


@pytest.mark.parametrize("vector", vectors("blocks.json", "plaintext"))
def test_open_with_opens_the_vector(vector):
    inputs = vector["inputs"]
    block, key = b64decode(inputs["block"]), vector_keys.load(inputs["key"])

    plaintext = cms.open_with(block, key, **place_of(inputs))

    assert plaintext == b64decode(vector["expect"]["plaintext"])


@pytest.mark.parametrize("vector", vectors("blocks.json", "plaintext"))
def test_open_block_opens_the_vector_with_its_content_key(vector):
    inputs = vector["inputs"]
    block, key = b64decode(inputs["block"]), vector_keys.load(inputs["key"])

    content_key = cms.unwrap(cms.read_header(block), *key)
    plaintext = cms.open_block(block, content_key, **place_of(inputs))

    assert content_key.hex() == vector["expect"]["content_key"]
    assert plaintext == b64decode(vector["expect"]["plaintext"])


@pytest.mark.parametrize("vector", vectors("blocks.json", "error"))
def test_open_with_refuses_the_vector(vector):
    inputs = vector["inputs"]
    block, key = b64decode(inputs["block"]), vector_keys.load(inputs["key"])

    with pytest.raises(EnvelopeError) as refusal:
        cms.open_with(block, key, **place_of(inputs))

    assert refusal.value.code == vector["expect"]["error"]


@pytest.mark.parametrize("vector", vectors("messages.json", "plaintext"))
def test_open_message_opens_the_vector(vector):
    message = b64decode(vector["inputs"]["message"])

    plaintext = cms.open_message(message, *vector_keys.load(vector["inputs"]["key"]))

    assert plaintext == b64decode(vector["expect"]["plaintext"])


@pytest.mark.parametrize("vector", vectors("messages.json", "error"))
def test_open_message_refuses_the_vector(vector):
    message = b64decode(vector["inputs"]["message"])

    with pytest.raises(EnvelopeError) as refusal:
        cms.open_message(message, *vector_keys.load(vector["inputs"]["key"]))

    assert refusal.value.code == vector["expect"]["error"]


@pytest.mark.parametrize("vector", vectors("lengths.json", "fits"))
def test_check_length_accepts_the_vector(vector):
    cms.check_length(**vector["inputs"])  # raises nothing


@pytest.mark.parametrize("vector", vectors("lengths.json", "error"))
def test_check_length_refuses_the_vector(vector):
    with pytest.raises(Misplaced):
        cms.check_length(**vector["inputs"])


@pytest.mark.parametrize("key", [RSA, EC], ids=["RSA", "EC"])
def test_open_with_refuses_every_flipped_bit(key):
    block = bytearray(seal(b"the price is 42", key))
    opened = []

    for position in range(len(block) * 8):
        block[position // 8] ^= 1 << position % 8
        with contextlib.suppress(EnvelopeError):
            opened.append((position, cms.open_with(block, key, **PLACE)))
        block[position // 8] ^= 1 << position % 8

    assert opened == []
    assert cms.open_with(block, key, **PLACE) == b"the price is 42"


@pytest.mark.parametrize("key", [RSA, EC], ids=["RSA", "EC"])
def test_open_with_refuses_every_cut(key):
    block = seal(b"the price is 42", key)

    for length in range(len(block)):
        with pytest.raises(Malformed):
            cms.open_with(block[:length], key, **PLACE)


@given(st.binary(max_size=600))
def test_read_header_refuses_noise_in_its_own_words(data):
    with pytest.raises(EnvelopeError):
        cms.read_header(data)


@given(position=st.integers(0, 10_000), junk=st.binary(min_size=1, max_size=4))
def test_open_with_refuses_bytes_put_anywhere(position, junk):
    block = seal(b"the price is 42", EC)
    at = position % (len(block) + 1)

    with pytest.raises(EnvelopeError):
        cms.open_with(block[:at] + junk + block[at:], EC, **PLACE)


@given(pieces=st.lists(st.binary(max_size=200), max_size=8))
def test_sealer_seals_the_pieces_as_one(pieces):
    plaintext = b"".join(pieces)
    sealer = BlockSealer([Recipient.of(EC[0])], size=len(plaintext), **PLACE)

    sealed = [sealer.update(memoryview(piece)) for piece in pieces]
    block = b"".join((sealer.header, *sealed, sealer.finish()))

    assert [len(piece) for piece in sealed] == [len(piece) for piece in pieces]
    assert cms.open_with(block, EC, **PLACE) == plaintext


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
@pytest.mark.parametrize("names", [("rsa-2048",), ("p-384",), vector_keys.TEN], ids=len)
def test_sealed_size_is_known_before_sealing(names, size):
    recipients = [Recipient.of(vector_keys.load(name)[0]) for name in names]

    block = cms.seal_block(bytes(size), recipients, **PLACE)

    assert cms.sealed_size(recipients, size) == len(block)
    assert cms.read_header(block).block_size == len(block)
    assert BlockSealer(recipients, size=size, **PLACE).sealed_size == len(block)


def test_sealer_writes_the_recipients_in_the_order_of_der():
    recipients = [Recipient.of(vector_keys.load(name)[0]) for name in reversed(vector_keys.TEN)]

    block = cms.seal_block(b"x", recipients, **PLACE)

    content_info = der.Reader(block).enter(der.SEQUENCE)
    content_info.skip()
    enveloped = content_info.enter(0xA0).enter(der.SEQUENCE)
    enveloped.skip()
    infos = enveloped.enter(der.SET)
    written = [infos.element(infos.next_tag() or 0) for _ in vector_keys.TEN]
    assert infos.next_tag() is None
    assert written == sorted(written)


def test_read_header_needs_no_more_than_the_header():
    block = seal(bytes(1000), RSA, EC)
    header = cms.read_header(block)

    assert cms.read_header(block[: header.content_offset]) == header
    assert header.block_size == len(block)
    assert header.nonce == bytes.fromhex("313233343536373880000003")
    with pytest.raises(Malformed):
        cms.read_header(block[: header.content_offset - 1])


def test_sealer_draws_a_content_key_for_each_block():
    blocks = [seal(bytes(64), EC) for _ in range(100)]

    content_keys = {cms.unwrap(cms.read_header(block), *EC) for block in blocks}

    assert len(content_keys) == 100


def test_sealer_refuses_more_bytes_than_announced():
    sealer = BlockSealer([Recipient.of(EC[0])], size=3, **PLACE)
    sealer.update(b"ab")

    with pytest.raises(SealingError):
        sealer.update(b"cd")


def test_sealer_refuses_to_finish_early():
    sealer = BlockSealer([Recipient.of(EC[0])], size=3, **PLACE)
    sealer.update(b"ab")

    with pytest.raises(SealingError):
        sealer.finish()


def test_sealer_finishes_once():
    sealer = BlockSealer([Recipient.of(EC[0])], size=0, **PLACE)
    sealer.finish()

    with pytest.raises(SealingError):
        sealer.update(b"")
    with pytest.raises(SealingError):
        sealer.finish()


@pytest.mark.parametrize("size", [-1, BLOCK_SIZE + 1])
def test_sealer_refuses_a_size_that_no_block_has(size):
    with pytest.raises(SealingError):
        BlockSealer([Recipient.of(EC[0])], size=size, **PLACE)


def test_sealer_takes_64_recipients_of_different_names():
    _, key = EC
    certificates = [read_certificate(make_certificate(key, serial=n)) for n in range(1, 66)]
    recipients = [Recipient.of(certificate) for certificate in certificates]

    block = cms.seal_block(b"x", recipients[:64], **PLACE)

    assert cms.open_with(block, (certificates[63], key), **PLACE) == b"x"
    for refused in (recipients, [], [recipients[0], recipients[0]]):
        with pytest.raises(SealingError):
            cms.seal_block(b"x", refused, **PLACE)


def test_sealer_refuses_two_certificates_of_one_name():
    impostor = vector_keys.load("impostor-rsa-2048")

    with pytest.raises(SealingError):
        seal(b"x", RSA, impostor)


def test_recipient_refuses_a_weak_key():
    certificate = read_certificate(with_rsa_key((1 << 1023) + 1, 65537))

    with pytest.raises(CertificateRefused) as refusal:
        Recipient.of(certificate)

    assert refusal.value.finding.code == "rsa_size"


@pytest.mark.parametrize("content_key", [bytes(32), bytes(16), b""], ids=len)
def test_open_block_refuses_another_content_key(content_key):
    with pytest.raises(Damaged):
        cms.open_block(seal(b"x", EC), content_key, **PLACE)


@pytest.mark.parametrize(
    ("file_id", "number"),
    [(b"1234567", 0), (b"123456789", 0), (b"12345678", -1), (b"12345678", 2**31)],
)
def test_nonce_of_refuses_what_is_no_place(file_id, number):
    with pytest.raises(ValueError, match="place"):
        cms.nonce_of(file_id, number, is_last=False)
