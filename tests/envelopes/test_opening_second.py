# SPDX-License-Identifier: EUPL-1.2
"""Of several deposits of a company: what is opened by default, on purpose, and never."""

import io

import pytest

from envelopes import archive, opening, withdrawal
from envelopes.attempts import CHECKED_FOR
from envelopes.errors.opening import (
    DepositWithdrawn,
    LateNotConfirmed,
    ReplacedNotConfirmed,
    StillChecked,
)
from envelopes.models import Deposit, Release
from envelopes.standing import State
from marketplace.models import Consultation, EnvelopeKind, JournalEntry
from tests.envelopes import sealed
from tests.envelopes.registered import attempt, begin
from tests.envelopes.sealed import OPENED
from tests.envelopes.test_opening import assert_nothing_opened, release
from tests.factories import DEADLINE, NOW, SECOND

pytestmark = pytest.mark.django_db


def test_release_of_a_replaced_deposit_is_confirmed_as_such():
    scene = sealed.make_scene()
    second = sealed.seal_second(scene.deposit, "replaces")
    keys = sealed.unwrap(scene.application, scene.holder)
    [first, last] = opening.deposits(scene.consultation, now=OPENED)
    assert (first.state, first.replaced_by, last.state) == (State.REPLACED, second, State.STANDS)

    for accepts in ("", "late", "stands"):
        with pytest.raises(ReplacedNotConfirmed):
            opening.release(
                scene.application.pk, agent=scene.agent, keys=keys, now=OPENED, accepts=accepts
            )
    assert_nothing_opened(scene.consultation)

    opening.release(
        scene.application.pk, agent=scene.agent, keys=keys, now=OPENED, accepts="replaced"
    )
    entry = JournalEntry.objects.get(action="envelope.opened")
    assert (entry.facts["is_late"], entry.facts["is_replaced"]) == (False, True)


def test_release_of_a_deposit_and_of_its_complement_asks_nothing_more():
    scene = sealed.make_scene()
    second = sealed.seal_second(scene.deposit, "completes")

    release(scene, scene.application)
    release(scene, second.envelopes.get(kind=EnvelopeKind.APPLICATION))

    assert Release.objects.count() == 2


def test_late_replacement_leaves_the_first_deposit_to_be_opened():
    scene = sealed.make_scene()
    late = sealed.seal_second(scene.deposit, "replaces", is_late=True)

    assert release(scene, scene.application)
    with pytest.raises(LateNotConfirmed):
        release(scene, late.envelopes.get(kind=EnvelopeKind.APPLICATION))


@pytest.mark.parametrize("accepts", ["", "late", "replaced", "withdrawn"])
def test_withdrawn_deposit_is_never_opened(accepts):
    scene = sealed.make_scene()
    Deposit.objects.filter(pk=scene.deposit.pk).update(withdrawn_at=NOW)
    keys = sealed.unwrap(scene.application, scene.holder)

    for ask in (
        lambda: opening.manifest(scene.application.pk, now=OPENED),
        lambda: opening.headers(scene.application.pk, start=0, now=OPENED),
        lambda: opening.release(
            scene.application.pk, agent=scene.agent, keys=keys, now=OPENED, accepts=accepts
        ),
        lambda: archive.write(scene.deposit, io.BytesIO(), accepts=accepts),
    ):
        with pytest.raises(DepositWithdrawn):
            ask()
    assert_nothing_opened(scene.consultation)
    [link] = opening.deposits(scene.consultation, now=OPENED)
    assert link.state == State.WITHDRAWN


def test_deposit_withdrawn_while_it_is_verified_is_not_opened(monkeypatch):
    """The withdrawal had arrived before the deadline, and was committed after it."""
    scene = sealed.make_scene()
    verify = opening._opened

    def withdraw_meanwhile(stored, content_keys):
        withdrawal.withdraw(
            scene.deposit.pk, actor=scene.deposit.bidder.user, now=DEADLINE - SECOND
        )
        return verify(stored, content_keys)

    monkeypatch.setattr(opening, "_opened", withdraw_meanwhile)

    with pytest.raises(DepositWithdrawn):
        release(scene, scene.application)

    scene.consultation.refresh_from_db()
    assert scene.consultation.state == Consultation.State.ONLINE
    assert not Release.objects.exists()
    assert [entry.action for entry in JournalEntry.objects.all()] == ["deposit.withdrawn"]


def test_deposit_replaced_while_it_is_verified_is_not_opened(monkeypatch):
    """The other bid had arrived before the deadline, and was committed after it."""
    scene = sealed.make_scene()
    verify = opening._opened

    def replace_meanwhile(stored, content_keys):
        sealed.seal_second(scene.deposit, "replaces")
        return verify(stored, content_keys)

    monkeypatch.setattr(opening, "_opened", replace_meanwhile)

    with pytest.raises(ReplacedNotConfirmed):
        release(scene, scene.application)

    assert_nothing_opened(scene.consultation)


@pytest.mark.parametrize(
    ("begun_at", "cause"),
    [
        (DEADLINE, ""),  # late: it replaces nothing
        (OPENED - CHECKED_FOR, ""),  # dead
        (DEADLINE - SECOND, "files_differ"),  # refused
    ],
)
def test_submission_that_can_replace_nothing_holds_no_opening_up(begun_at, cause):
    scene = sealed.make_scene()
    draft = begin(scene.consultation, company=scene.deposit.company, bidder=scene.deposit.bidder)
    attempt(draft, 1, begun_at, step="submission")
    if cause:
        attempt(draft, 2, begun_at, cause, step="submission")

    assert release(scene, scene.application)


@pytest.mark.parametrize("again", ["", "submission_cut", "bad_announcement"])
def test_opening_waits_for_a_bid_of_the_company_that_is_being_checked(again):
    """Asked again meanwhile by a request that was not whole: that one ended, and not the first."""
    scene = sealed.make_scene()
    draft = begin(scene.consultation, company=scene.deposit.company, bidder=scene.deposit.bidder)
    attempt(draft, 1, DEADLINE - SECOND, step="submission")
    if again:
        attempt(draft, 2, DEADLINE - SECOND, again, step="submission")

    with pytest.raises(StillChecked):
        release(scene, scene.application)

    assert_nothing_opened(scene.consultation)


def test_opening_waits_for_the_first_of_two_requests_of_which_the_second_is_refused():
    scene = sealed.make_scene()
    draft = begin(scene.consultation, company=scene.deposit.company, bidder=scene.deposit.bidder)
    for number, cause in enumerate(("", "", "files_differ"), start=1):
        attempt(draft, number, DEADLINE - SECOND, cause, step="submission")

    with pytest.raises(StillChecked):
        release(scene, scene.application)
    attempt(draft, 4, DEADLINE, "files_differ", step="submission")
    release(scene, scene.application)

    assert hasattr(scene.application, "release")


def test_archive_of_what_does_not_stand_is_written_on_purpose_only():
    scene = sealed.make_scene()
    late = sealed.seal_deposit(scene.consultation, is_late=True)
    sealed.seal_second(scene.deposit, "replaces")

    for deposit, state, refusal in (
        (late, "late", LateNotConfirmed),
        (scene.deposit, "replaced", ReplacedNotConfirmed),
    ):
        out = io.BytesIO()
        with pytest.raises(refusal):
            archive.write(deposit, out)
        assert out.getvalue() == b""
        archive.write(deposit, out, accepts=state)
        assert out.getvalue()
