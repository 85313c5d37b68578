# SPDX-License-Identifier: EUPL-1.2
"""A deposit taken away in an archive: refused as a release is, and kept before its first byte."""

import io
from datetime import timedelta

import pytest
from django.core.files.storage import storages

from envelopes import archive, local_opening, withdrawal
from envelopes.errors.opening import (
    ApplicationFirst,
    BlockDamaged,
    DeadlineNotReached,
    DepositWithdrawn,
    FilesRemoved,
    LateNotConfirmed,
    ManifestDamaged,
    ReplacedNotConfirmed,
    StillChecked,
    StoreUnavailable,
)
from envelopes.errors.withdrawal import WithdrawalTooLate
from envelopes.models import Deposit, LocalOpening, Opening
from marketplace.models import Consultation, EnvelopeKind, JournalEntry, Right
from tests import factories
from tests.envelopes import sealed
from tests.envelopes.damages import fail_for
from tests.envelopes.registered import attempt, begin
from tests.envelopes.sealed import OPENED
from tests.envelopes.test_offline import files_in, key_of, open_all
from tests.envelopes.test_opening import assert_nothing_opened, release
from tests.factories import DEADLINE, NOW, SECOND
from tests.racing import race

pytestmark = pytest.mark.django_db
OFFER = {EnvelopeKind.OFFER: {"offre.pdf": b"offre"}}


def take(scene, deposit=None, *, now=OPENED, **options):
    taken = deposit or scene.deposit
    return local_opening.take_away(taken.pk, agent=scene.agent, now=now, **options)


def assert_nothing_taken(consultation):
    assert not LocalOpening.objects.exists()
    assert_nothing_opened(consultation)


def actions():
    return list(JournalEntry.objects.order_by("index").values_list("action", flat=True))


# What is taken


def test_what_is_taken_away_opens_without_the_site(tmp_path):
    scene = sealed.make_scene()
    release(scene, scene.application)

    content = b"".join(take(scene).pieces())

    open_all(io.BytesIO(content), key_of(scene), tmp_path / "out")
    assert files_in(tmp_path / "out") == {
        f"{kind}/{name}": data
        for kind, files in sealed.CONTENTS.items()
        for name, data in files.items()
    }


def test_taking_away_begins_the_session_and_is_kept():
    scene = sealed.make_scene(OFFER)

    take(scene)

    scene.consultation.refresh_from_db()
    assert scene.consultation.state == Consultation.State.OPENING
    session, kept = Opening.objects.get(), LocalOpening.objects.get()
    assert (session.started_at, session.started_by) == (OPENED, scene.agent)
    assert (kept.deposit, kept.started_at, kept.agent) == (scene.deposit, OPENED, scene.agent)
    assert actions() == ["consultation.opening_started", "deposit.taken_away"]
    entry = JournalEntry.objects.get(action="deposit.taken_away")
    assert entry.subject == f"Deposit {scene.deposit.pk}"
    assert entry.organisation_id == scene.service.organisation_id
    assert entry.facts == {"is_late": False, "is_replaced": False}


def test_session_is_begun_once_whichever_way_a_bid_is_opened():
    scene = sealed.make_scene(OFFER)
    other = sealed.seal_deposit(scene.consultation)

    take(scene)
    release(scene, other.envelopes.get(kind=EnvelopeKind.APPLICATION), now=OPENED + SECOND)

    assert Opening.objects.get().started_at == OPENED
    assert actions().count("consultation.opening_started") == 1


def test_taking_away_again_keeps_the_first_instant_and_each_time_is_in_the_journal():
    scene = sealed.make_scene(OFFER)
    colleague = factories.make_agent(Right.OPEN_BIDS, service=scene.service)

    take(scene)
    take(scene, now=OPENED + SECOND)
    local_opening.take_away(scene.deposit.pk, agent=colleague, now=OPENED + 2 * SECOND)

    kept = LocalOpening.objects.order_by("started_at").values_list("agent", "started_at")
    assert list(kept) == [(scene.agent.pk, OPENED), (colleague.pk, OPENED + 2 * SECOND)]
    assert actions().count("deposit.taken_away") == 3


@pytest.mark.django_db(transaction=True)
def test_taking_away_twice_at_once_begins_one_session():
    scene = sealed.make_scene(OFFER)

    answers = race(*[lambda: take(scene).size] * 2)

    assert answers[0] == answers[1]
    assert LocalOpening.objects.count() == Opening.objects.count() == 1
    assert sorted(actions()) == ["consultation.opening_started", *["deposit.taken_away"] * 2]


# Refusals


@pytest.mark.parametrize("now", [DEADLINE - SECOND, DEADLINE - timedelta(microseconds=1)])
def test_nothing_is_taken_away_before_the_deadline(now):
    scene = sealed.make_scene(OFFER)

    with pytest.raises(DeadlineNotReached):
        take(scene, now=now)

    assert_nothing_taken(scene.consultation)
    assert take(scene, now=DEADLINE)


@pytest.mark.parametrize("accepts", ["", "late", "replaced", "withdrawn"])
def test_withdrawn_deposit_is_never_taken_away(accepts):
    scene = sealed.make_scene(OFFER)
    Deposit.objects.update(withdrawn_at=NOW)

    with pytest.raises(DepositWithdrawn):
        take(scene, accepts=accepts)

    assert_nothing_taken(scene.consultation)


def test_deposit_with_offers_is_taken_away_once_its_application_is_open():
    scene = sealed.make_scene()

    with pytest.raises(ApplicationFirst):
        take(scene)
    assert_nothing_taken(scene.consultation)

    release(scene, scene.application)
    assert take(scene)


def test_deposit_of_applications_alone_waits_for_nothing():
    scene = sealed.make_scene({EnvelopeKind.APPLICATION: {"DC1.pdf": b"candidature"}})

    assert take(scene)


def test_late_deposit_is_taken_away_on_purpose_only():
    scene = sealed.make_scene(OFFER)
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)

    for accepts in ("", "replaced"):
        with pytest.raises(LateNotConfirmed):
            take(scene, late, accepts=accepts)
    assert_nothing_taken(scene.consultation)

    take(scene, late, accepts="late")
    facts = JournalEntry.objects.get(action="deposit.taken_away").facts
    assert facts == {"is_late": True, "is_replaced": False}


def test_replaced_deposit_is_taken_away_on_purpose_only():
    scene = sealed.make_scene(OFFER)
    sealed.seal_second(scene.deposit, "replaces")

    for accepts in ("", "late"):
        with pytest.raises(ReplacedNotConfirmed):
            take(scene, accepts=accepts)
    assert_nothing_taken(scene.consultation)

    take(scene, accepts="replaced")
    facts = JournalEntry.objects.get(action="deposit.taken_away").facts
    assert facts == {"is_late": False, "is_replaced": True}


def test_deposit_waits_for_a_bid_of_its_company_that_is_being_checked():
    scene = sealed.make_scene(OFFER)
    draft = begin(scene.consultation, company=scene.deposit.company, bidder=scene.deposit.bidder)
    attempt(draft, 1, DEADLINE - SECOND, step="submission")

    with pytest.raises(StillChecked):
        take(scene)

    assert_nothing_taken(scene.consultation)


def remove_files(scene):
    Deposit.objects.update(files_removed_at=NOW)


def spoil_manifest(scene):
    Deposit.objects.update(manifest=b"{}")


def lose_block(scene):
    sealed.rewrite(sealed.block_of(scene.offer), None)


def lose_row(scene):
    sealed.block_of(scene.offer).delete()


@pytest.mark.parametrize(
    ("damage", "refusal"),
    [
        (remove_files, FilesRemoved),
        (spoil_manifest, ManifestDamaged),
        (lose_block, BlockDamaged),
        (lose_row, BlockDamaged),
    ],
)
def test_deposit_that_is_not_whole_is_refused_before_its_first_byte(damage, refusal):
    scene = sealed.make_scene(OFFER)
    damage(scene)

    with pytest.raises(refusal):
        take(scene)

    assert_nothing_taken(scene.consultation)


def test_deposit_is_refused_while_the_store_is_silent(monkeypatch):
    scene = sealed.make_scene(OFFER)
    name = sealed.block_of(scene.offer).storage_name
    fail_for(monkeypatch, storages["default"], "read_start", name)

    with pytest.raises(StoreUnavailable):
        take(scene)

    assert_nothing_taken(scene.consultation)


# What had arrived before the deadline, and is committed after it


def test_deposit_withdrawn_while_its_blocks_are_looked_at_is_not_taken_away(monkeypatch):
    scene = sealed.make_scene(OFFER)
    look = archive.of

    def withdraw_meanwhile(deposit):
        withdrawal.withdraw(deposit.pk, actor=deposit.bidder.user, now=DEADLINE - SECOND)
        return look(deposit)

    monkeypatch.setattr(archive, "of", withdraw_meanwhile)

    with pytest.raises(DepositWithdrawn):
        take(scene)

    assert not LocalOpening.objects.exists()
    assert actions() == ["deposit.withdrawn"]


def test_deposit_that_was_taken_away_is_not_withdrawn_any_more():
    """The withdrawal had arrived before the deadline, and was long on its way."""
    scene = sealed.make_scene(OFFER)
    take(scene)

    with pytest.raises(WithdrawalTooLate):
        withdrawal.withdraw(
            scene.deposit.pk, actor=scene.deposit.bidder.user, now=DEADLINE - SECOND
        )

    scene.deposit.refresh_from_db()
    assert scene.deposit.withdrawn_at is None


@pytest.mark.django_db(transaction=True)
def test_withdrawal_and_taking_away_at_once_do_not_both_succeed():
    scene = sealed.make_scene(OFFER)

    def withdraw():
        return withdrawal.withdraw(
            scene.deposit.pk, actor=scene.deposit.bidder.user, now=DEADLINE - SECOND
        )

    withdrawn, taken = race(withdraw, lambda: take(scene))

    refused = [isinstance(withdrawn, WithdrawalTooLate), isinstance(taken, DepositWithdrawn)]
    assert sum(refused) == 1, (withdrawn, taken)
