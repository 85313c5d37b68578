# SPDX-License-Identifier: EUPL-1.2
"""Who is who in the table of authorisations, and the addresses that it must cover."""

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from envelopes import closing, opening, paper_deposits, submission, uploads
from envelopes.models import PaperDeposit
from envelopes.paper_deposits import Line
from marketplace import timestamps
from marketplace.models import Agent, Bidder, EnvelopeKind, Right, Service, User
from signatures import reports
from tests.envelopes.deposits import ready_to_submit
from tests.envelopes.sealed import Holder, make_holder, publish, seal_deposit, unwrap
from tests.factories import (
    make_administrator,
    make_agent,
    make_bidder,
    make_consultation,
    make_organisation,
    make_service,
    make_user,
)

HOST = "testserver"  # what Django's test client calls itself
LOGIN = "sign-in page"
OK = "allowed"  # stands for the answer that the row of the table names
Answer = int | str
# The columns. The agents but the one "without" hold the right that the row names.
PERSONS = (
    "anonymous",
    "bidder",  # of the company that deposited
    "bidder of another company",
    "agent",  # of the service that the objects belong to
    "agent without the right",
    "agent of another service",
    "agent of another organisation",
    "administrator",
    "administrator of another organisation",
)
Policy = tuple[Answer, ...]
PUBLIC: Policy = (OK,) * len(PERSONS)
NOBODY: Policy = (404,) * len(PERSONS)  # without the secret that the address wants
SIGNED_IN: Policy = (LOGIN, *(OK,) * 8)
STRANGERS: Policy = (OK, *(302,) * 8)  # the others have nothing to do there
AGENTS: Policy = (LOGIN, 404, 404, OK, OK, OK, OK, OK, OK)
WITH_RIGHT: Policy = (LOGIN, 404, 404, OK, 403, OK, OK, OK, OK)
IN_SERVICE: Policy = (LOGIN, 404, 404, OK, OK, 404, 404, OK, 404)
IN_SERVICE_WITH_RIGHT: Policy = (LOGIN, 404, 404, OK, 403, 404, 404, OK, 404)
IN_ORGANISATION_WITH_RIGHT: Policy = (LOGIN, 404, 404, OK, 403, OK, 404, OK, 404)
ADMINISTRATORS: Policy = (LOGIN, 404, 404, 404, 404, 404, 404, OK, OK)
IN_ORGANISATION_ADMINISTRATORS: Policy = (LOGIN, 404, 404, 404, 404, 404, 404, OK, 404)
# The agent that the address names is the one "without the right".
IN_ORGANISATION_ADMINISTRATORS_OR_SELF: Policy = (LOGIN, 404, 404, 404, OK, 404, 404, OK, 404)
BIDDERS: Policy = (LOGIN, OK, OK, 404, 404, 404, 404, 404, 404)
OWNER: Policy = (LOGIN, 404, 404, 404, OK, 404, 404, 404, 404)  # of the second factors
ALL_BUT_THE_OWNER: Policy = (LOGIN, OK, OK, OK, 302, OK, OK, OK, OK)
OWNER_ELSE_INDEX: Policy = (LOGIN, 302, 302, 302, OK, 302, 302, 302, 302)
LEAVING: Policy = (302, *(OK,) * 8)
OF_COMPANY: Policy = (LOGIN, OK, 404, 404, 404, 404, 404, 404, 404)
SCRIPT_OF_COMPANY: Policy = (401, *OF_COMPANY[1:])  # a script cannot follow to the sign-in page
SCRIPT_OF_BIDDERS: Policy = (401, *BIDDERS[1:])


@dataclass(frozen=True)
class Row:
    """One address: who gets in, with which right, and what the ones who get in are answered."""

    policy: Policy
    right: Right | None = None
    method: str = "GET"
    allowed: int = 200

    @property
    def expected(self) -> dict[str, Answer]:
        answers = [self.allowed if answer == OK else answer for answer in self.policy]
        return dict(zip(PERSONS, answers, strict=True))


@dataclass
class World:
    """Real rows, and the people of the columns around them."""

    service: Service
    people: dict[str, User | None] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)  # by the name that addresses give them
    holders: list[Holder] = field(default_factory=list)  # of a personal and of a backup key pair

    def client_of(self, person: str) -> Client:
        client = Client()
        user = self.people[person]
        if user:
            client.force_login(user)
            _say_that_a_password_was_typed(client, user)
        return client

    def ask(self, person: str, method: str, path: str) -> Answer:
        response = self.client_of(person).generic(method, path, headers={"Tus-Resumable": "1.0.0"})
        if response.status_code == 302 and response.headers["Location"].startswith(
            reverse("account_login") + "?next="
        ):
            return LOGIN
        return response.status_code


def _say_that_a_password_was_typed(client: Client, user: User) -> None:
    """A moment ago: allauth asks again before it shows second factors."""
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def make_world(right: Right | None = None, *, has_bids: bool = False) -> World:
    rights = [right] if right else []
    service = make_service()
    neighbour = make_service(organisation=service.organisation)
    foreign = make_service(organisation=make_organisation())
    world = World(service)
    agent = make_agent(*rights, service=service)
    powerless = make_agent(service=service)
    world.people = {
        "anonymous": None,
        "bidder": make_bidder().user,
        "bidder of another company": make_bidder().user,
        "agent": agent.user,
        "agent without the right": powerless.user,
        "agent of another service": make_agent(*rights, service=neighbour).user,
        "agent of another organisation": make_agent(*rights, service=foreign).user,
        "administrator": make_administrator(service=service).user,
        "administrator of another organisation": make_administrator(service=foreign).user,
    }
    for user in filter(None, world.people.values()):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    now = timezone.now()
    consultation = make_consultation(
        service=service,
        created_by=agent,
        closes_at=now + timedelta(days=30),
        opens_at=now + timedelta(days=31),
    )
    world.ids = {"consultation_id": consultation.pk, "agent_id": powerless.pk}
    world.ids |= _account_ids(powerless.user)
    if has_bids:
        add_bids(world)
    return world


def world_of(name: str, right: Right | None) -> World:
    """The world for one address; bids are made for the apps that know of them."""
    return make_world(right, has_bids=":" in name)


def add_bids(world: World) -> None:
    """A consultation on line with a draft deposit, and a closed one whose bid has been opened."""
    agent, bidder = Agent.objects.get(user=world.people["agent"]), _bidder(world)
    now = timezone.now()
    proven = {"proven_at": now}
    holders = [
        make_holder(world.service, holder=agent, **proven),
        make_holder(world.service, is_backup=True, **proven),
    ]
    world.holders = holders
    online, closed = (
        make_consultation(
            service=world.service,
            created_by=agent,
            closes_at=now + timedelta(hours=hours),
            opens_at=now + timedelta(hours=hours),
        )
        for hours in (1, -1)
    )
    publish(online, *holders)
    publish(closed, *holders)
    answered = submission.start(online, bidder, now=now)
    submission.submit(answered.pk, ready_to_submit(answered), actor=bidder.user, now=now)
    draft = submission.start(online, bidder, now=now, relation="completes")
    upload = uploads.create(
        draft.pk,
        envelope_id=draft.envelopes.earliest("kind").pk,
        size=1,
        actor=bidder.user,
        clock=timezone.now,
    )
    submitted = seal_deposit(closed, bidder=bidder, company=bidder.company)
    envelope = submitted.envelopes.get(kind=EnvelopeKind.APPLICATION)
    release = opening.release(
        envelope.pk, agent=agent, keys=unwrap(envelope, holders[0]), now=timezone.now()
    )
    reports.ask(envelope.pk, now=timezone.now())
    closing.close(closed.pk, now=timezone.now())
    paper = paper_deposits.enter(
        closed.pk,
        Line(uuid4(), PaperDeposit.Way.PAPER, "Menuiserie Le Gall", now, "Un pli"),
        agent=agent,
        now=timezone.now(),
    )
    timestamps.obtain_waiting(clock=timezone.now)
    for name in (
        "register",
        "register_csv",
        "register_attempts_csv",
        "register_json",
        "register_pdf",
        "enter_paper_deposit",
    ):
        world.ids[f"envelopes:{name} consultation_id"] = closed.pk
    world.ids |= {
        "key_pair_id": holders[0].key_pair.pk,
        "deposit_id": draft.pk,
        "upload_id": upload.pk,
        "envelope_id": envelope.pk,
        "file_id": release.files.earliest("name").pk,
        "paper_deposit_id": paper.pk,
        "envelopes:public_detail consultation_id": online.pk,
        "envelopes:start_deposit consultation_id": online.pk,
        "envelopes:opening consultation_id": closed.pk,
        "envelopes:closing consultation_id": closed.pk,
        "envelopes:closing_token consultation_id": closed.pk,
        "envelopes:closing_proof deposit_id": submitted.pk,
        "envelopes:deposit_attempts deposit_id": submitted.pk,
        "envelopes:take_away deposit_id": submitted.pk,
        "sealed_file": bytes(envelope.files.earliest("pk").file_id).hex(),
        "number": 0,
        "envelopes:receipt deposit_id": answered.pk,
        "envelopes:withdraw deposit_id": answered.pk,
        "envelopes:receipt_file deposit_id": answered.pk,
        "envelopes:receipt_pdf deposit_id": answered.pk,
        "envelopes:receipt_token deposit_id": answered.pk,
        "envelopes:verify deposit_id": answered.pk,
    }


def _bidder(world: World) -> Bidder:
    return Bidder.objects.select_related("user", "company").get(user=world.people["bidder"])


def _account_ids(owner: User) -> dict[str, Any]:
    """What the links of mails, and the pages of security keys, hold."""
    TOTP.activate(owner, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(owner)
    key = Authenticator.objects.create(
        user=owner,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Clé", "credential": security_key()},
    )
    stranger = make_user()  # who never signs in, so that the link stays good
    address = EmailAddress.objects.create(user=stranger, email=stranger.email)
    return {
        "pk": key.pk,
        "uidb36": user_pk_to_url_str(stranger),
        "account_confirm_email key": EmailConfirmationHMAC(address).key,
        "account_reset_password_from_key key": default_token_generator.make_token(stranger),
    }


def security_key(challenge: bytes = b"challenge") -> dict[str, object]:
    """The registration of a security key, as a browser sends it (WebAuthn, § 5.1)."""
    public_key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    name = secrets.token_bytes(16)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    authenticator = AuthenticatorData.create(
        hashlib.sha256(HOST.encode()).digest(),
        flags,
        counter=0,
        credential_data=AttestedCredentialData.create(Aaguid.NONE, name, public_key),
    )
    client = CollectedClientData.create("webauthn.create", challenge, f"http://{HOST}")
    return {
        "id": websafe_encode(name),
        "rawId": websafe_encode(name),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(
                AttestationObject.create("none", authenticator, {})
            ),
        },
    }


def addresses() -> dict[str, list[str]]:
    """Every URL name of the project, with the names of its arguments."""
    return dict(_walk(get_resolver(), "", []))


def path_of(name: str, world: World) -> str:
    arguments = addresses()[name]
    ids = world.ids
    kwargs = {argument: ids.get(f"{name} {argument}", ids.get(argument)) for argument in arguments}
    return reverse(name, kwargs=kwargs)


def _walk(
    resolver: URLResolver, namespace: str, arguments: list[str]
) -> Iterator[tuple[str, list[str]]]:
    for entry in resolver.url_patterns:
        named = [*arguments, *entry.pattern.regex.groupindex]
        if isinstance(entry, URLResolver):
            prefix = f"{entry.namespace}:" if entry.namespace else ""
            yield from _walk(entry, namespace + prefix, named)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", named
