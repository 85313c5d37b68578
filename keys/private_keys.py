# SPDX-License-Identifier: EUPL-1.2
"""Finding a private key, or a PKCS#12, in what was sent by mistake, however it is written.

What is looked for is a beginning, which no certificate, signature or message has: PEM says it in words;
in DER and BER, private keys (PKCS#1, SEC 1, PKCS#8) and PKCS#12 begin with a version, then each with its
own kind of content.
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

BEGINNING: Final = 128  # characters: more than any pattern below needs once decoded
LONGEST: Final = 32 * 1024  # characters of one key

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(?:.*?-----END \1-----)?", re.DOTALL)
_LENGTH = rb"(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...)"
_SEQUENCE = rb"\x30" + _LENGTH
_RSADSI = rb"\x2a\x86\x48\x86\xf7\x0d\x01"  # 1.2.840.113549.1
_DER = re.compile(
    _SEQUENCE
    + rb"(?:"
    + rb"\x02\x01\x00\x02[\x81-\x83]"  # PKCS#1: version 0, then a long modulus
    + rb"|\x02\x01\x01\x04[\x14-\x42]"  # SEC 1: version 1, then the number
    + rb"|\x02\x01[\x00\x01]" + _SEQUENCE  # PKCS#8: its version, then one of these algorithms
    + rb"(?:\x06\x09" + _RSADSI + rb"\x01[\x01\x07\x0a]"
    + rb"|\x06\x07\x2a\x86\x48\xce\x3d\x02\x01|\x06\x03\x2b\x65[\x6e-\x71])"
    + rb"|\x02\x01\x03" + _SEQUENCE + rb"\x06\x09" + _RSADSI + rb"\x07[\x01\x02]"  # PKCS#12: version 3
    + rb"|" + _SEQUENCE + rb"\x06[\x09\x0a]" + _RSADSI + rb"(?:\x05|\x0c\x01)"  # encrypted PKCS#8
    + rb")",
    re.DOTALL,
)  # fmt: skip
# What 0x30… and "-----BEGIN" begin with, once encoded.
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])(?:M[A-Za-z0-9+/_-]{7}|LS0tLS1C)")
_HEXADECIMAL = re.compile(rb"(?<![0-9A-Fa-f])(?:30[0-9A-Fa-f]{18}|(?:2[Dd]){5}42)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]")
_NOT_HEXADECIMAL = re.compile(rb"[^0-9A-Fa-f]")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_ESCAPE = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|([nrt/]))")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"/": b"/"}
_Loader = Callable[..., PrivateKeyTypes]


@dataclass(frozen=True)
class SentKey:
    """A private key that somebody sent.

    `public_keys`: the DER of the SubjectPublicKeyInfo that it may be of, one for each way of reading it
    that makes sense; none where the key is encrypted, or cut.
    """

    public_keys: frozenset[bytes] = field(repr=False)


def find(body: bytes) -> SentKey | None:
    """A private key in a request's body, whatever the body's type claims to be."""
    read = [public_key for view in _views(body) for public_key in _sent(view)]
    return SentKey(frozenset(filter(None, read))) if read else None


def _views(body: bytes) -> Iterator[bytes]:
    """The body as it is, and as a form, a script's JSON or a text of Windows would have it read."""
    yield body
    if b"%" in body or b"+" in body:
        yield unquote_to_bytes(body.replace(b"+", b" "))
    if b"\\" in body:
        yield _ESCAPE.sub(_unescape, body)
    if b"\0" in body:
        yield body.replace(b"\0", b"")  # UTF-16


def _unescape(escape: re.Match[bytes]) -> bytes:
    code, letter = escape.groups()
    return bytes.fromhex(code.decode()) if code else _ESCAPED[letter]


def _sent(view: bytes) -> Iterator[bytes | None]:
    """The public key, where it can be told, of the first private key that is written in each way."""
    yield from _in_clear(view)
    for tokens, decode in ((_BASE64, _from_base64), (_HEXADECIMAL, _from_hexadecimal)):
        for token in tokens.finditer(view):
            start = token.start()
            if any(True for _ in _in_clear(decode(view[start : start + BEGINNING]))):
                yield from _in_clear(decode(view[start : start + LONGEST]))
                break


def _in_clear(content: bytes) -> Iterator[bytes | None]:
    if pem := _PEM.search(content):
        yield _public_key(load_pem_private_key, pem.group())
    if start := _DER.search(content):
        yield _public_key(load_der_private_key, _element(content[start.start() :]))


def _from_base64(text: bytes) -> bytes:
    """Of either alphabet; line breaks, and whatever follows, are left to the one who reads."""
    digits = _NOT_BASE64.sub(b"", text).translate(_STANDARD)
    whole = digits if len(digits) % 4 != 1 else digits[:-1]
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _from_hexadecimal(text: bytes) -> bytes:
    digits = _NOT_HEXADECIMAL.sub(b"", text)
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def _element(data: bytes) -> bytes:
    """What the first element of `data` says that it is long; all of it in BER of no said length."""
    octets = data[1] & 0x7F if data[1] > 0x80 else 0
    length = int.from_bytes(data[2 : 2 + octets], "big") if octets else data[1]
    return data if data[1] == 0x80 else data[: 2 + octets + length]


def _public_key(load: _Loader, data: bytes) -> bytes | None:
    """Where the key is in clear; it is not checked, only named."""
    try:
        key = load(data, None, unsafe_skip_rsa_key_validation=True)
    except (
        TypeError,
        ValueError,
        UnsupportedAlgorithm,
    ):  # a password is missing, it is cut, it is a PKCS#12
        return None
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
