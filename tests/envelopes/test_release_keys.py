# SPDX-License-Identifier: EUPL-1.2
from uuid import uuid4

import pytest

from envelopes import release_keys
from envelopes.release_keys import Purpose, ReleaseUnreadable

KEYS = {b"file id1": (b"a" * 32, b"b" * 32), b"file id2": (b"c" * 32,)}


def test_decode_gives_back_what_was_encoded():
    assert release_keys.decode(release_keys.encode(KEYS)) == KEYS
    assert release_keys.decode(b"") == {}


def test_unseal_gives_back_what_was_sealed():
    envelope_id = uuid4()

    sealed = release_keys.seal(b"secret", envelope_id, Purpose.KEYS)

    assert release_keys.unseal(sealed, envelope_id, Purpose.KEYS) == b"secret"
    assert b"secret" not in sealed


def test_seal_never_repeats_a_nonce():
    envelope_id = uuid4()

    sealed = {release_keys.seal(b"", envelope_id, Purpose.KEYS)[:12] for _ in range(100)}

    assert len(sealed) == 100


def test_unseal_refuses_what_is_of_another_envelope_or_purpose():
    envelope_id = uuid4()
    sealed = release_keys.seal(b"secret", envelope_id, Purpose.KEYS)

    with pytest.raises(ReleaseUnreadable):
        release_keys.unseal(sealed, uuid4(), Purpose.KEYS)
    with pytest.raises(ReleaseUnreadable):
        release_keys.unseal(sealed, envelope_id, Purpose.INDEX)


def test_unseal_refuses_another_release_key(settings):
    envelope_id = uuid4()
    sealed = release_keys.seal(b"secret", envelope_id, Purpose.KEYS)
    settings.RELEASE_KEY = "another release key"

    with pytest.raises(ReleaseUnreadable):
        release_keys.unseal(sealed, envelope_id, Purpose.KEYS)


def test_unseal_refuses_every_altered_byte_and_every_cut():
    envelope_id = uuid4()
    sealed = release_keys.seal(b"secret", envelope_id, Purpose.KEYS)
    altered = [bytes(b ^ (i == at) for i, b in enumerate(sealed)) for at in range(len(sealed))]
    cut = [sealed[:size] for size in range(len(sealed))]

    for bad in [*altered, *cut]:
        with pytest.raises(ReleaseUnreadable):
            release_keys.unseal(bad, envelope_id, Purpose.KEYS)
