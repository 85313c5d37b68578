# SPDX-License-Identifier: EUPL-1.2
"""A deposit that comes in after the closing fingerprint was made: waited for, counted, proved beside it."""

import pytest

from envelopes import closing
from envelopes.errors.closing import ClosingBroken
from tests.envelopes.test_closing import LATER, begin, proof_of, received
from tests.factories import DEADLINE, SECOND, make_deposit, make_online_consultation

pytestmark = pytest.mark.django_db


def test_close_waits_for_a_submission_that_was_asked_for_again_after_the_deadline():
    deposit = make_deposit()
    begin(deposit)
    begin(deposit, DEADLINE + SECOND, 2)

    assert closing.close_due(now=LATER) == 0


@pytest.mark.parametrize(
    ("age", "count"), [(closing.WATCHED_FOR - SECOND, 1), (closing.WATCHED_FOR, 0)]
)
def test_consultation_is_looked_at_again_as_long_as_a_request_may_live(age, count):
    consultation = make_online_consultation()
    received(consultation)
    closing.close(consultation.pk, now=LATER)
    received(consultation)

    assert closing.close_due(now=DEADLINE + age) == count


def test_proof_stands_while_another_deposit_is_not_counted_yet():
    consultation = make_online_consultation()
    deposit = received(consultation)
    closing.close(consultation.pk, now=LATER)
    uncounted = received(consultation)

    assert proof_of(deposit)["size"] == 1
    assert closing.proof(uncounted, now=LATER) is None


def test_proof_is_refused_where_an_earlier_root_is_another():
    consultation = make_online_consultation()
    deposit = received(consultation)
    closing.close(consultation.pk, now=LATER)
    received(consultation)
    closing.close(consultation.pk, now=LATER + SECOND)
    consultation.closing_fingerprints.filter(number=1).update(root=bytes(32))

    with pytest.raises(ClosingBroken):
        closing.proof(deposit, now=LATER + SECOND)
