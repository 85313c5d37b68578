# SPDX-License-Identifier: EUPL-1.2
"""Keys that share a prime, registered one after the other, then at the same moment."""

import threading

import pytest
from django.db import connection

from keys import registration
from keys.errors import SharedPrime
from keys.models import KeyPair
from keys.registration import Registration
from marketplace.models import Agent
from tests.factories import DAY, NOW, make_agent, make_key_pair
from tests.keys.assembling import assemble, held, rsa_public_key
from tests.keys.weak_moduli import prime

ORIGIN = "https://bids.example.org"


def of_primes(first: str, second: str, exponent: int = 65537) -> bytes:
    """A certificate whose modulus is the product of two primes that these names stand for."""
    return assemble(key=rsa_public_key(prime(1024, first) * prime(1024, second), exponent))


def register(certificate: bytes, holder: Agent | None = None) -> KeyPair:
    agent = holder or make_agent()
    offered = Registration(certificate, "Claire Martin", False, agent.service, agent)
    return registration.register(offered, origin=ORIGIN, now=NOW).key_pair


@pytest.mark.django_db
def test_key_that_shares_a_prime_is_refused_whichever_organisation_has_the_other(caplog):
    other = register(of_primes("p", "q"))

    with pytest.raises(SharedPrime) as refused:
        register(of_primes("p", "r"))

    assert KeyPair.objects.get() == other
    assert other.fingerprint not in str(refused.value.facts)
    assert other.fingerprint in caplog.text  # the operator's


@pytest.mark.django_db
def test_key_of_a_registered_modulus_and_of_another_exponent_is_refused():
    register(of_primes("p", "q"))

    with pytest.raises(SharedPrime):
        register(of_primes("p", "q", exponent=65539))


@pytest.mark.django_db
def test_retired_key_still_counts():
    KeyPair.objects.filter(pk=register(of_primes("p", "q")).pk).update(
        state=KeyPair.State.RETIRED, retired_at=NOW, retirement_reason="withdrawn"
    )

    with pytest.raises(SharedPrime):
        register(of_primes("q", "r"))


@pytest.mark.django_db
def test_keys_of_their_own_primes_are_registered():
    make_key_pair(created_at=NOW - 365 * DAY)

    register(of_primes("p", "q"))
    register(of_primes("r", "s"))
    register(assemble(key=held("p-256")))

    assert KeyPair.objects.count() == 4


@pytest.mark.django_db
def test_registration_repeated_does_not_share_its_own_primes():
    holder, certificate = make_agent(), of_primes("p", "q")

    first, second = register(certificate, holder), register(certificate, holder)

    assert first == second


@pytest.mark.django_db(transaction=True)
def test_of_two_keys_registered_at_the_same_moment_one_is_refused(monkeypatch):
    """PostgreSQL: the other registration ends between the two comparisons. SQLite: it waits for this one."""
    refusals: list[SharedPrime] = []
    save, holders = registration._save, [make_agent(), make_agent()]

    def offer(certificate, holder):
        try:
            register(certificate, holder)
        except SharedPrime as refusal:
            refusals.append(refusal)
        finally:
            if threading.current_thread() is other:
                connection.close()

    other = threading.Thread(target=offer, args=(of_primes("p", "r"), holders[1]))

    def save_after_the_other(*arguments):
        if threading.current_thread() is not other:
            other.start()
            other.join(timeout=2)  # seconds
        return save(*arguments)

    monkeypatch.setattr(registration, "_save", save_after_the_other)

    offer(of_primes("p", "q"), holders[0])
    other.join()

    assert len(refusals) == 1
    assert KeyPair.objects.count() == 1
