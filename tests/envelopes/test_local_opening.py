# SPDX-License-Identifier: EUPL-1.2
"""An envelope opened on an agent's computer: refused as a release is, and kept before its first block."""

import pytest
from django.core.files.storage import storages

from envelopes import local_opening, withdrawal
from envelopes.errors.opening import (
    ApplicationFirst,
    BlockDamaged,
    DeadlineNotReached,
    DepositWithdrawn,
    LateNotConfirmed,
    NotDeclared,
    ReplacedNotConfirmed,
    StillChecked,
    StoreUnavailable,
)
from envelopes.errors.withdrawal import WithdrawalTooLate
from envelopes.models import LocalOpening, Opening, Release, SealedBlock
from marketplace.models import Consultation, EnvelopeKind, JournalEntry, Right
from tests import factories
from tests.envelopes import sealed
from tests.envelopes.damages import fail_for
from tests.envelopes.registered import attempt, begin
from tests.envelopes.sealed import OPENED
from tests.envelopes.test_opening import release
from tests.envelopes.test_taking_away import OFFER, actions, assert_nothing_taken, take
from tests.factories import DEADLINE, SECOND
from tests.racing import race

pytestmark = pytest.mark.django_db


def declare(scene, envelope, *, now=OPENED, **options):
    return local_opening.declare(envelope.pk, agent=scene.agent, now=now, **options)


def block(scene, envelope, *, agent=None, number=0, file_id=None, now=OPENED):
    file = envelope.files.get(is_index=True)
    return local_opening.block(
        envelope.pk,
        file_id=file_id or bytes(file.file_id),
        number=number,
        agent=agent or scene.agent,
        now=now,
    )


def test_declaring_begins_the_session_and_tells_nothing_but_that_it_happened():
    scene = sealed.make_scene()

    kept = declare(scene, scene.application)

    scene.consultation.refresh_from_db()
    assert scene.consultation.state == Consultation.State.OPENING
    assert Opening.objects.get().started_by == scene.agent
    assert (kept.deposit, kept.envelope) == (scene.deposit, scene.application)
    assert (kept.agent, kept.started_at) == (scene.agent, OPENED)
    assert actions() == ["consultation.opening_started", "envelope.opened_locally"]
    entry = JournalEntry.objects.get(action="envelope.opened_locally")
    assert entry.subject == f"Envelope {scene.application.pk}"
    assert entry.organisation_id == scene.service.organisation_id
    assert entry.facts == {
        "deposit": str(scene.deposit.pk),
        "is_late": False,
        "is_replaced": False,
    }
    assert not Release.objects.exists()


def test_declaring_again_keeps_the_first_instant():
    scene = sealed.make_scene()

    declare(scene, scene.application)
    again = declare(scene, scene.application, now=OPENED + SECOND)

    assert again == LocalOpening.objects.get()
    assert again.started_at == OPENED
    assert actions().count("envelope.opened_locally") == 2


@pytest.mark.django_db(transaction=True)
def test_declaring_twice_at_once_is_one_opening():
    scene = sealed.make_scene()

    first, second = race(*[lambda: declare(scene, scene.application)] * 2)

    assert first == second == LocalOpening.objects.get()
    assert Opening.objects.count() == 1


def test_application_opened_on_a_computer_counts_whichever_way_the_offer_is_opened():
    scene = sealed.make_scene()
    for way in (
        lambda: declare(scene, scene.offer),
        lambda: release(scene, scene.offer),
        lambda: take(scene),
    ):
        with pytest.raises(ApplicationFirst):
            way()
    assert_nothing_taken(scene.consultation)

    declare(scene, scene.application)

    assert declare(scene, scene.offer)
    assert take(scene)
    assert release(scene, scene.offer)


def test_application_opened_on_a_computer_opens_no_offer_of_another_deposit():
    scene = sealed.make_scene()
    other = sealed.seal_deposit(scene.consultation)

    declare(scene, scene.application)

    with pytest.raises(ApplicationFirst):
        declare(scene, other.envelopes.get(kind=EnvelopeKind.OFFER))


def test_envelope_opened_on_a_computer_can_be_released_later():
    scene = sealed.make_scene()

    declare(scene, scene.application)

    assert release(scene, scene.application).envelope == scene.application
    assert actions().count("consultation.opening_started") == 1


def refused_declarations(scene):
    late = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    withdrawn = sealed.seal_withdrawn(scene.consultation)
    replaced = sealed.seal_deposit(scene.consultation, OFFER)
    sealed.seal_second(replaced, "replaces")
    checked = sealed.seal_deposit(scene.consultation, OFFER)
    draft = begin(scene.consultation, company=checked.company, bidder=checked.bidder)
    attempt(draft, 1, DEADLINE - SECOND, step="submission")
    lost = sealed.seal_deposit(scene.consultation, OFFER)
    sealed.block_of(lost.envelopes.get()).delete()
    return [
        (late, "", LateNotConfirmed),
        (late, "replaced", LateNotConfirmed),
        (withdrawn, "", DepositWithdrawn),
        (withdrawn, "withdrawn", DepositWithdrawn),
        (replaced, "", ReplacedNotConfirmed),
        (replaced, "late", ReplacedNotConfirmed),
        (checked, "", StillChecked),
        (lost, "", BlockDamaged),
    ]


def test_declaring_is_refused_as_a_release_is():
    scene = sealed.make_scene()

    for deposit, accepts, refusal in refused_declarations(scene):
        envelope = deposit.envelopes.earliest("kind")
        with pytest.raises(refusal):
            declare(scene, envelope, accepts=accepts)
    with pytest.raises(DeadlineNotReached):
        declare(scene, scene.application, now=DEADLINE - SECOND)

    assert_nothing_taken(scene.consultation)


@pytest.mark.parametrize("state", ["late", "replaced"])
def test_declaring_is_accepted_on_purpose(state):
    scene = sealed.make_scene(OFFER)
    deposit = scene.deposit
    if state == "late":
        deposit = sealed.seal_deposit(scene.consultation, OFFER, is_late=True)
    else:
        sealed.seal_second(deposit, "replaces")

    declare(scene, deposit.envelopes.get(), accepts=state)

    facts = JournalEntry.objects.get(action="envelope.opened_locally").facts
    assert (facts["is_late"], facts["is_replaced"]) == (state == "late", state == "replaced")


def test_deposit_of_which_an_envelope_was_opened_on_a_computer_is_not_withdrawn_any_more():
    scene = sealed.make_scene()
    declare(scene, scene.application)

    with pytest.raises(WithdrawalTooLate):
        withdrawal.withdraw(
            scene.deposit.pk, actor=scene.deposit.bidder.user, now=DEADLINE - SECOND
        )


# The sealed blocks


def test_block_is_what_was_sealed():
    scene = sealed.make_scene()
    declare(scene, scene.application)

    given = block(scene, scene.application)

    assert given == sealed.read(sealed.block_of(scene.application, is_index=True))


def test_block_is_given_to_the_agent_who_declared_it_alone():
    scene = sealed.make_scene()
    colleague = factories.make_agent(Right.OPEN_BIDS, service=scene.service)
    take_first = sealed.seal_deposit(scene.consultation, OFFER)
    take(scene, take_first)  # the archive declares no envelope

    with pytest.raises(NotDeclared):
        block(scene, scene.application)
    with pytest.raises(NotDeclared):
        block(scene, take_first.envelopes.get())
    declare(scene, scene.application)

    with pytest.raises(NotDeclared):
        block(scene, scene.application, agent=colleague)
    with pytest.raises(ApplicationFirst):
        block(scene, sealed.seal_deposit(scene.consultation).envelopes.get(kind=EnvelopeKind.OFFER))
    with pytest.raises(NotDeclared):
        block(scene, scene.offer)
    with pytest.raises(DeadlineNotReached):
        block(scene, scene.application, now=DEADLINE - SECOND)


def test_block_of_another_envelope_or_of_none_does_not_exist():
    scene = sealed.make_scene()
    declare(scene, scene.application)
    of_offer = bytes(scene.offer.files.get(is_index=True).file_id)

    for file_id, number in ((of_offer, 0), (bytes(8), 0), (None, 1)):
        with pytest.raises(SealedBlock.DoesNotExist):
            block(scene, scene.application, file_id=file_id, number=number)


def test_block_that_is_not_what_was_sealed_is_refused_with_its_place():
    scene = sealed.make_scene()
    declare(scene, scene.application)
    row = sealed.block_of(scene.application)
    file_id = bytes(row.file.file_id)
    sealed.rewrite(row, sealed.read(row)[:-1] + b"\0")

    with pytest.raises(BlockDamaged) as refusal:
        block(scene, scene.application, file_id=file_id)
    assert (refusal.value.position, refusal.value.number) == (1, 0)

    row.delete()
    with pytest.raises(BlockDamaged) as refusal:
        block(scene, scene.application, file_id=file_id)
    assert refusal.value.cause == "missing"


def test_block_is_refused_while_the_store_is_silent(monkeypatch):
    scene = sealed.make_scene()
    declare(scene, scene.application)
    name = sealed.block_of(scene.application, is_index=True).storage_name
    fail_for(monkeypatch, storages["default"], "read_start", name)

    with pytest.raises(StoreUnavailable):
        block(scene, scene.application)


def test_block_asks_the_database_as_often_for_a_long_bid_as_for_a_short_one(
    django_assert_num_queries,
):
    short = sealed.make_scene({EnvelopeKind.OFFER: {"1": b"1"}})
    long = sealed.make_scene({EnvelopeKind.OFFER: {str(name): b"1" for name in range(9)}})

    for scene in (short, long):
        envelope = scene.offer
        declare(scene, envelope)
        file_id = bytes(envelope.files.get(is_index=True).file_id)
        with django_assert_num_queries(4):
            local_opening.block(
                envelope.pk, file_id=file_id, number=0, agent=scene.agent, now=OPENED
            )
