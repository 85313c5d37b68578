# SPDX-License-Identifier: EUPL-1.2
"""Registering a key pair, and proving it: at once, then any day as a drill."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, transaction
from django.db.models import Q

from keys import certificates, challenges, drills, locks, renewal
from keys.certificates import Assessment, Certificate, Finding
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
from keys.renewal import Renewal
from keys.shared_primes import refuse_shared_primes
from marketplace import journal
from marketplace.models import Agent, Service

CHALLENGE_LIFETIME: Final = timedelta(minutes=10)
LONGEST_TRANSACTION: Final = timedelta(hours=1)
LONGEST_COMMON_NAME: Final = 200  # characters; it is only shown


@dataclass(frozen=True)
class Registration:
    """What an agent offers. `certificate`: DER or PEM, as it came.

    The holder is who has the key file: whoever makes the key, in a renewal too.
    """

    certificate: bytes
    name: str
    is_backup: bool
    service: Service
    holder: Agent
    renewal: Renewal | None = None


@dataclass(frozen=True)
class IssuedChallenge:
    """A challenge on its way to the browser: `block` is sealed to the key pair's certificate.

    `warnings` is what the assessment says of a certificate that it accepts.
    """

    id: UUID
    key_pair: KeyPair
    block: bytes
    warnings: tuple[Finding, ...] = ()


@transaction.atomic
def register(registration: Registration, *, origin: str, now: datetime) -> IssuedChallenge:
    """Add a key pair, unproven, with the challenge that will prove it.

    The same holder may offer the same certificate again while it is unproven (the answer may have
    been lost on its way): the key pair is the same, the challenge a new one.
    `origin` is the site's as the browser sees it, for instance `https://example.org`.

    Raises:
        CertificateNotAccepted: nothing may be sealed to this certificate, or it holds a private key.
        AlreadyRegistered: by someone else, for another service, proven already, or under another certificate.
        SharedPrime: the key shares a prime with a registered one, of any organisation.
        NotRenewable, RenewedAlready, KeyPairGone: there is nothing to renew.
    """
    assessment = certificates.assess(registration.certificate, now=now)
    certificate = _accepted(assessment)
    renewed = _renewed(registration.renewal)
    if renewed is not None:
        registration = _with_identity(registration, renewed)
    key_pair = _registered(certificate, registration)
    if key_pair is None:
        key_pair = _add(certificate, registration, renewed, now)
    if renewed is not None and registration.renewal is not None:
        key_pair.takes_over_at = renewal.takes_over_at(renewed, registration.renewal, now)
        key_pair.save(update_fields=["takes_over_at"])
    issued = _issue(key_pair, certificate, asked_by=registration.holder, origin=origin, now=now)
    return replace(issued, warnings=assessment.warnings)


@transaction.atomic
def issue_challenge(
    key_pair_id: UUID, *, asked_by: Agent, origin: str, now: datetime
) -> IssuedChallenge:
    """Ask for the proof that this key pair still opens: a drill, or a proof that was interrupted.

    An expired or a retired one may be asked too, since it must open what it sealed.

    Raises:
        HolderMustProve: it is not proven, and somebody else asks.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    _require_holder(key_pair, asked_by)
    certificate = certificates.read_certificate(bytes(key_pair.certificate))
    return _issue(key_pair, certificate, asked_by=asked_by, origin=origin, now=now)


def answer_challenge(challenge_id: UUID, *, answer: str, now: datetime) -> KeyPair:
    """Take the answer to a challenge; the right one proves the key pair.

    A wrong answer spends the challenge. The right one, repeated, changes nothing.

    Raises:
        WrongAnswer: nobody opened the challenge to give this answer.
        ChallengeSpent: it has had another answer.
        ChallengeExpired: more than ten minutes after it was issued.
        HolderMustProve: the key pair has had another holder since it was issued.
        KeyPairGone: it was deleted, with its challenges.
    """
    challenge = _take_answer(challenge_id, answer, now)  # committed, even where it is wrong
    if not challenge.is_correct:
        raise WrongAnswer
    return challenge.key_pair


def _accepted(assessment: Assessment) -> Certificate:
    for refusal in assessment.refusals:
        raise CertificateNotAccepted(refusal)
    assert assessment.certificate is not None  # noqa: S101 - what nothing refuses could be read
    return assessment.certificate


def _renewed(asked: Renewal | None) -> KeyPair | None:
    """The key pair to renew, locked: of two agents, one is first."""
    return locks.lock(asked.key_pair_id) if asked else None


def _with_identity(registration: Registration, renewed: KeyPair) -> Registration:
    """A renewal changes the key alone."""
    name, is_backup, service = renewed.name, renewed.is_backup, renewed.service
    return replace(registration, name=name, is_backup=is_backup, service=service)


def _registered(certificate: Certificate, registration: Registration) -> KeyPair | None:
    """The key pair that this registration repeats, if any."""
    same_key = Q(fingerprint=certificate.sha256) | Q(public_key_digest=_digest_of(certificate))
    found = KeyPair.objects.select_for_update(no_key=True, of=("self",)).filter(same_key).first()
    if found is None:
        return None
    asked = registration.renewal.key_pair_id if registration.renewal else None
    mine = (registration.holder.pk, registration.service.pk, certificate.sha256, asked)
    if (found.holder_id, found.service_id, found.fingerprint, found.replaces_id) != mine:
        raise AlreadyRegistered(certificate.sha256)
    if found.state != KeyPair.State.UNPROVEN:
        raise AlreadyRegistered(certificate.sha256)
    return found


def _add(
    certificate: Certificate, registration: Registration, renewed: KeyPair | None, now: datetime
) -> KeyPair:
    """Add a key pair; its primes are compared twice.

    With all the others first. Then, the journal's head being held, with those of the last hour: each other
    registration either has ended, and is seen, or will hold the head later, and see this one.
    """
    refuse_shared_primes(certificate, among=KeyPair.objects.all())
    key_pair = _save(certificate, registration, renewed, now)
    meanwhile = KeyPair.objects.filter(created_at__gt=now - LONGEST_TRANSACTION)
    refuse_shared_primes(certificate, among=meanwhile.exclude(pk=key_pair.pk))
    return key_pair


def _save(
    certificate: Certificate, registration: Registration, renewed: KeyPair | None, now: datetime
) -> KeyPair:
    key_pair = KeyPair(
        service=registration.service,
        holder=registration.holder,
        name=registration.name,
        common_name=certificate.common_name[:LONGEST_COMMON_NAME],
        certificate=certificate.der,
        fingerprint=certificate.sha256,
        public_key_digest=_digest_of(certificate),
        algorithm=certificate.algorithm,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        is_backup=registration.is_backup,
        created_at=now,
    )
    if renewed is not None:
        renewal.check(renewed)
        key_pair.replaces = renewed
    try:
        with transaction.atomic():
            key_pair.save(force_insert=True)
    except IntegrityError as error:  # somebody else, at the same moment
        raise AlreadyRegistered(certificate.sha256) from error
    journal.record(
        "key_pair.registered",
        key_pair,
        actor=registration.holder.user,
        now=now,
        organisation_id=registration.service.organisation_id,
        fingerprint=key_pair.fingerprint,
        algorithm=key_pair.algorithm,
        is_backup=key_pair.is_backup,
        replaces=renewed.fingerprint if renewed else None,
    )
    return key_pair


def _digest_of(certificate: Certificate) -> str:
    """SHA-256 of the public key, hexadecimal: the same for two certificates of one key."""
    public_key = certificate.public_key.public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public_key).hexdigest()


@transaction.atomic
def _issue(
    key_pair: KeyPair, certificate: Certificate, *, asked_by: Agent, origin: str, now: datetime
) -> IssuedChallenge:
    challenge = Challenge(key_pair=key_pair, asked_by=asked_by, issued_at=now)
    context = challenges.context_of(challenge.pk, fingerprint=key_pair.fingerprint, origin=origin)
    nonce = secrets.token_bytes(challenges.NONCE_SIZE)
    challenge.answer_digest = _digest(challenges.answer(nonce, context))
    challenge.save(force_insert=True)
    journal.record(
        "key_pair.challenged",
        key_pair,
        actor=asked_by.user,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        challenge=str(challenge.pk),
    )
    return IssuedChallenge(challenge.pk, key_pair, challenges.seal(certificate, nonce, context))


def _digest(answer: str) -> bytes:
    return hashlib.sha256(answer.encode()).digest()


@transaction.atomic
def _take_answer(challenge_id: UUID, answer: str, now: datetime) -> Challenge:
    challenge = _locked(challenge_id)
    is_correct = hmac.compare_digest(_digest(answer), bytes(challenge.answer_digest))
    if challenge.answered_at is not None:
        if is_correct and challenge.is_correct:
            return challenge
        raise ChallengeSpent
    if now > challenge.issued_at + CHALLENGE_LIFETIME:
        raise ChallengeExpired
    _require_holder(challenge.key_pair, challenge.asked_by)
    challenge.answered_at, challenge.is_correct = now, is_correct
    challenge.save(update_fields=["answered_at", "is_correct"])
    if is_correct:
        _prove(challenge.key_pair, challenge, now)
    return challenge


def _locked(challenge_id: UUID) -> Challenge:
    """The challenge, its key pair locked before it, as by whoever deletes both."""
    try:
        key_pair = locks.lock(Challenge.objects.get(pk=challenge_id).key_pair_id)
        locked = Challenge.objects.select_for_update(no_key=True, of=("self",))
        challenge = locked.select_related("asked_by__user").get(pk=challenge_id)
    except Challenge.DoesNotExist as error:
        raise KeyPairGone from error
    challenge.key_pair = key_pair
    return challenge


def _require_holder(key_pair: KeyPair, agent: Agent) -> None:
    if key_pair.proven_at is None and agent.pk != key_pair.holder_id:
        raise HolderMustProve


def _prove(key_pair: KeyPair, challenge: Challenge, now: datetime) -> None:
    is_first = key_pair.state == KeyPair.State.UNPROVEN
    key_pair.proven_at = now
    if is_first:
        key_pair.state = KeyPair.State.ACTIVE
    key_pair.save(update_fields=["proven_at", "state"])
    journal.record(
        "key_pair.proven",
        key_pair,
        actor=challenge.asked_by.user,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        challenge=str(challenge.pk),
    )
    drills.close(key_pair, now)
    if is_first:
        renewal.conclude(key_pair, prover=challenge.asked_by, now=now)
