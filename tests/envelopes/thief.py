# SPDX-License-Identifier: EUPL-1.2
"""How an intruder searches what was stolen: for words in any spelling, and for a key to the blocks.

All canaries of a run begin with the same random bytes, which nothing else has: one search finds any of them.
"""

import base64
import hashlib
import re
import secrets
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys import cms

MARK = secrets.token_bytes(12)
COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")  # how gzip and zlib begin
MOST_INFLATED = 4 * 1024 * 1024  # bytes of one stream
LARGE = 1024 * 1024  # bytes; of a block of more, only the beginning is tried
PURPOSES = (b"", b"sigille-release-v1", b"sigille-log-v1")  # HKDF's


def canary() -> bytes:
    """32 bytes, for contents and for what is 32 bytes by its nature."""
    return MARK + secrets.token_bytes(20)


def word() -> str:
    """The same as text, for names and fields."""
    return canary().hex()


def spellings(value: bytes) -> set[bytes]:
    """How 12 bytes or more may lie somewhere: as they are, in hexadecimal, in base64, in UTF-16."""
    texts = {value.hex().encode(), value.hex().upper().encode()}
    plain = {value, *texts}
    for one in list(plain):
        for start in range(3):  # the alignments
            whole = one[start : start + (len(one) - start) // 3 * 3]
            plain |= {base64.b64encode(whole), base64.urlsafe_b64encode(whole)}
    wide = {text.decode("latin-1").encode("utf-16-le").rstrip(b"\0") for text in plain}
    return plain | wide


def found_in(stolen: Mapping[str, bytes], wanted: Iterable[bytes]) -> list[str]:
    """Where any of these spellings lies, compressed or not."""
    spelled = list(wanted)
    return [
        name
        for name, content in stolen.items()
        if any(spelling in part for part in parts_of(content) for spelling in spelled)
    ]


def parts_of(content: bytes) -> Iterator[bytes]:
    """A content, and whatever is compressed in it."""
    yield content
    for start in COMPRESSED.finditer(content):
        inflated = inflate(memoryview(content)[start.start() :])
        if inflated:
            yield inflated


def inflate(stream: memoryview) -> bytes:
    """The beginning of a compressed stream; nothing where it is none."""
    try:
        return zlib.decompressobj(wbits=47).decompress(stream[:LARGE], MOST_INFLATED)
    except zlib.error:
        return b""


def secrets_in(texts: Iterable[bytes]) -> set[bytes]:
    """Everything in these that could be a key: values, words, what words stand for; 16 to 64 bytes."""
    found: set[bytes] = set()
    for text in texts:
        words = re.findall(rb"[\w+/=-]{16,130}", text)
        found |= {text, *words}
        for word in words:
            found |= meanings(word)
    return {secret for secret in found if 16 <= len(secret) <= 64}


def meanings(word: bytes) -> set[bytes]:
    """The bytes that a word stands for, in hexadecimal or in base64."""
    if re.fullmatch(rb"([0-9a-fA-F]{2}){16,64}", word):
        return {bytes.fromhex(word.decode())}
    if not re.fullmatch(rb"[\w+/-]{22,90}={0,2}", word):
        return set()
    padded = word.rstrip(b"=") + b"=" * (-len(word.rstrip(b"=")) % 4)
    try:
        return {base64.b64decode(padded.translate(bytes.maketrans(b"-_", b"+/")), validate=True)}
    except ValueError:
        return set()


def keys_of(secret: bytes) -> set[bytes]:
    """The 256-bit keys that a secret could stand for."""
    derived = {HKDF(hashes.SHA256(), 32, None, purpose).derive(secret) for purpose in PURPOSES}
    cut = {secret[:32], secret[-32:]} if len(secret) >= 32 else set()
    return cut | derived | {hashlib.sha256(secret).digest()}


@dataclass(frozen=True)
class Lock:
    """A block, as far as trying keys on it needs it."""

    nonce: bytes
    sealed: bytes  # with its tag; of a large block, its beginning alone

    @classmethod
    def of(cls, block: bytes) -> "Lock":
        header = cms.read_header(block)
        start, end = header.content_offset, header.content_offset + header.content_size
        is_large = header.content_size > LARGE
        return cls(
            header.nonce,
            block[start : start + 16] if is_large else block[start:end] + block[end + 2 :],
        )

    def opens(self, key: bytes, beginnings: Container[bytes]) -> bool:
        """Whether a key opens the block; of a large one, whether it yields a beginning that is known."""
        if len(self.sealed) > 16:
            try:
                AESGCM(key).decrypt(self.nonce, self.sealed, None)
            except InvalidTag:
                return False
            return True
        counter = self.nonce + (2).to_bytes(4)  # NIST SP 800-38D, § 7.1: 1 is the tag's
        stream = Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor()
        return stream.update(self.sealed) in beginnings
