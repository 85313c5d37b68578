# SPDX-License-Identifier: EUPL-1.2
import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from marketplace import notes
from marketplace.notes import BadNote, Checkpoint, VerifierKey

# The example of the specification of signed notes, and the key of a public log.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NEUMANN_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
PUBLIC_LOG = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHECKPOINT = Checkpoint("sigille.example/journal", 21, bytes(range(32)))
KEY = VerifierKey(CHECKPOINT.origin, PRIVATE_KEY.public_key())
NOTE = notes.sign(CHECKPOINT, PRIVATE_KEY)
OTHER = Ed25519PrivateKey.generate()


def test_keys_and_signatures_are_those_of_the_specification():
    key = notes.read_verifier_key(NEUMANN)
    signature = base64.b64decode(NEUMANN_SIGNATURE)

    assert str(key) == NEUMANN
    assert signature[:4] == key.id
    key.public_key.verify(signature[4:], NEUMANN_TEXT.encode())
    assert str(notes.read_verifier_key(PUBLIC_LOG)) == PUBLIC_LOG


def test_note_is_read_as_it_was_signed():
    assert notes.read(NOTE, [KEY]) == CHECKPOINT
    assert NOTE.startswith(
        "sigille.example/journal\n21\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— sigille"
    )


def test_note_is_read_with_the_right_one_of_several_keys():
    former = VerifierKey(CHECKPOINT.origin, OTHER.public_key())

    assert notes.read(NOTE, [former, KEY]) == CHECKPOINT


def altered_base64(note: str) -> str:
    """The root's last character names the same bytes with other stray bits."""
    return note.replace("Hh8=\n", "Hh9=\n")


BAD = {
    "nothing": "",
    "not signed": NOTE.partition("\n\n")[0] + "\n\n",
    "other size": NOTE.replace("\n21\n", "\n22\n"),
    "zero before the size": NOTE.replace("\n21\n", "\n021\n"),
    "sign before the size": NOTE.replace("\n21\n", "\n+21\n"),
    "other root": NOTE.replace("AAEC", "AAED"),
    "root in another base64": altered_base64(NOTE),
    "root without padding": NOTE.replace("Hh8=\n", "Hh8\n"),
    "short root": NOTE.replace("AAECAwQF", "AAEC"),
    "other log": NOTE.replace("sigille.example/journal\n", "sigille.example/other\n", 1),
    "other signer": NOTE.replace("— sigille", "— sigilla"),
    "other dash": NOTE.replace("—", "-"),
    "windows lines": NOTE.replace("\n", "\r\n"),
    "no last line end": NOTE[:-1],
    "something after": NOTE + "\n",
    "two signatures": NOTE + NOTE.splitlines(keepends=True)[-1],
    "an extension": NOTE.replace("\n\n", "\nmore\n\n"),
    "a space in the name": NOTE.replace("sigille.example", "sigille example"),
    "very long": NOTE.replace("sigille", "s" * 2000),
    "short signature": NOTE[:-40] + "\n",
}


@pytest.mark.parametrize("note", BAD.values(), ids=BAD)
def test_read_refuses_what_was_not_signed(note):
    with pytest.raises(BadNote):
        notes.read(note, [KEY])


def test_read_refuses_each_altered_character():
    refused = 0
    for at, character in enumerate(NOTE):
        replaced = "B" if character != "B" else "C"
        with pytest.raises(BadNote):
            notes.read(NOTE[:at] + replaced + NOTE[at + 1 :], [KEY])
        refused += 1

    assert refused == len(NOTE) > 150


def test_read_refuses_the_note_of_another_key():
    with pytest.raises(BadNote, match="no known key"):
        notes.read(notes.sign(CHECKPOINT, OTHER), [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("PeterNeumann", "Peter Neumann"),
        NEUMANN.replace("+ARpc", "+ERpc"),
        NEUMANN + "A",
        NEUMANN[:-4],
    ],
)
def test_read_verifier_key_refuses(text):
    with pytest.raises(BadNote):
        notes.read_verifier_key(text)
