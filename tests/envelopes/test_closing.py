# SPDX-License-Identifier: EUPL-1.2
"""The closing fingerprint: once, of what came in time, in its order; and again where one more comes in."""

import hashlib
import json
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from envelopes import closing, submission
from envelopes.attempts import CHECKED_FOR
from envelopes.errors.closing import ClosingBroken
from envelopes.models import Attempt, ClosingFingerprint, Deposit
from marketplace import merkle, timestamps
from marketplace.models import Consultation, JournalEntry, Timestamp
from tests.envelopes.deposits import clock, ready_to_submit
from tests.factories import (
    DEADLINE,
    NOW,
    SECOND,
    make_bidder,
    make_consultation,
    make_deposit,
    make_online_consultation,
)
from tests.racing import race

pytestmark = pytest.mark.django_db
LATER = DEADLINE + timedelta(minutes=1)
_numbers = count(1)


@pytest.fixture
def consultation() -> Consultation:
    return make_online_consultation()


def received(consultation: Consultation, *, is_late: bool = False, **fields: object) -> Deposit:
    """A submitted deposit, as far as the closing looks at it."""
    bidder = make_bidder()
    number = next(_numbers)
    defaults: dict[str, object] = {
        "company": bidder.company,
        "bidder": bidder,
        "created_at": NOW,
        "state": Deposit.State.SUBMITTED,
        "submitted_at": DEADLINE if is_late else DEADLINE - SECOND,
        "is_late": is_late,
        "number": number,
        "manifest": b"manifest %d" % number,
    }
    return Deposit.objects.create(consultation=consultation, **(defaults | fields))


def begin(deposit: Deposit, at=DEADLINE - SECOND, number: int = 1, **fields: object) -> None:
    """The start of a submission, or what `fields` make of it."""
    defaults: dict[str, object] = {"step": "submission", "outcome": "started", "recorded_at": at}
    Attempt.objects.create(deposit=deposit, number=number, **(defaults | fields))


def digest(deposit: Deposit) -> bytes:
    return hashlib.sha256(bytes(deposit.manifest or b"")).digest()


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, § 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = naive_root(leaves[:half]), naive_root(leaves[half:])
    return hashlib.sha256(b"\1" + left + right).digest()


def proof_of(deposit: Deposit, now=LATER) -> dict[str, Any]:
    content = closing.proof(deposit, now=now)
    assert content is not None
    said: dict[str, Any] = json.loads(content)
    return said


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8])
def test_close_makes_the_root_of_what_came_in_time_in_its_order(consultation, size):
    deposits = [received(consultation) for _ in range(size)]
    received(consultation, is_late=True)
    make_deposit(consultation=consultation)
    received(make_online_consultation())

    made = closing.close(consultation.pk, now=LATER)

    assert made is not None
    assert (made.number, made.size, made.made_at) == (1, size, LATER)
    assert made.root == naive_root([digest(deposit) for deposit in deposits])


def test_close_counts_deposits_that_were_withdrawn_or_replaced(consultation):
    first = received(consultation, withdrawn_at=DEADLINE - SECOND)
    second = received(consultation)
    third = received(consultation, follows=second, relation=Deposit.Relation.REPLACES)

    made = closing.close(consultation.pk, now=LATER)

    assert made is not None
    assert made.root == naive_root([digest(first), digest(second), digest(third)])


def test_close_is_journalled_and_stamped(consultation):
    received(consultation)

    closing.close(consultation.pk, now=LATER)

    made = ClosingFingerprint.objects.get()
    entry = JournalEntry.objects.get(action="consultation.closed")
    assert entry.facts == {"number": 1, "root": bytes(made.root).hex(), "size": 1}
    assert (entry.actor, entry.recorded_at) == ("system", LATER)
    assert entry.subject == f"Consultation {consultation.pk}"
    stamp = Timestamp.objects.get(closing=made)
    assert (bytes(stamp.digest), stamp.algorithm, stamp.token) == (made.root, "sha256", None)


@pytest.mark.parametrize(("now", "made"), [(DEADLINE - SECOND, 0), (DEADLINE, 1)])
def test_close_due_waits_for_the_deadline(consultation, now, made):
    assert closing.close_due(now=now) == made
    assert closing.close(consultation.pk, now=now) is None
    assert ClosingFingerprint.objects.count() == made


def test_close_due_leaves_drafts_and_test_consultations(consultation):
    make_consultation()
    Consultation.objects.filter(pk=consultation.pk).update(is_test=True)

    assert closing.close_due(now=LATER) == 0
    assert closing.close(consultation.pk, now=LATER) is None
    assert not ClosingFingerprint.objects.exists()


def test_close_due_twice_changes_nothing(consultation):
    received(consultation)
    closing.close_due(now=LATER)

    assert closing.close_due(now=LATER + SECOND) == 0
    assert ClosingFingerprint.objects.get().made_at == LATER
    assert JournalEntry.objects.filter(action="consultation.closed").count() == 1


def test_close_waits_while_a_submission_that_began_in_time_is_checked(consultation):
    deposit = make_deposit(consultation=consultation)
    begin(deposit)

    assert closing.close_due(now=LATER) == 0
    begin(deposit, LATER, 2, outcome="refused", cause="files_differ")
    assert closing.close_due(now=LATER) == 1


@pytest.mark.parametrize(
    ("begun", "now"),
    [
        (DEADLINE, LATER),  # a late one
        (DEADLINE - SECOND, DEADLINE - SECOND + CHECKED_FOR),  # a dead one
    ],
)
def test_close_waits_for_no_other_submission(consultation, begun, now):
    begin(make_deposit(consultation=consultation), begun)

    assert closing.close_due(now=now) == 1


def test_close_waits_for_no_upload(consultation):
    begin(make_deposit(consultation=consultation), step="upload")

    assert closing.close_due(now=LATER) == 1


def test_deposit_that_commits_afterwards_makes_the_tree_grow(consultation):
    for _ in range(3):
        received(consultation)
    first = closing.close(consultation.pk, now=LATER)
    received(consultation, is_late=True)
    last = received(consultation)

    assert closing.close_due(now=LATER + SECOND) == 1

    second = ClosingFingerprint.objects.get(number=2)
    assert first is not None
    assert (first.size, second.size) == (3, 4)
    said = proof_of(last, LATER + SECOND)
    (earlier,) = said["earlier"]
    assert earlier == {"number": 1, "root": first.root.hex(), "size": 3} | {
        "proof": earlier["proof"]
    }
    merkle.verify_consistency(
        (3, 4),
        (bytes(first.root), bytes(second.root)),
        [bytes.fromhex(node) for node in earlier["proof"]],
    )


def test_submission_that_goes_on_across_the_deadline_is_counted(consultation, monkeypatch):
    """The true path: it begins in time, the closing looks in while it is checked, then it commits."""
    deposit = make_deposit(consultation=consultation)
    announcement = ready_to_submit(deposit)
    found = []
    commit = submission._commit

    def closing_first(*arguments, **options):
        found.append(closing.close_due(now=LATER))
        return commit(*arguments, **options)

    monkeypatch.setattr(submission, "_commit", closing_first)

    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=DEADLINE - SECOND)

    deposit.refresh_from_db()
    assert found == [0]
    assert closing.close_due(now=LATER) == 1
    assert ClosingFingerprint.objects.get().root == naive_root([digest(deposit)])


@pytest.mark.parametrize("size", [1, 2, 7])
def test_proof_shows_each_deposit_and_no_other(consultation, size):
    deposits = [received(consultation) for _ in range(size)]
    made = closing.close(consultation.pk, now=LATER)
    assert made is not None

    for index, deposit in enumerate(deposits):
        said = proof_of(deposit)
        assert (said["index"], said["size"], said["root"]) == (index, size, made.root.hex())
        assert said["manifest_sha256"] == digest(deposit).hex()
        hashes = [bytes.fromhex(node) for node in said["proof"]]
        leaf = merkle.leaf_hash(digest(deposit))
        merkle.verify_inclusion(leaf, index, size, hashes, bytes(made.root))
        with pytest.raises(merkle.BadProof):
            merkle.verify_inclusion(
                merkle.leaf_hash(b"other"), index, size, hashes, bytes(made.root)
            )


def test_late_deposit_has_no_proof(consultation):
    received(consultation)
    late = received(consultation, is_late=True)
    closing.close(consultation.pk, now=LATER)

    assert closing.leaf(late, now=LATER) is None
    assert closing.proof(late, now=LATER) is None


@pytest.mark.parametrize(
    "change", [{"manifest": b"another"}, {"is_late": True, "submitted_at": DEADLINE}]
)
def test_proof_is_refused_where_what_is_kept_was_changed(consultation, change):
    changed, deposit = received(consultation), received(consultation)
    closing.close(consultation.pk, now=LATER)
    Deposit.objects.filter(pk=changed.pk).update(**change)

    with pytest.raises(ClosingBroken):
        closing.proof(deposit, now=LATER)


def test_nothing_of_it_exists_before_the_deadline(client, set_clock, consultation):
    deposit = received(consultation)
    closing.close(consultation.pk, now=LATER)
    set_clock(DEADLINE - SECOND)  # the clock of another server is behind
    client.force_login(deposit.bidder.user)

    for name, subject in (
        ("closing", consultation),
        ("closing_token", consultation),
        ("closing_proof", deposit),
    ):
        assert client.get(reverse(f"envelopes:{name}", args=[subject.pk])).status_code == 404
    page = client.get(reverse("envelopes:public_detail", args=[consultation.pk]))
    assertNotContains(page, "data-closing")


def test_everybody_is_told_the_root_after_the_deadline_and_not_how_many(
    client, set_clock, consultation
):
    for _ in range(3):
        received(consultation)
    made = closing.close(consultation.pk, now=LATER)
    assert made is not None
    set_clock(LATER)

    page = client.get(reverse("envelopes:public_detail", args=[consultation.pk]))
    file = client.get(reverse("envelopes:closing", args=[consultation.pk]))

    assertContains(page, " ".join(made.root.hex()[at : at + 4] for at in range(0, 64, 4)))
    assert file.json() == {
        "consultation": str(consultation.pk),
        "fingerprints": [
            {"made_at": "2026-12-02T09:01:00.000000+00:00", "number": 1, "root": made.root.hex()}
        ],
        "version": 1,
    }


def test_token_is_served_once_it_has_come(client, set_clock, consultation):
    closing.close(consultation.pk, now=LATER)
    set_clock(LATER)
    address = reverse("envelopes:closing_token", args=[consultation.pk])
    assert client.get(address).status_code == 404

    timestamps.obtain_waiting(clock=clock)

    assert client.get(address).content == bytes(Timestamp.objects.get().token or b"")


def test_receipt_page_and_file_tell_the_bidder_its_place(client, set_clock, consultation):
    received(consultation)
    deposit = make_deposit(consultation=consultation)
    announcement = ready_to_submit(deposit)
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    closing.close(consultation.pk, now=LATER)
    set_clock(LATER)
    client.force_login(deposit.bidder.user)

    page = client.get(reverse("envelopes:receipt", args=[deposit.pk]))
    file = client.get(reverse("envelopes:closing_proof", args=[deposit.pk]))

    assert page.context["closing_leaf"].rank in {1, 2}
    assertContains(page, reverse("envelopes:closing_proof", args=[deposit.pk]))
    assert file.json()["index"] == page.context["closing_leaf"].index


def test_broken_closing_is_told_on_the_receipt(client, set_clock, consultation):
    deposit = make_deposit(consultation=consultation)
    announcement = ready_to_submit(deposit)
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    closing.close(consultation.pk, now=LATER)
    ClosingFingerprint.objects.update(root=bytes(32))
    set_clock(LATER)
    client.force_login(deposit.bidder.user)

    response = client.get(reverse("envelopes:closing_proof", args=[deposit.pk]), follow=True)

    assertContains(response, str(ClosingBroken.user_message))
    assert JournalEntry.objects.filter(action="refused.closing_broken").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_close_once():
    consultations = [make_online_consultation() for _ in range(3)]
    for consultation in consultations:
        received(consultation)

    answers = race(*[lambda: closing.close_due(now=LATER)] * 3)

    assert sum(answers) == 3
    assert ClosingFingerprint.objects.count() == 3
    assert JournalEntry.objects.filter(action="consultation.closed").count() == 3


@pytest.mark.django_db(transaction=True)
def test_deposit_that_commits_during_the_closing_is_counted_by_this_one_or_the_next():
    for _ in range(5):
        consultation = make_online_consultation()
        deposit = make_deposit(consultation=consultation)
        announcement = ready_to_submit(deposit)
        in_time = DEADLINE - SECOND

        submitted, _made = race(
            partial(
                submission.submit, deposit.pk, announcement, actor=deposit.bidder.user, now=in_time
            ),
            partial(closing.close, consultation.pk, now=LATER),
        )
        closing.close(consultation.pk, now=LATER)

        deposit.refresh_from_db()
        last = consultation.closing_fingerprints.latest("number")
        assert submitted == deposit.receipt
        assert (last.size, last.root) == (1, naive_root([digest(deposit)]))
