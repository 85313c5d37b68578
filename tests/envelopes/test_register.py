# SPDX-License-Identifier: EUPL-1.2
from datetime import datetime, timedelta
from typing import Any

import pytest

from envelopes import register
from envelopes.errors.opening import DeadlineNotReached
from envelopes.models import Deposit
from envelopes.register import Part
from marketplace.models import Consultation, EnvelopeKind, Lot
from tests.envelopes.registered import LATER, attempt, begin, enter
from tests.envelopes.sealed import PDF, make_scene, seal_deposit
from tests.factories import DEADLINE, NOW, SECOND, make_company, make_online_consultation

pytestmark = pytest.mark.django_db
OFFER = {EnvelopeKind.OFFER: {"offre.pdf": PDF}}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def consultation() -> Consultation:
    return make_online_consultation()


def sealed(consultation: Consultation, at: datetime, **fields: Any) -> Deposit:
    """Submitted at this instant; late where it is."""
    deposit = seal_deposit(consultation, OFFER, is_late=at >= DEADLINE, **fields)
    deposit.submitted_at = at
    deposit.save(update_fields=["submitted_at"])
    return deposit


def all_rows(consultation: Consultation) -> list[register.Row]:
    return list(register.every_row(consultation, now=LATER))


def test_rows_mix_what_came_by_the_site_and_otherwise_in_the_order_of_arrival(consultation):
    third = sealed(consultation, DEADLINE + 2 * MINUTE)
    first = sealed(consultation, DEADLINE - 30 * MINUTE)
    second = enter(consultation, received_at=DEADLINE - 10 * MINUTE)

    rows = all_rows(consultation)

    assert [(row.order, row.deposit or row.paper) for row in rows] == [
        (1, first),
        (2, second),
        (3, third),
    ]
    assert [row.late_by for row in rows] == [None, None, 2 * MINUTE]


@pytest.mark.parametrize(
    ("at", "late_by"),
    [(DEADLINE - SECOND, None), (DEADLINE, timedelta()), (LATER, LATER - DEADLINE)],
)
def test_rows_say_by_how_much_a_deposit_is_late(consultation, at, late_by):
    sealed(consultation, at)
    enter(consultation, received_at=at)

    assert [row.late_by for row in all_rows(consultation)] == [late_by, late_by]


def test_rows_count_the_files_and_the_sealed_bytes_of_each_envelope():
    scene = make_scene()
    lot = Lot.objects.create(consultation=scene.consultation, number=2, title="Toiture")
    seal_deposit(scene.consultation, OFFER, lot=lot)

    first, second = (row.parts for row in all_rows(scene.consultation))

    def size(deposit: Deposit, kind: EnvelopeKind) -> int:
        envelope = deposit.envelopes.get(kind=kind)
        return sum(block.size for file in envelope.files.all() for block in file.blocks.all())

    assert first == tuple(
        Part(kind, None, count, size(scene.deposit, kind))
        for kind, count in ((EnvelopeKind.APPLICATION, 2), (EnvelopeKind.OFFER, 1))
    )
    assert [(part.kind, part.lot, part.file_count) for part in second] == [
        (EnvelopeKind.OFFER, 2, 1)
    ]


def test_rows_say_which_deposit_replaced_one(consultation):
    first = sealed(consultation, NOW)
    same = {"company": first.company, "bidder": first.bidder}
    second = sealed(consultation, NOW + MINUTE, follows=first, relation="replaces", **same)
    sealed(consultation, NOW + 2 * MINUTE, follows=second, relation="completes", **same)
    sealed(consultation, NOW + 3 * MINUTE)  # of another company
    sealed(consultation, DEADLINE, follows=second, relation="replaces", **same)  # late

    replaced = [row.replaced_by for row in all_rows(consultation)]

    assert replaced == [second.number, None, None, None, None]


def test_rows_leave_drafts_and_other_consultations(consultation):
    begin(consultation)
    sealed(make_online_consultation(), DEADLINE - SECOND)
    enter(make_online_consultation())

    assert all_rows(consultation) == []


@pytest.mark.parametrize("now", [NOW, DEADLINE - SECOND])
def test_nothing_is_read_before_the_deadline(consultation, now):
    sealed(consultation, NOW)

    for read in (
        register.arrivals,
        register.every_row,
        register.troubled,
        register.every_trouble,
        register.check_deadline,
    ):
        with pytest.raises(DeadlineNotReached):
            read(consultation, now=now)


def test_test_consultation_has_no_register(consultation):
    consultation.is_test = True

    with pytest.raises(DeadlineNotReached):
        register.arrivals(consultation, now=LATER)


def test_troubles_tell_of_what_was_not_submitted_or_not_at_once(consultation):
    company = make_company(name="Toitures Kerdoncuff")
    draft = begin(consultation, company=company)
    attempt(draft, 1)
    attempt(draft, 2, NOW + MINUTE, "transfer_cut")
    attempt(draft, 3, NOW + 2 * MINUTE)
    attempt(draft, 4, NOW + 3 * MINUTE, "transfer_cut")
    attempt(draft, 5, DEADLINE + MINUTE, "files_differ", step="submission")
    quiet = begin(consultation, created_at=NOW + MINUTE)
    cut = sealed(consultation, NOW + 9 * MINUTE, created_at=NOW + 2 * MINUTE)
    attempt(cut, 1, NOW + 3 * MINUTE, "transfer_cut")
    smooth = sealed(consultation, NOW)
    attempt(smooth, 1)

    found = list(register.every_trouble(consultation, now=LATER))

    assert [(one.deposit, one.first_at, one.last_at) for one in found] == [
        (draft, NOW, DEADLINE + MINUTE),
        (quiet, NOW + MINUTE, NOW + MINUTE),
        (cut, NOW + 2 * MINUTE, NOW + 3 * MINUTE),
    ]
    assert [(one.attempt_count, one.causes) for one in found] == [
        (5, (("transfer_cut", 2), ("files_differ", 1))),
        (0, ()),
        (1, (("transfer_cut", 1),)),
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_register_asks_as_much_for_one_row_as_for_three(
    consultation, django_assert_num_queries, count
):
    for _ in range(count):
        sealed(consultation, DEADLINE - SECOND)
        enter(consultation)
        attempt(begin(consultation), 1, cause="transfer_cut")

    with django_assert_num_queries(6):
        rows = all_rows(consultation)
    with django_assert_num_queries(3):
        found = list(register.every_trouble(consultation, now=LATER))
    assert (len(rows), len(found)) == (2 * count, count)


def test_register_reads_a_thousand_deposits_by_batches(consultation, django_assert_max_num_queries):
    model = sealed(consultation, DEADLINE - SECOND)
    number = model.number or 0
    receipt = model.receipt
    fields = {
        "consultation": consultation,
        "company": model.company,
        "bidder": model.bidder,
        "created_at": NOW,
        "state": Deposit.State.SUBMITTED,
        "manifest": b"manifest",
    }
    more = Deposit.objects.bulk_create(
        Deposit(**fields, number=number + place, submitted_at=NOW + place * SECOND)
        for place in range(1, 1000)
    )
    type(receipt).objects.bulk_create(
        type(receipt)(deposit=deposit, content=receipt.content, issued_at=NOW) for deposit in more
    )

    with django_assert_max_num_queries(2 + 5 * 4):
        rows = all_rows(consultation)

    assert [row.order for row in rows] == list(range(1, 1001))
    assert [row.deposit.number for row in rows[:-1] if row.deposit] == [d.number for d in more]
