# SPDX-License-Identifier: EUPL-1.2
"""Sealing a block: the header first, the ciphertext as the plaintext comes, the tag last.

Source: docs/envelope-format.md §3 and §4.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext, Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from keys import der
from keys.certificates import Certificate, CertificateRefused, key_refusals
from keys.cms.algorithms import (
    AUTH_ENVELOPED_DATA,
    CONTENT_KEY_SIZE,
    DATA,
    EC_PUBLIC_KEY,
    ECDH,
    GCM_AFTER_NONCE,
    GCM_BEFORE_NONCE,
    MOST_RECIPIENTS,
    NONCE_SIZE,
    OAEP,
    OAEP_PADDING,
    TAG_HEAD,
    TAIL_SIZE,
    VERSION_0,
    VERSION_3,
    sequence,
)
from keys.cms.errors import SealingError
from keys.cms.places import BLOCK_SIZE, nonce_of
from keys.der import Buffer


class Recipient(ABC):
    """A certificate to which content keys are wrapped; made once for a recipient set."""

    size: int  # bytes of the RecipientInfo, the same for every content key

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate

    @staticmethod
    def of(certificate: Certificate) -> "Recipient":
        """The recipient that this certificate names.

        Raises:
            CertificateRefused: its key is too weak, or too large. Nothing else is checked: see `assess`.
        """
        for refusal in key_refusals(certificate.public_key):
            raise CertificateRefused(refusal.code, **refusal.values)
        if isinstance(certificate.public_key, rsa.RSAPublicKey):
            return _RSARecipient(certificate, certificate.public_key)
        return _ECRecipient(certificate, certificate.public_key)

    @abstractmethod
    def info(self, content_key: bytes) -> bytes:
        """The RecipientInfo that gives `content_key` to this recipient (§ 4)."""


class _RSARecipient(Recipient):
    def __init__(self, certificate: Certificate, public_key: rsa.RSAPublicKey) -> None:
        super().__init__(certificate)
        key_size = (public_key.key_size + 7) // 8
        start = VERSION_0 + certificate.issuer_and_serial + OAEP
        start += der.head(der.OCTET_STRING, key_size)
        self._public_key = public_key
        self._start = der.head(der.SEQUENCE, len(start) + key_size) + start
        self.size = len(self._start) + key_size

    def info(self, content_key: bytes) -> bytes:
        return self._start + self._public_key.encrypt(content_key, OAEP_PADDING)


class _ECRecipient(Recipient):
    def __init__(self, certificate: Certificate, public_key: ec.EllipticCurvePublicKey) -> None:
        super().__init__(certificate)
        self._public_key = public_key
        self.size = len(self.info(bytes(CONTENT_KEY_SIZE)))

    def info(self, content_key: bytes) -> bytes:
        ephemeral = ec.generate_private_key(self._public_key.curve)
        secret = ephemeral.exchange(ec.ECDH(), self._public_key)
        wrapped = aes_key_wrap(ECDH.key_encryption_key(secret), content_key)
        point = ephemeral.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        originator_key = der.encode(0xA1, EC_PUBLIC_KEY, der.encode(der.BIT_STRING, b"\x00", point))
        encrypted_key = sequence(
            self.certificate.issuer_and_serial, der.encode(der.OCTET_STRING, wrapped)
        )
        return der.encode(
            0xA1,
            VERSION_3,
            der.encode(0xA0, originator_key),
            ECDH.algorithm,
            sequence(encrypted_key),
        )


def sealed_size(recipients: Sequence[Recipient], size: int) -> int:
    """Bytes of a block that seals `size` bytes of plaintext to these recipients."""
    infos = [bytes(recipient.size) for recipient in recipients]
    return len(_header(infos, bytes(NONCE_SIZE), size)) + size + TAIL_SIZE


class BlockSealer:
    """Seals one block under a key of its own, piece by piece.

    Write `header`, then what each `update` returns, then what `finish` returns. `size` is the plaintext's,
    known before it arrives. The content key is never given to the caller, and is dropped by `finish`.

    Raises:
        SealingError: no recipient, too many, two of the same name; more bytes than a block, or not `size`.
    """

    def __init__(
        self,
        recipients: Sequence[Recipient],
        *,
        file_id: bytes,
        number: int,
        is_last: bool,
        size: int,
    ) -> None:
        names = {recipient.certificate.issuer_and_serial for recipient in recipients}
        if not len(names) == len(recipients) <= MOST_RECIPIENTS or not recipients:
            raise SealingError("a block has 1 to 64 recipients, all of different names")
        if not 0 <= size <= BLOCK_SIZE:
            raise SealingError(f"a block has at most {BLOCK_SIZE} bytes")
        nonce = nonce_of(file_id, number, is_last=is_last)
        content_key = os.urandom(CONTENT_KEY_SIZE)
        infos = [recipient.info(content_key) for recipient in recipients]
        self.header = _header(infos, nonce, size)
        self.sealed_size = len(self.header) + size + TAIL_SIZE
        self._remaining = size
        cipher = Cipher(algorithms.AES256(content_key), modes.GCM(nonce))
        self._encryptor: AEADEncryptionContext | None = cipher.encryptor()

    def update(self, piece: Buffer) -> bytes:
        """The ciphertext of the next piece, as long as the piece."""
        self._remaining -= len(piece)
        if self._encryptor is None or self._remaining < 0:
            raise SealingError("more bytes than announced")
        return self._encryptor.update(piece)

    def finish(self) -> bytes:
        """The end of the block; nothing can be sealed after it."""
        if self._encryptor is None or self._remaining:
            raise SealingError(f"{self._remaining} bytes are missing, or the block is finished")
        encryptor, self._encryptor = self._encryptor, None
        encryptor.finalize()
        return TAG_HEAD + encryptor.tag


def seal_block(
    plaintext: Buffer,
    recipients: Sequence[Recipient],
    *,
    file_id: bytes,
    number: int,
    is_last: bool,
) -> bytes:
    """One whole sealed block, for what is already whole in memory."""
    sealer = BlockSealer(
        recipients, file_id=file_id, number=number, is_last=is_last, size=len(plaintext)
    )
    return b"".join((sealer.header, sealer.update(plaintext), sealer.finish()))


def _header(infos: Sequence[bytes], nonce: bytes, size: int) -> bytes:
    """The bytes before the ciphertext, whose length the enclosing lengths take into account."""

    def begin(tag: int, start: bytes, rest: int) -> bytes:
        return der.head(tag, len(start) + rest) + start

    algorithm = GCM_BEFORE_NONCE + nonce + GCM_AFTER_NONCE
    content = begin(der.SEQUENCE, DATA + algorithm + der.head(0x80, size), size)
    rest = size + TAIL_SIZE
    enveloped = begin(der.SEQUENCE, VERSION_0 + der.set_of(infos) + content, rest)
    return begin(der.SEQUENCE, AUTH_ENVELOPED_DATA + begin(0xA0, enveloped, rest), rest)
