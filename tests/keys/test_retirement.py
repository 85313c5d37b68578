# SPDX-License-Identifier: EUPL-1.2
import pytest

from envelopes.models import ChosenKey
from keys import retirement
from keys.errors import AlreadyRetired
from keys.models import KeyPair
from keys.retirement import Removal
from marketplace.models import JournalEntry
from tests.factories import DAY, NOW, SECOND, make_consultation, make_key_pair

pytestmark = pytest.mark.django_db


def test_remove_deletes_a_key_pair_that_nothing_needs():
    key_pair = make_key_pair()
    announced = retirement.removal_of(key_pair)

    removal = retirement.remove(key_pair.pk, remover=key_pair.holder, now=NOW)

    assert announced is removal is Removal.DELETED
    assert KeyPair.objects.count() == 0
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.subject) == ("key_pair.deleted", f"KeyPair {key_pair.pk}")


def test_remove_retires_a_key_pair_that_sealed_something():
    key_pair = make_key_pair(first_used_at=NOW - DAY)
    announced = retirement.removal_of(key_pair)

    removal = retirement.remove(key_pair.pk, remover=key_pair.holder, now=NOW)

    assert announced is removal is Removal.RETIRED
    key_pair.refresh_from_db()
    assert (key_pair.state, key_pair.retired_at) == (KeyPair.State.RETIRED, NOW)


def test_remove_retires_a_key_pair_that_a_draft_has_chosen():
    key_pair = make_key_pair()
    ChosenKey.objects.create(consultation=make_consultation(), key_pair=key_pair)
    announced = retirement.removal_of(key_pair)

    removal = retirement.remove(key_pair.pk, remover=key_pair.holder, now=NOW)

    assert announced is removal is Removal.RETIRED
    assert JournalEntry.objects.get().action == "key_pair.retired"


def test_remove_refuses_a_key_pair_already_retired_and_needed():
    key_pair = make_key_pair(
        state=KeyPair.State.RETIRED, retired_at=NOW - DAY, first_used_at=NOW - DAY
    )

    with pytest.raises(AlreadyRetired):
        retirement.remove(key_pair.pk, remover=key_pair.holder, now=NOW)

    key_pair.refresh_from_db()
    assert key_pair.retired_at == NOW - DAY
    assert JournalEntry.objects.count() == 0


@pytest.mark.parametrize("reason", KeyPair.RetirementReason)
def test_retire_takes_a_key_pair_out_of_new_sealings_with_its_reason(reason):
    key_pair = make_key_pair()

    retirement.retire(key_pair.pk, reason=reason, actor=key_pair.holder, now=NOW)

    key_pair.refresh_from_db()
    assert (key_pair.state, key_pair.retired_at) == (KeyPair.State.RETIRED, NOW)
    assert key_pair.retirement_reason == reason
    assert not KeyPair.objects.usable(now=NOW, until=NOW).exists()
    assert JournalEntry.objects.get().facts["reason"] == reason


def test_retire_again_is_refused_and_keeps_the_first_reason():
    key_pair = make_key_pair()
    reason = KeyPair.RetirementReason
    retirement.retire(key_pair.pk, reason=reason.LOST, actor=None, now=NOW)

    with pytest.raises(AlreadyRetired):
        retirement.retire(key_pair.pk, reason=reason.WITHDRAWN, actor=None, now=NOW + DAY)

    key_pair.refresh_from_db()
    assert (key_pair.retired_at, key_pair.retirement_reason) == (NOW, reason.LOST)


@pytest.mark.parametrize(("retires_at", "is_usable"), [(NOW, False), (NOW + SECOND, True)])
def test_key_pair_that_retires_later_is_used_until_then(retires_at, is_usable):
    make_key_pair(retires_at=retires_at)

    assert KeyPair.objects.usable(now=NOW, until=NOW).exists() is is_usable
