# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.db import IntegrityError

from envelopes.models import Envelope
from marketplace.models import EnvelopeKind, Lot
from tests.factories import make_deposit

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
