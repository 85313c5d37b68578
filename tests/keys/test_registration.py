# SPDX-License-Identifier: EUPL-1.2
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from keys import (
    certificate_fields,
    certificates,
    challenges,
    cms,
    editing,
    findings,
    registration,
    weak_keys,
)
from keys.editing import Description
from keys.errors import (
    AlreadyRegistered,
    CertificateNotAccepted,
    ChallengeExpired,
    ChallengeSpent,
    HolderMustProve,
    KeyPairGone,
    WrongAnswer,
)
from keys.models import Challenge, KeyPair
from keys.registration import IssuedChallenge, Registration
from marketplace.models import JournalEntry
from tests.factories import DAY, NOW, SECOND, make_agent, make_certificate, make_private_key

pytestmark = pytest.mark.django_db
ORIGIN = "https://bids.example.org"
LIFETIME = timedelta(minutes=10)


def make_registration(certificate: bytes) -> Registration:
    holder = make_agent()
    return Registration(certificate, "Claire Martin", False, holder.service, holder)


def answer_of(issued: IssuedChallenge, private_key: rsa.RSAPrivateKey) -> str:
    """What the browser does: open the challenge, check it, answer it."""
    certificate = certificates.read_certificate(bytes(issued.key_pair.certificate))
    opened = cms.open_with(
        issued.block, (certificate, private_key), file_id=bytes(8), number=0, is_last=True
    )
    nonce, context = challenges.read(opened, fingerprint=certificate.sha256, origin=ORIGIN)
    return challenges.answer(nonce, context)


def actions() -> list[str]:
    return list(JournalEntry.objects.order_by("index").values_list("action", flat=True))


@pytest.fixture
def private_key() -> rsa.RSAPrivateKey:
    return make_private_key()


@pytest.fixture
def issued(private_key) -> IssuedChallenge:
    offered = make_registration(make_certificate(private_key, common_name="Claire"))
    return registration.register(offered, origin=ORIGIN, now=NOW)


def test_register_adds_an_unproven_key_pair_and_its_challenge(issued):
    key_pair = KeyPair.objects.get()

    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.UNPROVEN, None)
    assert (key_pair.name, key_pair.common_name) == ("Claire Martin", "Claire")
    assert (key_pair.algorithm, key_pair.not_after) == ("RSA-2048", NOW + 730 * DAY)
    assert Challenge.objects.get().pk == issued.id
    assert actions() == ["key_pair.registered", "key_pair.challenged"]


def test_right_answer_proves_the_key_pair(issued, private_key):
    registration.answer_challenge(issued.id, answer=answer_of(issued, private_key), now=NOW)

    key_pair = KeyPair.objects.get()
    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.ACTIVE, NOW)
    assert actions() == ["key_pair.registered", "key_pair.challenged", "key_pair.proven"]


def test_right_answer_repeated_changes_nothing(issued, private_key):
    answer = answer_of(issued, private_key)

    registration.answer_challenge(issued.id, answer=answer, now=NOW)
    registration.answer_challenge(issued.id, answer=answer, now=NOW + DAY)

    assert KeyPair.objects.get().proven_at == NOW
    assert actions().count("key_pair.proven") == 1


def test_wrong_answer_spends_the_challenge(issued, private_key):
    with pytest.raises(WrongAnswer):
        registration.answer_challenge(issued.id, answer="0" * 64, now=NOW)
    with pytest.raises(ChallengeSpent):
        registration.answer_challenge(issued.id, answer=answer_of(issued, private_key), now=NOW)

    assert KeyPair.objects.get().state == KeyPair.State.UNPROVEN


def test_challenge_lives_ten_minutes(issued, private_key):
    answer = answer_of(issued, private_key)

    with pytest.raises(ChallengeExpired):
        registration.answer_challenge(issued.id, answer=answer, now=NOW + LIFETIME + SECOND)
    unproven = KeyPair.objects.get().proven_at
    registration.answer_challenge(issued.id, answer=answer, now=NOW + LIFETIME)

    assert unproven is None
    assert KeyPair.objects.get().proven_at == NOW + LIFETIME


def test_answer_to_one_challenge_is_not_that_of_another(issued, private_key):
    other = registration.issue_challenge(
        issued.key_pair.pk, asked_by=issued.key_pair.holder, origin=ORIGIN, now=NOW
    )

    with pytest.raises(WrongAnswer):
        registration.answer_challenge(other.id, answer=answer_of(issued, private_key), now=NOW)


def test_stored_challenge_does_not_hold_its_answer(issued, private_key):
    stored = bytes(Challenge.objects.get().answer_digest)

    with pytest.raises(WrongAnswer):
        registration.answer_challenge(issued.id, answer=stored.hex(), now=NOW)


def test_drill_of_a_retired_key_pair_keeps_it_retired(issued, private_key):
    KeyPair.objects.update(
        state=KeyPair.State.RETIRED, retired_at=NOW, retirement_reason="withdrawn"
    )
    drill = registration.issue_challenge(
        issued.key_pair.pk, asked_by=issued.key_pair.holder, origin=ORIGIN, now=NOW + DAY
    )

    registration.answer_challenge(drill.id, answer=answer_of(drill, private_key), now=NOW + DAY)

    key_pair = KeyPair.objects.get()
    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.RETIRED, NOW + DAY)


def test_first_proof_is_that_of_the_holder(issued):
    with pytest.raises(HolderMustProve):
        registration.issue_challenge(
            issued.key_pair.pk, asked_by=make_agent(), origin=ORIGIN, now=NOW
        )


def test_challenge_of_the_former_holder_proves_nothing_once_the_key_pair_has_changed_hands(
    issued, private_key
):
    answer = answer_of(issued, private_key)
    registration.answer_challenge(issued.id, answer=answer, now=NOW)
    former = issued.key_pair.holder
    drill = registration.issue_challenge(
        issued.key_pair.pk, asked_by=former, origin=ORIGIN, now=NOW
    )
    wanted = Description("Greffe", is_backup=False, holder=make_agent(service=former.service))
    editing.edit(issued.key_pair.pk, wanted, editor=former, now=NOW)

    with pytest.raises(HolderMustProve):
        registration.answer_challenge(drill.id, answer=answer_of(drill, private_key), now=NOW)

    key_pair = KeyPair.objects.get()
    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.UNPROVEN, None)


def test_register_again_while_unproven_gives_a_new_challenge_of_the_same_key_pair(private_key):
    offered = make_registration(make_certificate(private_key))

    first = registration.register(offered, origin=ORIGIN, now=NOW)
    second = registration.register(offered, origin=ORIGIN, now=NOW)

    assert first.key_pair == second.key_pair
    assert first.id != second.id


@pytest.mark.parametrize("by_whom", ["another agent", "another service", "once proven"])
def test_register_refuses_a_certificate_that_is_registered(private_key, by_whom):
    offered = make_registration(make_certificate(private_key))
    registration.register(offered, origin=ORIGIN, now=NOW)
    if by_whom == "another agent":
        offered = replace(offered, holder=make_agent(service=offered.service))
    elif by_whom == "another service":
        offered = replace(offered, service=make_agent().service)
    else:
        KeyPair.objects.update(state=KeyPair.State.ACTIVE, proven_at=NOW)

    with pytest.raises(AlreadyRegistered):
        registration.register(offered, origin=ORIGIN, now=NOW)

    assert KeyPair.objects.count() == 1


def test_register_refuses_another_certificate_of_a_registered_key(private_key):
    first = make_registration(make_certificate(private_key, common_name="One"))
    registration.register(first, origin=ORIGIN, now=NOW)
    second = replace(first, certificate=make_certificate(private_key, common_name="Two"))

    with pytest.raises(AlreadyRegistered):
        registration.register(second, origin=ORIGIN, now=NOW)

    assert KeyPair.objects.count() == 1


def private_keys() -> list[bytes]:
    key = make_private_key()
    encodings = [
        (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8),
        (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8),
        (serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL),
    ]
    clear = [
        key.private_bytes(encoding, form, serialization.NoEncryption())
        for encoding, form in encodings
    ]
    encryption = serialization.BestAvailableEncryption(b"secret")
    file = pkcs12.serialize_key_and_certificates(b"cle", key, None, None, encryption)
    return [*clear, file]


@pytest.mark.parametrize("number", range(4))
def test_register_refuses_a_private_key_and_keeps_nothing_of_it(number):
    offered = make_registration(private_keys()[number])

    with pytest.raises(CertificateNotAccepted) as refused:
        registration.register(offered, origin=ORIGIN, now=NOW)

    assert refused.value.code == "private_key"
    assert KeyPair.objects.count() == 0


def test_register_refuses_an_expired_certificate(private_key):
    der = make_certificate(private_key, not_before=NOW - 2 * DAY, not_after=NOW - DAY)

    with pytest.raises(CertificateNotAccepted) as refused:
        registration.register(make_registration(der), origin=ORIGIN, now=NOW)

    assert refused.value.code == "expired"
    assert (KeyPair.objects.count(), Challenge.objects.count()) == (0, 0)


def test_every_finding_has_its_sentences():
    modules = (certificates, certificate_fields, weak_keys)
    source = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules)
    codes = set(re.findall(r'(?:Finding\(|CertificateRefused\(|yield )\s*"(\w+)"', source))

    assert codes == set(findings.EXPLANATIONS)


def test_unknown_challenge_is_not_answered():
    with pytest.raises(KeyPairGone):
        registration.answer_challenge(uuid4(), answer="0" * 64, now=NOW)
