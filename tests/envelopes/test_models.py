# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.db import IntegrityError

from envelopes.models import Envelope, LocalOpening
from marketplace.models import EnvelopeKind, Lot
from tests.factories import NOW, make_agent, make_deposit

pytestmark = pytest.mark.django_db


def test_deposit_has_one_envelope_of_a_kind_without_lot():
    deposit = make_deposit()

    with pytest.raises(IntegrityError):
        Envelope.objects.create(deposit=deposit, kind=EnvelopeKind.OFFER)


def test_deposit_has_one_envelope_of_a_kind_for_each_lot():
    deposit = make_deposit()
    lots = [
        Lot.objects.create(consultation=deposit.consultation, number=number, title="Lot")
        for number in (1, 2)
    ]
    for lot in lots:
        Envelope.objects.create(deposit=deposit, kind=EnvelopeKind.OFFER, lot=lot)

    with pytest.raises(IntegrityError):
        Envelope.objects.create(deposit=deposit, kind=EnvelopeKind.OFFER, lot=lots[0])


@pytest.mark.parametrize("is_of_envelope", [False, True])
def test_agent_has_one_local_opening_of_an_envelope_and_one_of_a_deposit(is_of_envelope):
    deposit, agent = make_deposit(), make_agent()
    envelope = deposit.envelopes.earliest("kind")
    fields = {"deposit": deposit, "agent": agent, "started_at": NOW}
    LocalOpening.objects.create(**fields)
    LocalOpening.objects.create(envelope=envelope, **fields)

    with pytest.raises(IntegrityError):
        LocalOpening.objects.create(envelope=envelope if is_of_envelope else None, **fields)
