# SPDX-License-Identifier: EUPL-1.2
"""Reading the header of a block: who may open it, its nonce, and where its ciphertext lies.

Source: docs/envelope-format.md §3, §4, §9 and §10.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from keys import der
from keys.certificates import Certificate
from keys.cms.algorithms import (
    AUTH_ENVELOPED_DATA,
    DATA,
    EC_PUBLIC_KEY,
    ECDH,
    GCM_AFTER_NONCE,
    GCM_BEFORE_NONCE,
    MOST_RECIPIENTS,
    NONCE_SIZE,
    OAEP,
    TAIL_SIZE,
    VERSION_0,
    VERSION_3,
)
from keys.cms.errors import Malformed, NotARecipient, Unsupported
from keys.der import Buffer, DERError, Reader

LARGEST_BLOCK: Final = 2**62  # bytes; the end of what is not all at hand
# What § 4 writes: version, algorithm of the ephemeral key, key-encryption algorithm.
FORMS: Final = ((VERSION_0, b"", OAEP), (VERSION_3, EC_PUBLIC_KEY, ECDH.algorithm))


@dataclass(frozen=True)
class RecipientInfo:
    """What one recipient is given; bytes are DER, but for `encrypted_key` and `point`."""

    version: bytes
    identifier: bytes  # an IssuerAndSerialNumber, or [0] a subject key identifier
    algorithm: bytes
    encrypted_key: bytes
    originator_algorithm: bytes = b""
    point: bytes | None = None  # the ephemeral public key of a key agreement

    def is_ours(self) -> bool:
        """Whether this is as § 4 says."""
        form = (self.version, self.originator_algorithm, self.algorithm)
        return form in FORMS and self.identifier[0] == der.SEQUENCE


@dataclass(frozen=True)
class Header:
    """The beginning of a block, up to its first byte of ciphertext."""

    recipients: tuple[RecipientInfo, ...]
    nonce: bytes
    content_offset: int
    content_size: int

    @property
    def block_size(self) -> int:
        """Bytes of the whole sealed block."""
        return self.content_offset + self.content_size + TAIL_SIZE

    def info_for(self, certificate: Certificate) -> RecipientInfo:
        """The first info that names this certificate."""
        names = {certificate.issuer_and_serial}
        if certificate.subject_key_identifier is not None:
            names.add(der.encode(0x80, certificate.subject_key_identifier))
        for info in self.recipients:
            if info.identifier in names:
                return info
        raise NotARecipient(f"not sealed to {certificate.sha256}")


def read_header(data: Buffer) -> Header:
    """The header of a block of a deposit; `data` may stop anywhere after it.

    Raises:
        Malformed, Unsupported: this is not as § 3 and § 4 say, whoever each recipient info is for.
    """
    header = _read(data, lenient=False)
    if not 1 <= len(header.recipients) <= MOST_RECIPIENTS:
        raise Malformed("a block has 1 to 64 recipients")
    if not all(info.is_ours() for info in header.recipients):
        raise Unsupported("a recipient info is not of this format")
    return header


def read_message_header(data: Buffer) -> Header:
    """The header of what another tool sealed (§ 10); infos of other kinds are passed over."""
    return _read(data, lenient=True)


def _read(data: Buffer, *, lenient: bool) -> Header:
    try:
        return _read_content_info(Reader(data, 0, LARGEST_BLOCK), lenient=lenient)
    except DERError as error:
        raise Malformed(str(error)) from error


def _read_content_info(reader: Reader, *, lenient: bool) -> Header:
    content_info = reader.enter(der.SEQUENCE)
    _expect(content_info.element(der.OBJECT_IDENTIFIER), AUTH_ENVELOPED_DATA)
    explicit = content_info.enter(0xA0)
    content_info.finish()
    enveloped = explicit.enter(der.SEQUENCE)
    explicit.finish()
    _expect(enveloped.element(der.INTEGER), VERSION_0)
    recipients = tuple(_read_infos(enveloped.enter(der.SET), lenient=lenient))
    encrypted = enveloped.enter(der.SEQUENCE)
    if enveloped.position + TAIL_SIZE != enveloped.end:
        raise DERError("a tag, and nothing else, follows the content")
    _expect(encrypted.element(der.OBJECT_IDENTIFIER), DATA)
    nonce = _read_nonce(encrypted.element(der.SEQUENCE))
    content = encrypted.enter(0x80)
    encrypted.finish()
    return Header(recipients, nonce, content.position, content.end - content.position)


def _expect(element: bytes, expected: bytes) -> None:
    if element != expected:
        raise Unsupported(f"{element.hex()} where {expected.hex()} is read")


def _read_nonce(algorithm: bytes) -> bytes:
    start = len(GCM_BEFORE_NONCE)
    nonce = algorithm[start : start + NONCE_SIZE]
    _expect(algorithm, GCM_BEFORE_NONCE + nonce + GCM_AFTER_NONCE)
    return nonce


def _read_infos(infos: Reader, *, lenient: bool) -> Iterator[RecipientInfo]:
    """Every recipient info; a lenient reader passes over those of a kind that it does not know."""
    while (tag := infos.next_tag()) is not None:
        info = infos.enter(tag)
        try:
            yield from _read_info(info, tag)
        except Unsupported:
            if not lenient:
                raise


def _read_info(info: Reader, tag: int) -> Iterable[RecipientInfo]:
    if tag == der.SEQUENCE:
        return [_read_key_transport(info)]
    if tag == 0xA1:
        return list(_read_key_agreement(info))
    raise Unsupported(f"a recipient info of tag {tag:#04x}")


def _read_key_transport(info: Reader) -> RecipientInfo:
    version = info.element(der.INTEGER)
    identifier = _read_identifier(info, 0x80)
    algorithm = info.element(der.SEQUENCE)
    encrypted_key = info.value(der.OCTET_STRING)
    info.finish()
    return RecipientInfo(version, identifier, algorithm, encrypted_key)


def _read_key_agreement(info: Reader) -> Iterator[RecipientInfo]:
    version = info.element(der.INTEGER)
    originator_algorithm, point = _read_originator(info.enter(0xA0))
    if info.next_tag() == 0xA1:
        raise Unsupported("user keying material is not read")
    algorithm = info.element(der.SEQUENCE)
    keys = info.enter(der.SEQUENCE)
    info.finish()
    while keys.next_tag() is not None:
        key = keys.enter(der.SEQUENCE)
        identifier = _read_identifier(key, 0xA0)
        encrypted_key = key.value(der.OCTET_STRING)
        key.finish()
        yield RecipientInfo(
            version, identifier, algorithm, encrypted_key, originator_algorithm, point
        )


def _read_originator(originator: Reader) -> tuple[bytes, bytes]:
    """The algorithm of the ephemeral key, and its point."""
    if originator.next_tag() != 0xA1:
        raise Unsupported("the originator is not an ephemeral key")
    key = originator.enter(0xA1)
    originator.finish()
    algorithm = key.element(der.SEQUENCE)
    bits = key.value(der.BIT_STRING)
    key.finish()
    if bits[:2] != b"\x00\x04":
        raise DERError("the ephemeral key is not an uncompressed point")
    return algorithm, bits[1:]


def _read_identifier(info: Reader, key_identifier_tag: int) -> bytes:
    """The name of the recipient; a subject key identifier is always given as `[0] IMPLICIT`."""
    tag = info.next_tag()
    if tag == der.SEQUENCE:
        return info.element(tag)
    if tag != key_identifier_tag:
        raise Unsupported("the recipient is named in another way")
    if tag == 0x80:
        return info.element(tag)
    return der.encode(0x80, info.enter(tag).value(der.OCTET_STRING))
