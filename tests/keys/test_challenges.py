# SPDX-License-Identifier: EUPL-1.2
import json
from base64 import b64decode
from pathlib import Path
from uuid import UUID

import pytest

from keys import challenges, cms
from keys.challenges import BadChallenge, WrongAnswer
from keys.cms import EnvelopeError
from tools import vector_keys

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "challenges.json").read_text())
GOOD = [pytest.param(v, id=v["name"]) for v in VECTORS if "answer" in v["expect"]]
BAD = [pytest.param(v, id=v["name"]) for v in VECTORS if "error" in v["expect"]]
NONCE = bytes(range(32))
ORIGIN = "https://marches.example"
IDENTITY = UUID("6f1c2a52-4f0e-4d53-9d0a-3c5a54a0e001")


def open_challenge(block, key, origin):
    """What a browser does with a challenge."""
    certificate, private_key = vector_keys.load(key)
    opened = cms.open_with(
        block, (certificate, private_key), file_id=challenges.FILE_ID, number=0, is_last=True
    )
    return challenges.read(opened, fingerprint=certificate.sha256, origin=origin)


@pytest.mark.parametrize("vector", GOOD)
def test_challenge_of_the_vector_is_answered(vector):
    inputs, expect = vector["inputs"], vector["expect"]

    nonce, context = open_challenge(b64decode(inputs["block"]), inputs["key"], inputs["origin"])

    assert nonce.hex() == expect["nonce"]
    assert context.decode() == expect["context"]
    assert challenges.answer(nonce, context) == expect["answer"]


@pytest.mark.parametrize("vector", BAD)
def test_challenge_of_the_vector_is_refused(vector):
    inputs = vector["inputs"]

    with pytest.raises((BadChallenge, EnvelopeError)) as refusal:
        open_challenge(b64decode(inputs["block"]), inputs["key"], inputs["origin"])

    assert getattr(refusal.value, "code", "") == vector["expect"]["error"]


@pytest.mark.parametrize("key", ["rsa-2048", "p-384"])
def test_seal_makes_a_challenge_that_the_holder_answers(key):
    certificate, _ = vector_keys.load(key)
    context = challenges.context_of(IDENTITY, fingerprint=certificate.sha256, origin=ORIGIN)

    block = challenges.seal(certificate, NONCE, context)
    answer = challenges.answer(*open_challenge(block, key, ORIGIN))

    challenges.check_answer(answer, NONCE, context)  # raises nothing


@pytest.mark.parametrize(
    "answer", ["", "é", "\ud800", "0" * 64, challenges.answer(NONCE, b"another context")]
)
def test_check_answer_refuses_any_other_answer(answer):
    with pytest.raises(WrongAnswer):
        challenges.check_answer(answer, NONCE, b"context")


def test_check_answer_refuses_the_answer_in_capitals():
    answer = challenges.answer(NONCE, b"context")

    with pytest.raises(WrongAnswer):
        challenges.check_answer(answer.upper(), NONCE, b"context")


@pytest.mark.parametrize("size", [31, 33])
def test_plaintext_refuses_a_nonce_of_another_size(size):
    with pytest.raises(ValueError, match="32 bytes"):
        challenges.plaintext(bytes(size), b"context")
