# SPDX-License-Identifier: EUPL-1.2
"""Opening a block: strict for what a deposit holds (§ 9), wider for what other tools seal (§ 10).

Source: docs/envelope-format.md §9 and §10.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from keys.certificates import Certificate
from keys.cms.algorithms import (
    CONTENT_KEY_SIZE,
    OAEP_PADDING,
    READABLE_ECDH,
    READABLE_OAEP,
    TAG_HEAD,
)
from keys.cms.errors import Damaged, Malformed, Misplaced, Unsupported
from keys.cms.headers import Header, RecipientInfo, read_header, read_message_header
from keys.cms.places import nonce_of
from keys.der import Buffer

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def unwrap(header: Header, certificate: Certificate, private_key: PrivateKey) -> bytes:
    """The content key, 32 bytes, that the header gives to this certificate.

    Raises:
        NotARecipient: no info names this certificate.
        Unsupported: the info is of an algorithm that § 10 does not name.
        Damaged: the private key does not open it.
    """
    info = header.info_for(certificate)
    try:
        content_key = _unwrap(info, private_key)
    except (ValueError, InvalidUnwrap) as error:
        raise Damaged("the content key cannot be unwrapped") from error
    if len(content_key) != CONTENT_KEY_SIZE:
        raise Damaged("the content key has not 32 bytes")
    return content_key


def open_block(
    block: Buffer, content_key: bytes, *, file_id: bytes, number: int, is_last: bool
) -> bytes:
    """The plaintext of a whole block, once its place and its tag are verified.

    Its length is not compared with its place: see `check_length`.

    Raises:
        Malformed, Unsupported, Misplaced, Damaged: as § 9 says.
    """
    header = _read_whole(block)
    _check_place(header, nonce_of(file_id, number, is_last=is_last))
    return bytes(_decrypt(block, header, content_key))


def open_with(
    block: Buffer,
    key: tuple[Certificate, PrivateKey],
    *,
    file_id: bytes,
    number: int,
    is_last: bool,
) -> bytes:
    """The plaintext of a whole block, by one recipient's certificate and private key.

    Raises:
        EnvelopeError: the first fault, in the order of § 9.
    """
    return bytes(open_into(None, block, key, file_id=file_id, number=number, is_last=is_last))


def open_into(
    room: bytearray | None,
    block: Buffer,
    key: tuple[Certificate, PrivateKey],
    *,
    file_id: bytes,
    number: int,
    is_last: bool,
) -> Buffer:
    """The same, at the beginning of `room`, which is as long as the block at least, and may serve again.

    After a refusal nothing in it is verified.
    """
    header = _read_whole(block)
    _check_place(header, nonce_of(file_id, number, is_last=is_last))
    return _decrypt(block, header, unwrap(header, *key), room)


def open_message(block: Buffer, certificate: Certificate, private_key: PrivateKey) -> bytes:
    """The plaintext of what another tool sealed to this certificate (§ 10): its place is not compared."""
    if bytes(block[:2]) == b"\x30\x80":
        raise Unsupported("indefinite lengths are not read")
    header = read_message_header(block)
    _check_whole(block, header)
    content_key = unwrap(header, certificate, private_key)
    return bytes(_decrypt(block, header, content_key))


def _read_whole(block: Buffer) -> Header:
    header = read_header(block)
    _check_whole(block, header)
    return header


def _check_whole(block: Buffer, header: Header) -> None:
    end = header.content_offset + header.content_size
    if len(block) != header.block_size or bytes(block[end : end + len(TAG_HEAD)]) != TAG_HEAD:
        raise Malformed("the block is cut, or does not end with its tag")


def _check_place(header: Header, nonce: bytes) -> None:
    if header.nonce != nonce:
        raise Misplaced("the block is of another place")


def _decrypt(
    block: Buffer, header: Header, content_key: bytes, room: bytearray | None = None
) -> Buffer:
    """The plaintext, at the beginning of `room` if given; given away only after the tag is verified."""
    if len(content_key) != CONTENT_KEY_SIZE:
        raise Damaged("the content key has not 32 bytes")
    view = memoryview(block)
    end = header.content_offset + header.content_size
    decryptor = Cipher(algorithms.AES256(content_key), modes.GCM(header.nonce)).decryptor()
    content = view[header.content_offset : end]
    if room is None:
        plaintext: Buffer = decryptor.update(content)
    else:
        plaintext = memoryview(room)[: decryptor.update_into(content, room)]
    try:
        decryptor.finalize_with_tag(bytes(view[end + len(TAG_HEAD) :]))
    except InvalidTag as error:
        raise Damaged("the tag does not agree") from error
    return plaintext


def _unwrap(info: RecipientInfo, private_key: PrivateKey) -> bytes:
    if info.point is None:
        if info.algorithm not in READABLE_OAEP:
            raise Unsupported("the content key is not encrypted by RSAES-OAEP with SHA-256")
        if not isinstance(private_key, rsa.RSAPrivateKey):
            raise Damaged("the certificate and the recipient info are of two kinds")
        return private_key.decrypt(info.encrypted_key, OAEP_PADDING)
    agreement = READABLE_ECDH.get(info.algorithm)
    if agreement is None:
        raise Unsupported("the content key is not wrapped as § 10 says")
    if not isinstance(private_key, ec.EllipticCurvePrivateKey):
        raise Damaged("the certificate and the recipient info are of two kinds")
    point = ec.EllipticCurvePublicKey.from_encoded_point(private_key.curve, info.point)
    secret = private_key.exchange(ec.ECDH(), point)
    return aes_key_unwrap(agreement.key_encryption_key(secret), info.encrypted_key)
