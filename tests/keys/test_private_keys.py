# SPDX-License-Identifier: EUPL-1.2
"""Each kind of private key, in each way of writing it, is found; nothing else is."""

import base64
import json
import time
from itertools import product
from urllib.parse import quote_plus, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from keys import private_keys
from tests.keys.making import EC_KEY, RSA_KEY, make_certificate, pem

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
LOCKED = BestAvailableEncryption(b"secret")
KEYS: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
    "RSA": RSA_KEY,
    "P-256": EC_KEY,
    "P-384": ec.generate_private_key(ec.SECP384R1()),
}


PKCS12_IN_BER = b"\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80"
FORMS = {"PKCS#8": PrivateFormat.PKCS8, "traditional": PrivateFormat.TraditionalOpenSSL}
ENCODINGS = {"DER": Encoding.DER, "PEM": Encoding.PEM}


def public_key_of(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def make_secrets() -> dict[str, tuple[bytes, bytes | None]]:
    """What people have on their disks, and the public key that it tells."""
    made: dict[str, tuple[bytes, bytes | None]] = {}
    for name, key in KEYS.items():
        for form, encoding in product(FORMS, ENCODINGS):
            clear = key.private_bytes(ENCODINGS[encoding], FORMS[form], NoEncryption())
            made[f"{name}, {form}, {encoding}"] = (clear, public_key_of(key))
        for encoding, value in ENCODINGS.items():
            locked = key.private_bytes(value, PrivateFormat.PKCS8, LOCKED)
            made[f"{name}, encrypted, {encoding}"] = (locked, None)
        key_file = pkcs12.serialize_key_and_certificates(b"k", key, None, None, LOCKED)
        made[f"{name}, PKCS#12"] = (key_file, None)
    edwards = ed25519.Ed25519PrivateKey.generate()
    pkcs8 = edwards.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    ssh = RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return made | {
        "Ed25519": (pkcs8, public_key_of(edwards)),
        "OpenSSH": (ssh, None),
        "PKCS#12 in BER": (PKCS12_IN_BER, None),
        "PEM, cut": (b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB", None),
    }


def expected(public_key: bytes | None) -> set[bytes]:
    return {public_key} if public_key else set()


SECRETS = make_secrets()
TEXTS = [kind for kind, (secret, _) in SECRETS.items() if secret.startswith(b"-")]


def multipart(content: bytes) -> bytes:
    return (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="k"\r\n\r\n%b\r\n--x--'
        % content
    )


def lines(content: bytes) -> str:
    return base64.encodebytes(content).decode()


WAYS = {
    "raw": lambda content: content,
    "multipart": multipart,
    "multipart, cut": lambda content: multipart(content)[:-8],
    "base64 in JSON": lambda content: json.dumps(
        {"name": base64.b64encode(content).decode()}
    ).encode(),
    "base64 for addresses": lambda content: b"certificate=" + base64.urlsafe_b64encode(content),
    "base64 in a data address": lambda content: b"data:x/y;base64," + base64.b64encode(content),
    "lines of base64 in JSON": lambda content: json.dumps({"a": ["é", lines(content)]}).encode(),
    "lines of base64 in a form": lambda content: urlencode({"name": lines(content)}).encode(),
    "hexadecimal": lambda content: json.dumps({"answer": content.hex()}).encode(),
}
TEXT_WAYS = {
    "in JSON": lambda content: json.dumps({"name": content.decode()}).encode(),
    "in JSON, all escaped": lambda content: "".join(
        f"\\u{ord(c):04x}" for c in content.decode()
    ).encode(),
    "in a form": lambda content: b"name=" + quote_plus(content.decode()).encode(),
    "as Windows writes it": lambda content: content.decode().encode("utf-16"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", SECRETS)
def test_find_finds_each_kind_however_it_is_written(kind, way):
    secret, public_key = SECRETS[kind]

    found = private_keys.find(WAYS[way](secret))

    assert found is not None
    if way != "multipart, cut":
        assert found.public_keys >= expected(public_key)


@pytest.mark.parametrize("way", TEXT_WAYS)
@pytest.mark.parametrize("kind", TEXTS)
def test_find_finds_pem_in_texts(kind, way):
    secret, public_key = SECRETS[kind]

    found = private_keys.find(TEXT_WAYS[way](secret))

    assert found is not None
    assert found.public_keys == expected(public_key)


def test_find_names_the_key_without_showing_it():
    found = private_keys.find(SECRETS["P-256, PKCS#8, DER"][0])

    assert repr(found) == "SentKey()"


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_find_leaves_what_our_pages_send(key):
    certificates = [
        make_certificate(key, common_name=f"Marie {serial}", serial=serial)
        for serial in range(1, 40)
    ]
    bodies = [
        json.dumps({"name": "PRIVATE KEY", "certificate": base64.b64encode(der).decode()}).encode()
        for der in certificates
    ]
    public_key = public_key_of(key)

    found = [
        body
        for body in [
            *certificates,
            *map(pem, certificates),
            *bodies,
            public_key,
            lines(public_key).encode(),
        ]
        if private_keys.find(body)
    ]

    assert found == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"30" * 32, b"\x30", b"\\", b"%", b"\0" * 9, b"M" * 50]
)
def test_find_finds_nothing_in_nothing(body):
    assert private_keys.find(body) is None


@pytest.mark.parametrize(
    "body", [b"MIIEpAIB", b"30820122", b"\x30\x82", b"MIIEpAIB ", b"%2", b"\\u00"]
)
def test_find_is_quick_on_the_longest_body(body):
    started = time.monotonic()

    private_keys.find(body * (1024 * 1024 // len(body)))

    assert time.monotonic() - started < 5
