# SPDX-License-Identifier: EUPL-1.2
"""Vectors of sealed blocks: good ones, and each way in which one is refused."""

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from unittest import mock

from keys import der
from keys.cms import Recipient, algorithms, read_header, seal_block, sealing, unwrap
from tools import vector_keys

Vector = dict[str, Any]
Place = dict[str, Any]

FOLDER = vector_keys.FOLDER.parent
FILE_ID = bytes.fromhex("00112233445566ff")
FIRST: Place = {"file_id": FILE_ID, "number": 0, "is_last": True}
OAEP_OPTIONS = "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256"
KDF_OPTIONS = "-keyopt ecdh_kdf_md:sha256"


class Kept:
    """The sealed bytes of a former run, by the name of their vector."""

    def __init__(self, file: str, member: str) -> None:
        path = FOLDER / file
        former = json.loads(path.read_text()) if path.exists() else []
        self._bytes = {v["name"]: b64decode(v["inputs"].get(member, "")) for v in former}

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        return self._bytes[name] if name in self._bytes else make()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def plaintext_of(size: int) -> bytes:
    return (b"Acte d'engagement. " * (size // 19 + 1))[:size]


def recipients(*names: str) -> list[Recipient]:
    return [Recipient.of(vector_keys.load(name)[0]) for name in names]


def openssl(*names: str, options: str = "-aes-256-gcm", keyopt: str | None = None) -> bytes:
    """17 bytes, sealed by OpenSSL to these recipients."""
    command = ["openssl", "cms", "-encrypt", "-binary", "-outform", "DER", *options.split()]
    for name in names:
        given = (OAEP_OPTIONS if "rsa" in name else KDF_OPTIONS) if keyopt is None else keyopt
        command += ["-recip", str(vector_keys.FOLDER / f"{name}.crt"), *given.split()]
    return subprocess.run(
        command, input=plaintext_of(17), stdout=subprocess.PIPE, check=True
    ).stdout


def seal_with(name: str, **replaced: Any) -> bytes:
    """17 bytes, sealed by our sealer with other algorithms than its own."""
    with mock.patch.multiple(sealing, **replaced):
        return seal_block(plaintext_of(17), recipients(name), **FIRST)


def blocks() -> Iterator[Vector]:
    """blocks.json"""
    kept = Kept("blocks.json", "block")
    sealed: dict[tuple[object, ...], bytes] = {}
    for name, key, names, size, place in good_blocks():
        what = (names, size, *place.values())
        if what not in sealed:
            sealed[what] = kept.get(name, lambda: _seal(names, size, place))  # noqa: B023 - called at once
        content_key = unwrap(read_header(sealed[what]), *vector_keys.load(key))
        expect = {"content_key": content_key.hex(), "plaintext": b64(plaintext_of(size))}
        yield _block(name, sealed[what], key, place, expect)
    rsa = sealed[("rsa-2048",), 17, *FIRST.values()]
    ec = sealed[("p-256",), 17, *FIRST.values()]
    for name, block, code in (*_broken(rsa), *_of_others(kept)):
        yield _block(name, block, "rsa-2048", FIRST, {"error": code})
    for name, block, code in _flipped_ec(ec):
        yield _block(name, block, "p-256", FIRST, {"error": code})
    yield from _misplaced(rsa)
    yield from _wrong_keys(rsa, ec)


def good_blocks() -> Iterator[tuple[str, str, tuple[str, ...], int, Place]]:
    """Name, key that opens, recipients, size, place."""
    for key in vector_keys.TEN[:5]:
        yield f"{key}, 17 bytes", key, (key,), 17, FIRST
    for key in ("rsa-2048", "p-256"):
        for size in (0, 1, 1000):
            yield f"{key}, size {size}", key, (key,), size, FIRST
        yield f"two recipients, by {key}", key, ("rsa-2048", "p-256"), 17, FIRST
    for key in ("rsa-2048", "rsa-4096", "p-384", "p-256-6"):
        yield f"ten recipients, by {key}", key, vector_keys.TEN, 17, FIRST
    for number, is_last in ((0, False), (3, False), (3, True), (2**31 - 1, True)):
        name = f"number {number}, {'the last' if is_last else 'not the last'}"
        place = {"file_id": FILE_ID, "number": number, "is_last": is_last}
        yield name, "p-256", ("p-256",), 17, place


def _seal(names: tuple[str, ...], size: int, place: Place) -> bytes:
    return seal_block(plaintext_of(size), recipients(*names), **place)


def _block(name: str, block: bytes, key: str, place: Place, expect: Vector) -> Vector:
    place = {**place, "file_id": place["file_id"].hex()}
    return {"name": name, "inputs": {"block": b64(block), "key": key, **place}, "expect": expect}


def _misplaced(block: bytes) -> Iterator[Vector]:
    for name, change in (
        ("another number", {"number": 1}),
        ("not the last", {"is_last": False}),
        ("another file", {"file_id": bytes.fromhex("00112233445566fe")}),
    ):
        place = {**FIRST, **change}
        yield _block(f"given as {name}", block, "rsa-2048", place, {"error": "misplaced"})


def _wrong_keys(rsa: bytes, ec: bytes) -> Iterator[Vector]:
    for block, key, code in (
        (rsa, "outsider-rsa-2048", "not_a_recipient"),
        (ec, "outsider-p-256", "not_a_recipient"),
        (rsa, "p-256", "not_a_recipient"),
        (rsa, "impostor-rsa-2048", "damaged"),
    ):
        size = "RSA" if block is rsa else "EC"
        yield _block(f"{size} block, opened by {key}", block, key, FIRST, {"error": code})


def _broken(block: bytes) -> Iterator[tuple[str, bytes, str]]:
    header = read_header(block)
    start, end = header.content_offset, header.content_offset + header.content_size
    for name, length in (
        ("empty", 0),
        ("cut in the first length", 2),
        ("cut in a recipient info", start // 2),
        ("cut before the content", start),
        ("cut in the content", start + 5),
        ("cut before the tag", end),
        ("cut in the tag", len(block) - 1),
    ):
        yield name, block[:length], "malformed"
    yield "followed by a byte", block + b"\x00", "malformed"
    yield "followed by itself", block + block, "malformed"
    yield "a length not the shortest", b"\x30\x83\x00" + block[2:], "malformed"
    yield "content in pieces", block[: start - 2] + b"\xa0" + block[start - 1 :], "malformed"
    yield from _rebuilt(block)
    for name, offset, code in _landmarks(block):
        yield f"flipped bit: {name}", flip(block, offset), code


def _rebuilt(block: bytes) -> Iterator[tuple[str, bytes, str]]:
    """The same block with fields added or removed, all lengths right."""
    reader = der.Reader(block).enter(der.SEQUENCE)
    kind = reader.element(der.OBJECT_IDENTIFIER)
    enveloped = reader.enter(0xA0).enter(der.SEQUENCE)
    version, infos = enveloped.element(der.INTEGER), enveloped.element(der.SET)
    content, tag = enveloped.element(der.SEQUENCE), enveloped.element(der.OCTET_STRING)
    attribute = der.encode(der.SEQUENCE, algorithms.DATA, der.encode(der.SET, der.NULL))
    for name, fields in (
        ("originatorInfo", (version, der.encode(0xA0), infos, content, tag)),
        ("authAttrs", (version, infos, content, der.encode(0xA1, attribute), tag)),
        ("unauthAttrs", (version, infos, content, tag, der.encode(0xA2, attribute))),
        ("no recipient", (version, der.encode(der.SET), content, tag)),
        ("no tag", (version, infos, content)),
    ):
        enveloped_data = der.encode(0xA0, der.encode(der.SEQUENCE, *fields))
        yield f"with {name}", der.encode(der.SEQUENCE, kind, enveloped_data), "malformed"
    password = der.encode(0xA3, version)
    infos = der.set_of([der.Reader(infos).enter(der.SET).element(der.SEQUENCE), password])
    enveloped_data = der.encode(0xA0, der.encode(der.SEQUENCE, version, infos, content, tag))
    yield "with a password", der.encode(der.SEQUENCE, kind, enveloped_data), "unsupported"


def _landmarks(block: bytes) -> Iterator[tuple[str, int, str]]:
    header = read_header(block)
    start, end = header.content_offset, header.content_offset + header.content_size
    [info] = header.recipients
    name, key = block.index(info.identifier), block.index(info.encrypted_key)
    sha256 = "300d06096086480165030402"
    yield "first tag", 0, "malformed"
    yield "first length", 3, "malformed"
    yield "content type of the message", _end(block, algorithms.AUTH_ENVELOPED_DATA), "unsupported"
    yield "version", block.index(algorithms.VERSION_0) + 2, "unsupported"
    yield "version of the recipient info", name - 1, "unsupported"
    yield "issuer", name + 20, "not_a_recipient"
    yield "serial number", name + len(info.identifier) - 1, "not_a_recipient"
    yield "key-encryption algorithm", _end(block, "2a864886f70d010107"), "unsupported"
    yield "hash of OAEP", _end(block, f"a00f{sha256}01"), "unsupported"
    yield "hash of MGF1", _end(block, f"010108{sha256}01"), "unsupported"
    yield "encrypted key", key + 100, "damaged"
    yield from _content_landmarks(block, start, end)


def _content_landmarks(block: bytes, start: int, end: int) -> Iterator[tuple[str, int, str]]:
    yield "content type", _end(block, algorithms.DATA), "unsupported"
    yield "content-encryption algorithm", _end(block, "60864801650304012e"), "unsupported"
    yield "file id", _end(block, "3011040c") + 1, "misplaced"
    yield "number", _end(block, "3011040c") + 12, "misplaced"
    yield "length of the tag in the parameters", start - 3, "unsupported"
    yield "tag of the content", start - 2, "malformed"
    yield "length of the content", start - 1, "malformed"
    yield "first byte of the content", start, "damaged"
    yield "last byte of the content", end - 1, "damaged"
    yield "type of the tag", end, "malformed"
    yield "length of the tag", end + 1, "malformed"
    yield "first byte of the tag", end + 2, "damaged"
    yield "last byte of the tag", end + 17, "damaged"


def _flipped_ec(block: bytes) -> Iterator[tuple[str, bytes, str]]:
    [info] = read_header(block).recipients
    point = block.index(info.point or b"")
    for name, offset, code in (
        ("version", _end(block, algorithms.VERSION_3), "unsupported"),
        ("algorithm of the ephemeral key", _end(block, algorithms.EC_PUBLIC_KEY), "unsupported"),
        ("unused bits of the ephemeral key", point - 1, "malformed"),
        ("ephemeral key", point + 10, "damaged"),
        ("key derivation", _end(block, "2b8104010b01"), "unsupported"),
        ("key wrap", _end(block, "60864801650304012d"), "unsupported"),
        ("wrapped key", block.index(info.encrypted_key) + 39, "damaged"),
    ):
        yield f"flipped bit, EC: {name}", flip(block, offset), code


def _of_others(kept: Kept) -> Iterator[tuple[str, bytes, str]]:
    """Sound messages for rsa-2048, that are not of this format."""
    for name, code, make in (
        ("of OpenSSL, without NULL", "unsupported", lambda: openssl("rsa-2048")),
        ("in BER", "malformed", lambda: openssl("rsa-2048", options="-aes-256-gcm -stream")),
        (
            "by subject key identifier",
            "unsupported",
            lambda: openssl("rsa-2048", options="-aes-256-gcm -keyid"),
        ),
        ("named by its key identifier", "unsupported", _sealed_by_key_identifier),
        *_other_algorithms("unsupported"),
    ):
        yield name, kept.get(name, make), code


def _sealed_by_key_identifier() -> bytes:
    """A block of ours in all but the name of its recipient."""
    certificate, _ = vector_keys.load("rsa-2048")
    identifier = der.encode(0x80, certificate.subject_key_identifier or b"")
    renamed = replace(certificate, issuer_and_serial=identifier)
    return seal_block(plaintext_of(17), [Recipient.of(renamed)], **FIRST)


def _other_algorithms(code: str) -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    for name, options, keyopt in (
        ("OAEP with SHA-1", "-aes-256-gcm", "-keyopt rsa_padding_mode:oaep"),
        ("OAEP with SHA-384", "-aes-256-gcm", OAEP_OPTIONS.replace("256", "384")),
        ("OAEP with a label", "-aes-256-gcm", f"{OAEP_OPTIONS} -keyopt rsa_oaep_label:6162"),
        ("PKCS#1 v1.5", "-aes-256-gcm", ""),
        ("AES-128-GCM", "-aes-128-gcm", OAEP_OPTIONS),
        ("EnvelopedData", "-aes-256-cbc", OAEP_OPTIONS),
    ):
        yield name, code, partial(openssl, "rsa-2048", options=options, keyopt=keyopt)


def messages() -> Iterator[Vector]:
    """messages.json"""
    kept = Kept("messages.json", "message")
    expect = {"plaintext": b64(plaintext_of(17))}
    for name, key, make in _readable_messages():
        yield _message(name, kept.get(name, make), key, expect)
    for name, code, make in _other_algorithms("unsupported"):
        yield _message(name, kept.get(name, make), "rsa-2048", {"error": code})
    message = kept.get("rsa-2048", lambda: openssl("rsa-2048"))
    for name, block, key, code in (
        ("not for this key", message, "outsider-rsa-2048", "not_a_recipient"),
        ("cut", message[:-1], "rsa-2048", "malformed"),
        ("followed by a byte", message + b"\x00", "rsa-2048", "malformed"),
        ("flipped content", flip(message, len(message) - 20), "rsa-2048", "damaged"),
    ):
        yield _message(name, block, key, {"error": code})


def _readable_messages() -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    by_key = "-aes-256-gcm -keyid"
    for key in ("rsa-2048", "p-256", "p-384"):
        yield key, key, partial(openssl, key)
        yield f"{key}, by key identifier", key, partial(openssl, key, options=by_key)
        yield f"two recipients, by {key}", key, partial(openssl, key, "p-256-2")
    shared = f"-aes-256-gcm -secretkey {'00' * 32} -secretkeyid 01"
    yield "beside a shared key", "p-256", partial(openssl, "p-256", options=shared)
    yield "KDF with SHA-1", "p-256", lambda: openssl("p-256", keyopt="")
    label = algorithms.READABLE_OAEP
    for number, algorithm in enumerate(sorted(label)):
        yield (
            f"form {number} of OAEP",
            "rsa-2048",
            partial(seal_with, "rsa-2048", OAEP=algorithm),
        )
    for number, agreement in enumerate(algorithms.READABLE_ECDH.values()):
        yield f"form {number} of ECDH", "p-256", partial(seal_with, "p-256", ECDH=agreement)


def _message(name: str, message: bytes, key: str, expect: Vector) -> Vector:
    return {"name": name, "inputs": {"message": b64(message), "key": key}, "expect": expect}


def flip(block: bytes, offset: int, bit: int = 0) -> bytes:
    return block[:offset] + bytes((block[offset] ^ 1 << bit,)) + block[offset + 1 :]


def _end(block: bytes, landmark: bytes | str) -> int:
    """The offset of the last byte of a landmark, given in bytes or in hexadecimal."""
    mark = landmark if isinstance(landmark, bytes) else bytes.fromhex(landmark)
    return block.index(mark) + len(mark) - 1
