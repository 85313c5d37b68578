# SPDX-License-Identifier: EUPL-1.2
"""The challenge of a key: proof that its holder opens what is sealed to it, with the code of the opening day.

Source: docs/envelope-format.md §11.
"""

import hashlib
import hmac
from typing import Final
from uuid import UUID

from keys.certificates import Certificate
from keys.cms import FILE_ID_SIZE, Recipient, seal_block
from marketplace import canonical
from marketplace.canonical import CanonicalError

NONCE_SIZE: Final = 32  # bytes
PREFIX: Final = b"sigille-challenge-v1\x00"
ANSWER_PREFIX: Final = b"sigille-answer-v1\x00"
FILE_ID: Final = bytes(FILE_ID_SIZE)  # that of no file; the challenge is its block 0, last


class BadChallenge(Exception):
    """What was opened is not a challenge for this page and this key."""

    code = "bad_challenge"


class WrongAnswer(Exception):
    """The answer is not that of someone who opened the challenge."""

    code = "wrong_answer"


def context_of(challenge_id: UUID, *, fingerprint: str, origin: str) -> bytes:
    """What the challenge is about; `fingerprint` is the SHA-256 of the certificate's DER, in hexadecimal."""
    return canonical.dumps(
        {"challenge": str(challenge_id), "fingerprint": fingerprint, "origin": origin}
    )


def plaintext(nonce: bytes, context: bytes) -> bytes:
    """What is sealed. `nonce`: 32 random bytes, used once, that the server keeps to itself."""
    if len(nonce) != NONCE_SIZE:
        raise ValueError(f"a challenge's nonce has {NONCE_SIZE} bytes")
    return PREFIX + nonce + context


def seal(certificate: Certificate, nonce: bytes, context: bytes) -> bytes:
    """The challenge, as one block sealed to the certificate under test."""
    return seal_block(
        plaintext(nonce, context),
        [Recipient.of(certificate)],
        file_id=FILE_ID,
        number=0,
        is_last=True,
    )


def answer(nonce: bytes, context: bytes) -> str:
    """The answer that opening the challenge allows, in hexadecimal."""
    return hmac.new(nonce, ANSWER_PREFIX + context, hashlib.sha256).hexdigest()


def check_answer(given: str, nonce: bytes, context: bytes) -> None:
    """Check an answer; that it comes once, and in time, is for the caller to check.

    Raises:
        WrongAnswer: it is not the one.
    """
    if not hmac.compare_digest(given.encode(errors="replace"), answer(nonce, context).encode()):
        raise WrongAnswer


def read(opened: bytes, *, fingerprint: str, origin: str) -> tuple[bytes, bytes]:
    """The nonce and the context of an opened challenge, which is for this certificate and this origin.

    Raises:
        BadChallenge: it is not a challenge, or is for another page or key.
    """
    start = len(PREFIX)
    nonce, context = opened[start : start + NONCE_SIZE], opened[start + NONCE_SIZE :]
    if opened[:start] != PREFIX:
        raise BadChallenge("this is not a challenge")
    try:
        members = canonical.loads(context)
        if not isinstance(members, dict):
            raise BadChallenge("the context is not an object")
        challenge_id = UUID(str(members.get("challenge")))
    except (CanonicalError, ValueError) as error:
        raise BadChallenge("the context cannot be read") from error
    if context != context_of(challenge_id, fingerprint=fingerprint, origin=origin):
        raise BadChallenge("the challenge is for another page or key")
    return nonce, context
