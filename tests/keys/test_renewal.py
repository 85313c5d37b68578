# SPDX-License-Identifier: EUPL-1.2
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from keys import registration, renewal, retirement, tasks
from keys.errors import AlreadyRegistered, NothingPlanned, NotRenewable, RenewedAlready
from keys.models import KeyPair
from keys.registration import IssuedChallenge, Registration
from keys.renewal import Renewal
from marketplace.models import Agent, JournalEntry
from tests.factories import (
    DAY,
    NOW,
    SECOND,
    make_agent,
    make_certificate,
    make_key_pair,
    make_organisation,
    make_private_key,
    make_service,
)
from tests.keys.test_registration import ORIGIN, answer_of

pytestmark = pytest.mark.django_db
CHOSEN = date(2026, 12, 1)
MIDNIGHT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)  # of that day in Paris
TODAY = date(2026, 11, 2)


def renew(
    old: KeyPair,
    *,
    by: Agent | None = None,
    private_key=None,
    retires_on: date = CHOSEN,
    now: datetime = NOW,
) -> IssuedChallenge:
    """Begun: the new key pair is registered, and not proven."""
    certificate = make_certificate(private_key or make_private_key())
    asked = Registration(
        certificate,
        "Another name",
        not old.is_backup,
        make_service(),
        by or old.holder,
        Renewal(old.pk, retires_on),
    )
    return registration.register(asked, origin=ORIGIN, now=now)


def renew_and_prove(
    old: KeyPair, *, retires_on: date = CHOSEN, proven_at: datetime = NOW
) -> KeyPair:
    private_key = make_private_key()
    issued = renew(old, private_key=private_key, retires_on=retires_on, now=proven_at)
    answer = answer_of(issued, private_key)
    return registration.answer_challenge(issued.id, answer=answer, now=proven_at)


def actions() -> list[str]:
    return list(JournalEntry.objects.order_by("index").values_list("action", flat=True))


def test_renewal_keeps_the_identity_and_changes_the_key():
    old = make_key_pair(name="Greffe", is_backup=True)

    successor = renew(old).key_pair

    assert (successor.name, successor.is_backup) == ("Greffe", True)
    assert (successor.service, successor.holder) == (old.service, old.holder)
    assert successor.public_key_digest != old.public_key_digest
    assert (successor.replaces, successor.takes_over_at) == (old, MIDNIGHT)


def test_colleague_who_renews_holds_the_new_key_pair():
    old = make_key_pair()
    colleague = make_agent(service=old.service)

    assert renew(old, by=colleague).key_pair.holder == colleague


def test_earlier_key_pair_retires_at_the_date_chosen_once_the_new_one_is_proven():
    old, private_key = make_key_pair(), make_private_key()
    issued = renew(old, private_key=private_key)
    old.refresh_from_db()
    before = old.retires_at

    answer = answer_of(issued, private_key)
    registration.answer_challenge(issued.id, answer=answer, now=NOW)

    old.refresh_from_db()
    assert (before, old.retires_at, old.state) == (None, MIDNIGHT, KeyPair.State.ACTIVE)
    assert actions()[-2:] == ["key_pair.proven", "key_pair.retirement_planned"]
    assert not KeyPair.objects.in_service(MIDNIGHT).filter(pk=old.pk).exists()
    assert KeyPair.objects.in_service(MIDNIGHT - SECOND).filter(pk=old.pk).exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_holder_whose_key_pair_a_colleague_renews_is_told_when_it_retires(
    is_there, settings, django_capture_on_commit_callbacks
):
    settings.LANGUAGE_CODE, settings.BASE_URL = "en", "https://bids.example.org"
    old, private_key = make_key_pair(name="Greffe"), make_private_key()
    old.holder.user.is_active = is_there
    old.holder.user.save()
    colleague = make_agent(service=old.service)
    issued = renew(old, by=colleague, private_key=private_key)

    with django_capture_on_commit_callbacks(execute=True):
        answer = answer_of(issued, private_key)
        registration.answer_challenge(issued.id, answer=answer, now=NOW)

    told = [(message.to, message.subject) for message in mail.outbox]
    subject = f"{colleague} has renewed your key pair Greffe"
    assert told == ([([old.holder.user.email], subject)] if is_there else [])
    if is_there:
        address = f"https://bids.example.org/settings/encryption-keys/{old.pk}/"
        assert "On Dec. 1, 2026 at 00:00 (Europe/Paris) yours is withdrawn" in mail.outbox[0].body
        assert address in mail.outbox[0].body


def test_holders_who_renew_their_own_key_pair_are_not_told(django_capture_on_commit_callbacks):
    old = make_key_pair()

    with django_capture_on_commit_callbacks(execute=True):
        renew_and_prove(old)

    assert mail.outbox == []


def test_renewal_proven_after_the_date_chosen_retires_the_earlier_key_pair_at_once():
    old, private_key = make_key_pair(), make_private_key()
    issued = renew(old, private_key=private_key, retires_on=TODAY)

    answer = answer_of(issued, private_key)
    registration.answer_challenge(issued.id, answer=answer, now=NOW + SECOND)

    old.refresh_from_db()
    assert old.retires_at == NOW + SECOND


def test_later_drill_plans_nothing_again():
    old = make_key_pair()
    private_key = make_private_key()
    issued = renew(old, private_key=private_key)
    registration.answer_challenge(issued.id, answer=answer_of(issued, private_key), now=NOW)
    KeyPair.objects.filter(pk=old.pk).update(retires_at=None)

    drill = registration.issue_challenge(
        issued.key_pair.pk, asked_by=old.holder, origin=ORIGIN, now=NOW
    )
    registration.answer_challenge(drill.id, answer=answer_of(drill, private_key), now=NOW)

    old.refresh_from_db()
    assert old.retires_at is None


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (date(1, 1, 1), NOW),
        (TODAY - DAY, NOW),
        (TODAY, NOW),
        (TODAY + DAY, datetime(2026, 11, 2, 23, 0, tzinfo=UTC)),
        (date(2026, 12, 12), datetime(2026, 12, 11, 23, 0, tzinfo=UTC)),
        (date(2026, 12, 13), datetime(2026, 12, 11, 23, 0, tzinfo=UTC)),
        (date(9999, 12, 31), datetime(2026, 12, 11, 23, 0, tzinfo=UTC)),
    ],
)
def test_date_is_between_today_and_the_expiry(chosen, expected):
    old = make_key_pair(not_after=NOW + 40 * DAY)

    assert renewal.takes_over_at(old, Renewal(old.pk, chosen), NOW) == expected


@pytest.mark.parametrize(
    ("lifetime", "default"),
    [(-DAY, TODAY), (40 * DAY, TODAY + 30 * DAY), (20 * DAY, TODAY + 20 * DAY)],
)
def test_default_date_is_in_30_days_or_at_the_expiry(lifetime, default):
    old = make_key_pair(not_after=NOW + lifetime)

    assert renewal.default_day(old, NOW) == default


def test_date_is_one_of_the_organisations_calendar():
    overseas = make_service(organisation=make_organisation(time_zone="Pacific/Noumea"))
    old = make_key_pair(service=overseas, holder=make_agent(service=overseas))

    assert renewal.first_and_last_day(old, NOW + timedelta(hours=5))[0] == TODAY + DAY


@pytest.mark.parametrize("state", [KeyPair.State.UNPROVEN, KeyPair.State.RETIRED])
def test_key_pair_out_of_service_is_not_renewed(state):
    retired_at = NOW if state == KeyPair.State.RETIRED else None
    old = make_key_pair(state=state, retired_at=retired_at)

    with pytest.raises(NotRenewable):
        renew(old)

    assert (KeyPair.objects.count(), JournalEntry.objects.count()) == (1, 0)


def test_expired_key_pair_is_renewed_still():
    old = make_key_pair(not_after=NOW - SECOND)

    assert renew(old).key_pair.replaces == old


def test_second_renewal_is_refused_and_says_who_renews_since_when():
    old = make_key_pair()
    first = renew(old).key_pair

    with pytest.raises(RenewedAlready) as refused:
        renew(old, by=make_agent(service=old.service), now=NOW + DAY)

    assert (refused.value.successor, KeyPair.objects.count()) == (first, 2)
    assert str(first.holder) in str(refused.value.user_message)
    assert "10:00 (Europe/Paris)" in str(refused.value.user_message)


def test_registration_repeated_keeps_the_key_pair_and_takes_the_last_date():
    old, private_key = make_key_pair(), make_private_key()
    first = renew(old, private_key=private_key)
    certificate = bytes(first.key_pair.certificate)
    again = Registration(
        certificate, "", False, old.service, old.holder, Renewal(old.pk, CHOSEN + DAY)
    )

    second = registration.register(again, origin=ORIGIN, now=NOW)

    assert second.key_pair == first.key_pair
    first.key_pair.refresh_from_db()
    assert first.key_pair.takes_over_at == MIDNIGHT + DAY


def test_key_pair_registered_alone_does_not_become_a_successor():
    old = make_key_pair()
    certificate = make_certificate(make_private_key())
    alone = Registration(certificate, old.name, False, old.service, old.holder)
    registration.register(alone, origin=ORIGIN, now=NOW)

    with pytest.raises(AlreadyRegistered):
        registration.register(
            replace(alone, renewal=Renewal(old.pk, CHOSEN)), origin=ORIGIN, now=NOW
        )


def test_abandoned_successor_is_removed_and_the_renewal_started_again():
    old = make_key_pair()
    abandoned = renew(old).key_pair

    retirement.remove(abandoned.pk, remover=old.holder, now=NOW)

    assert renew(old).key_pair.replaces == old


@pytest.mark.parametrize("reason", KeyPair.RetirementReason)
def test_earlier_key_pair_stays_where_its_successor_is_lost_before_taking_over(reason):
    old = make_key_pair()
    successor = renew_and_prove(old)

    retirement.retire(successor.pk, reason=reason, actor=old.holder, now=MIDNIGHT - SECOND)

    old.refresh_from_db()
    successor.refresh_from_db()
    assert (old.retires_at, successor.replaces, successor.takes_over_at) == (None, None, None)
    assert renew(old).key_pair.replaces == old


def test_earlier_key_pair_is_out_of_service_where_its_successor_is_lost_afterwards():
    old = make_key_pair()
    successor = renew_and_prove(old)

    reason = KeyPair.RetirementReason.LOST
    retirement.retire(successor.pk, reason=reason, actor=None, now=MIDNIGHT)

    old.refresh_from_db()
    assert old.retires_at == MIDNIGHT


def test_retirement_is_called_off_before_its_date():
    old = make_key_pair()
    successor = renew_and_prove(old)

    retirement.keep_in_service(old.pk, keeper=old.holder, now=MIDNIGHT - SECOND)

    old.refresh_from_db()
    successor.refresh_from_db()
    assert (old.retires_at, successor.replaces) == (None, None)
    assert retirement.retire_replaced(now=MIDNIGHT) == 0
    assert actions()[-1] == "key_pair.kept"
    assert successor.state == KeyPair.State.ACTIVE


def test_retirement_is_not_called_off_from_its_date_on():
    old = make_key_pair()
    renew_and_prove(old)

    with pytest.raises(NothingPlanned):
        retirement.keep_in_service(old.pk, keeper=old.holder, now=MIDNIGHT)

    old.refresh_from_db()
    assert old.retires_at == MIDNIGHT


@pytest.mark.parametrize("is_begun", [False, True])
def test_retirement_that_is_not_planned_is_not_called_off(is_begun):
    old = make_key_pair()
    if is_begun:
        renew(old)
    before = JournalEntry.objects.count()

    with pytest.raises(NothingPlanned):
        retirement.keep_in_service(old.pk, keeper=old.holder, now=NOW)

    assert JournalEntry.objects.count() == before
    assert KeyPair.objects.filter(replaces=old).exists() is is_begun


def test_key_pair_withdrawn_by_hand_is_not_put_back_by_calling_off_what_was_planned():
    old = make_key_pair()
    renew_and_prove(old)
    reason = KeyPair.RetirementReason.WITHDRAWN
    retirement.retire(old.pk, reason=reason, actor=old.holder, now=NOW)

    with pytest.raises(NothingPlanned):
        retirement.keep_in_service(old.pk, keeper=old.holder, now=NOW)

    old.refresh_from_db()
    assert old.state == KeyPair.State.RETIRED


@pytest.mark.parametrize(
    "call_off",
    [
        lambda old, _new: retirement.keep_in_service(old.pk, keeper=old.holder, now=NOW),
        lambda _old, new: retirement.remove(new.pk, remover=new.holder, now=NOW),
        lambda _old, new: retirement.report(
            new.pk, reason=KeyPair.RetirementReason.LOST, actor=new.holder, now=NOW
        ),
    ],
)
def test_earlier_key_pair_that_has_changed_hands_stays_where_nothing_takes_over(call_off):
    """It waits for the proof of its new holder: it has not left, and nothing replaces it any more."""
    old = make_key_pair(state=KeyPair.State.UNPROVEN, proven_at=None, retires_at=NOW + DAY)
    successor = make_key_pair(service=old.service, replaces=old, takes_over_at=NOW + DAY)

    call_off(old, successor)

    old.refresh_from_db()
    assert old.retires_at is None


def test_sweep_retires_at_the_date_chosen_and_once():
    old = make_key_pair()
    renew_and_prove(old)

    swept = [
        retirement.retire_replaced(now=now) for now in (MIDNIGHT - SECOND, MIDNIGHT, MIDNIGHT + DAY)
    ]

    old.refresh_from_db()
    assert swept == [0, 1, 0]
    assert (old.state, old.retired_at) == (KeyPair.State.RETIRED, MIDNIGHT)
    assert old.retirement_reason == KeyPair.RetirementReason.RENEWED
    assert JournalEntry.objects.filter(action="key_pair.retired").get().actor == "system"


def test_sweep_leaves_a_key_pair_retired_for_another_reason():
    old = make_key_pair()
    renew_and_prove(old)
    lost = KeyPair.RetirementReason.LOST
    retirement.retire(old.pk, reason=lost, actor=None, now=NOW)

    assert retirement.retire_replaced(now=MIDNIGHT) == 0

    old.refresh_from_db()
    assert old.retirement_reason == lost


def test_renewal_of_a_key_pair_reported_lost_meanwhile_plans_nothing():
    old, private_key = make_key_pair(), make_private_key()
    issued = renew(old, private_key=private_key)
    lost = KeyPair.RetirementReason.LOST
    retirement.retire(old.pk, reason=lost, actor=None, now=NOW)

    answer = answer_of(issued, private_key)
    registration.answer_challenge(issued.id, answer=answer, now=NOW)

    old.refresh_from_db()
    assert (old.retires_at, old.retirement_reason) == (None, lost)


def test_task_retires_what_was_replaced():
    old = make_key_pair(retires_at=NOW - 365 * DAY)

    tasks.retire_replaced()

    old.refresh_from_db()
    assert old.retirement_reason == KeyPair.RetirementReason.RENEWED
