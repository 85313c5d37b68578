# SPDX-License-Identifier: EUPL-1.2
"""Valid rows by default: `make_<model>(**fields)`. What matters to a test is said by the test."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from envelopes import publication, submission
from envelopes.models import ChosenKey, Deposit
from keys.models import KeyPair
from marketplace.models import (
    Agent,
    Bidder,
    Company,
    Consultation,
    Organisation,
    Right,
    Service,
    User,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # the instant at which most tests stand
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
DEADLINE = NOW + 30 * DAY
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


def make_user(**fields: object) -> User:
    number = next(_numbers)
    email = str(fields.pop("email", f"person{number}@example.org"))
    return User.objects.create_user(email, PASSWORD, **({"name": f"Person {number}"} | fields))


def make_organisation(**fields: object) -> Organisation:
    return Organisation.objects.create(**({"name": f"Commune {next(_numbers)}"} | fields))


def make_service(**fields: object) -> Service:
    fields.setdefault("organisation", fields.get("organisation") or make_organisation())
    return Service.objects.create(**({"name": f"Service {next(_numbers)}"} | fields))


def make_agent(*rights: Right, **fields: object) -> Agent:
    """An agent with exactly these rights."""
    defaults: dict[str, object] = {right.value: True for right in rights}
    if "user" not in fields:
        defaults["user"] = make_user()
    if "service" not in fields:
        defaults["service"] = make_service()
    return Agent.objects.create(**(defaults | fields))


def make_administrator(**fields: object) -> Agent:
    return make_agent(is_administrator=True, **fields)


def luhn_complete(digits: str) -> str:
    """`digits` with the key that makes the whole a valid SIREN or SIRET."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def make_company(**fields: object) -> Company:
    number = next(_numbers)
    defaults = {"name": f"Company {number}", "siret": luhn_complete(f"55210055{number:05d}")}
    return Company.objects.create(**(defaults | fields))


def make_bidder(**fields: object) -> Bidder:
    defaults: dict[str, object] = {}
    if "user" not in fields:
        defaults["user"] = make_user()
    if "company" not in fields:
        defaults["company"] = make_company()
    return Bidder.objects.create(**(defaults | fields))


def make_consultation(**fields: object) -> Consultation:
    """A draft, closing at `DEADLINE`, opening planned an hour later."""
    if "created_by" not in fields:
        service = fields.get("service") or make_service()
        fields |= {"service": service, "created_by": make_agent(service=service)}
    defaults: dict[str, object] = {
        "reference": f"2026-{next(_numbers):03d}",
        "title": "Réfection de la toiture de l’école",
        "closes_at": DEADLINE,
        "opens_at": DEADLINE + timedelta(hours=1),
    }
    return Consultation.objects.create(**(defaults | fields))


def make_private_key() -> rsa.RSAPrivateKey:
    """RSA-2048, the smallest that is accepted, since tests make many."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_certificate(
    private_key: rsa.RSAPrivateKey,
    *,
    common_name: str = "Bi-clé de test",
    not_before: datetime = NOW - DAY,
    not_after: datetime = NOW + 730 * DAY,
) -> bytes:
    """A self-signed encryption certificate, DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usage = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder(name, name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.KeyUsage(key_encipherment=True, **usage), critical=True)
    )
    certificate = builder.sign(private_key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.DER)


def _public_key_of(certificate: bytes) -> bytes:
    public_key = x509.load_der_x509_certificate(certificate).public_key()
    return public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def make_key_pair(*, private_key: rsa.RSAPrivateKey | None = None, **fields: object) -> KeyPair:
    """A proven personal key pair. Give `private_key` to open what is sealed to it."""
    if "holder" not in fields:
        service = fields.get("service") or make_service()
        fields |= {"service": service, "holder": make_agent(service=service)}
    fields.setdefault("service", fields["holder"].service)  # type: ignore[attr-defined] # an Agent
    not_after = fields.get("not_after", NOW + 730 * DAY)
    assert isinstance(not_after, datetime)
    der = make_certificate(private_key or make_private_key(), not_after=not_after)
    defaults: dict[str, object] = {
        "name": f"Bi-clé {next(_numbers)}",
        "common_name": "Bi-clé de test",
        "certificate": der,
        "fingerprint": hashlib.sha256(der).hexdigest(),
        "public_key_digest": hashlib.sha256(_public_key_of(der)).hexdigest(),
        "algorithm": "RSA-2048",
        "not_before": NOW - DAY,
        "not_after": not_after,
        "state": KeyPair.State.ACTIVE,
        "created_at": NOW - DAY,
        "proven_at": NOW - DAY,
    }
    if fields.get("state") == KeyPair.State.RETIRED:
        defaults["retirement_reason"] = KeyPair.RetirementReason.WITHDRAWN
    return KeyPair.objects.create(**(defaults | fields))


def make_online_consultation(
    *, private_key: rsa.RSAPrivateKey | None = None, **fields: object
) -> Consultation:
    """On line since `NOW`, sealed to a personal key pair, whose `private_key` may be given, and to
    the backup one of a colleague."""
    consultation = make_consultation(**fields)
    holder = consultation.created_by
    personal = make_key_pair(private_key=private_key, holder=holder)
    make_key_pair(service=consultation.service, is_backup=True)
    ChosenKey.objects.create(consultation=consultation, key_pair=personal)
    return publication.publish(consultation.pk, actor=holder, now=NOW)


def make_deposit(**fields: object) -> Deposit:
    """A deposit in preparation, with its envelopes, without a file; a second one replaces the first."""
    relation = fields.get("relation", Deposit.Relation.REPLACES)
    consultation = fields.get("consultation") or make_online_consultation()
    bidder = fields.get("bidder") or make_bidder()
    assert isinstance(consultation, Consultation)
    assert isinstance(bidder, Bidder)
    return submission.start(consultation, bidder, now=NOW, relation=str(relation))


def make_many_key_pairs(count: int, *, holder: Agent, **fields: object) -> list[KeyPair]:
    """Proven personal and backup key pairs by turns, whose certificates nobody can read; at once."""
    numbers = [next(_numbers) for _ in range(count)]
    return KeyPair.objects.bulk_create(
        KeyPair(
            **{
                "service": holder.service,
                "holder": holder,
                "name": f"Bi-clé {number:06d}",
                "common_name": f"CN {-number % 1000:03d}",
                "certificate": bytes(1000),
                "fingerprint": hashlib.sha256(f"certificate {number}".encode()).hexdigest(),
                "public_key_digest": hashlib.sha256(f"key {number}".encode()).hexdigest(),
                "algorithm": "RSA-3072",
                "not_before": NOW - DAY,
                "not_after": NOW + (number % 900) * DAY,
                "is_backup": number % 2 == 1,
                "state": KeyPair.State.ACTIVE,
                "created_at": NOW - DAY,
                "proven_at": NOW - (number % 60) * DAY,
            }
            | fields
        )
        for number in numbers
    )
