# SPDX-License-Identifier: EUPL-1.2
from dataclasses import replace

import pytest

from keys import drills, editing
from keys.editing import Changes, Description
from keys.errors import HolderGone
from keys.models import DrillRequest, KeyPair
from marketplace.models import JournalEntry
from tests.factories import DAY, NOW, SECOND, make_agent, make_key_pair, make_service

pytestmark = pytest.mark.django_db


def described(key_pair: KeyPair) -> Description:
    return Description(key_pair.name, key_pair.is_backup, key_pair.holder)


def hand_over(key_pair: KeyPair) -> KeyPair:
    """To a colleague."""
    colleague = make_agent(service=key_pair.service)
    wanted = replace(described(key_pair), holder=colleague)
    return editing.edit(key_pair.pk, wanted, editor=key_pair.holder, now=NOW)


def test_edit_renames_and_changes_the_use():
    key_pair, editor = make_key_pair(name="Ancien"), make_agent()

    wanted = Description("Nouveau", is_backup=True, holder=key_pair.holder)
    editing.edit(key_pair.pk, wanted, editor=editor, now=NOW)

    key_pair.refresh_from_db()
    assert (key_pair.name, key_pair.is_backup) == ("Nouveau", True)
    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.ACTIVE, NOW - DAY)
    assert JournalEntry.objects.get().facts == {
        "renamed": True,
        "is_backup": True,
        "holder": str(key_pair.holder.pk),
        "former_holder": None,
    }
    assert DrillRequest.objects.count() == 0


def test_edit_that_changes_nothing_leaves_no_trace():
    key_pair = make_key_pair()

    editing.edit(key_pair.pk, described(key_pair), editor=key_pair.holder, now=NOW)

    assert JournalEntry.objects.count() == 0


def test_changes_are_told_apart():
    key_pair = make_key_pair()
    same = described(key_pair)

    assert not editing.changes(key_pair, same)
    assert editing.changes(key_pair, replace(same, name="Autre")) == Changes(True, False, False)
    assert editing.changes(key_pair, replace(same, is_backup=True)) == Changes(False, True, False)
    other = replace(same, holder=make_agent())
    assert editing.changes(key_pair, other) == Changes(False, False, True)


def test_proof_of_the_former_holder_lapses_and_the_new_one_is_asked():
    key_pair = make_key_pair()
    former = key_pair.holder

    edited = hand_over(key_pair)

    key_pair.refresh_from_db()
    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.UNPROVEN, None)
    assert key_pair.holder == edited.holder != former
    assert not KeyPair.objects.usable(now=NOW, until=NOW).exists()
    request = DrillRequest.objects.get()
    assert (request.asked_by, request.former_holder) == (former, former)
    assert JournalEntry.objects.get(index=0).facts["former_holder"] == str(former.pk)


def test_what_was_asked_of_the_former_holder_is_asked_of_the_new_one():
    key_pair = make_key_pair()
    asked = drills.ask(key_pair.pk, asked_by=make_agent(), now=NOW - DAY)

    hand_over(key_pair)

    assert DrillRequest.objects.exclude(pk=asked.pk).get().asked_at == NOW


def test_retired_key_pair_that_changes_hands_stays_retired():
    key_pair = make_key_pair(state=KeyPair.State.RETIRED, retired_at=NOW - DAY)

    hand_over(key_pair)

    key_pair.refresh_from_db()
    assert (key_pair.state, key_pair.proven_at) == (KeyPair.State.RETIRED, None)


def test_key_pair_is_not_given_to_a_disabled_account():
    key_pair, gone = make_key_pair(), make_agent()
    gone.user.is_active = False
    gone.user.save()

    with pytest.raises(HolderGone):
        editing.edit(key_pair.pk, replace(described(key_pair), holder=gone), editor=gone, now=NOW)

    key_pair.refresh_from_db()
    assert (key_pair.holder != gone, key_pair.state) == (True, KeyPair.State.ACTIVE)
    assert (JournalEntry.objects.count(), DrillRequest.objects.count()) == (0, 0)


@pytest.mark.parametrize(("delay", "is_kept"), [(SECOND, True), (0 * SECOND, False)])
def test_earlier_key_pair_stays_where_its_successor_changes_hands_before_taking_over(
    delay, is_kept
):
    old = make_key_pair(retires_at=NOW + delay)
    successor = make_key_pair(service=old.service, replaces=old, takes_over_at=NOW + delay)

    hand_over(successor)

    old.refresh_from_db()
    successor.refresh_from_db()
    assert (old.retires_at is None) is is_kept
    assert successor.replaces == old


@pytest.mark.parametrize(
    ("other", "is_last"),
    [
        ({}, False),
        ({"is_backup": False}, True),
        ({"not_after": NOW}, True),
        ({"state": KeyPair.State.UNPROVEN}, True),
        ({"retires_at": NOW}, True),
        ({"service": None}, True),
    ],
)
def test_last_backup_key_pair_is_known(other, is_last):
    key_pair = make_key_pair(is_backup=True)
    fields = {"is_backup": True, "service": key_pair.service} | other
    make_key_pair(**fields | {"service": fields["service"] or make_service()})

    assert editing.is_last_backup(key_pair, now=NOW) is is_last
