# SPDX-License-Identifier: EUPL-1.2
"""A head of the journal as text that anybody can check: a checkpoint, in a signed note.

Source: C2SP, `signed-note` and `tlog-checkpoint` (without extension lines, with one signature).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from marketplace.merkle import HASH_SIZE

ED25519: Final = b"\x01"  # the type of the key, in its identifier and its text
KEY_ID_SIZE: Final = 4  # bytes
LONGEST: Final = 1000  # characters of a note
_NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\s+]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"\u2014 (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)\n"
)
_NAME = re.compile(r"[^\s+]+")


class BadNote(ValueError):
    """This is not a checkpoint that the known keys have signed."""


@dataclass(frozen=True)
class Checkpoint:
    """A head: the name of the log, how many entries, and the root of their tree (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"


@dataclass(frozen=True)
class VerifierKey:
    """The name of a log and its public key: `name+identifier+key`, as text."""

    name: str
    public_key: Ed25519PublicKey

    @property
    def id(self) -> bytes:
        named = self.name.encode() + b"\n" + ED25519 + self.public_key.public_bytes_raw()
        return hashlib.sha256(named).digest()[:KEY_ID_SIZE]

    def __str__(self) -> str:
        key = _encode(ED25519 + self.public_key.public_bytes_raw())
        return f"{self.name}+{self.id.hex()}+{key}"


def read_verifier_key(text: str) -> VerifierKey:
    """The key that `text` writes.

    Raises:
        BadNote: it is not one, or its identifier is not its own.
    """
    name, _, rest = text.partition("+")
    identifier, _, encoded = rest.partition("+")
    data = _decode(encoded)
    check_name(name)
    if len(data) != 33 or data[:1] != ED25519:
        raise BadNote("this is not the text of an Ed25519 key")
    key = VerifierKey(name, Ed25519PublicKey.from_public_bytes(data[1:]))
    if key.id.hex() != identifier:
        raise BadNote("the identifier is not that of the key")
    return key


def check_name(name: str) -> None:
    """Refuse a name that a note cannot carry.

    Raises:
        BadNote: it is empty, or has a space or a + in it.
    """
    if not _NAME.fullmatch(name):
        raise BadNote(f"{name!r} has a space or a + in it, or is empty")


def sign(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> str:
    """The signed note of a checkpoint; the log's name is the key's."""
    text = str(checkpoint)
    key = VerifierKey(checkpoint.origin, private_key.public_key())
    signature = _encode(key.id + private_key.sign(text.encode()))
    return f"{text}\n\u2014 {key.name} {signature}\n"


def read(note: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that one of the keys has signed.

    Raises:
        BadNote: it is not a note in its only form, or none of the keys signed it.
    """
    found = _NOTE.fullmatch(note) if len(note) <= LONGEST else None
    if found is None:
        raise BadNote("this is not a checkpoint with its signature")
    signature = _decode(found["signature"])
    checkpoint = Checkpoint(found["origin"], int(found["size"]), _decode(found["root"]))
    if len(checkpoint.root) != HASH_SIZE or found["name"] != checkpoint.origin:
        raise BadNote("the root has not 32 bytes, or another log signed")
    for key in keys:
        if (key.name, key.id) == (found["name"], signature[:KEY_ID_SIZE]):
            try:
                key.public_key.verify(signature[KEY_ID_SIZE:], found["text"].encode())
            except InvalidSignature as error:
                raise BadNote("the signature does not hold") from error
            return checkpoint
    raise BadNote("no known key signed this checkpoint")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    """Base64 in its only form: a last character with stray bits names the same bytes, and is refused."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("this is not base64") from error
    if _encode(data) != text:
        raise BadNote("this is not the canonical form of base64")
    return data
