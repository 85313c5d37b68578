# SPDX-License-Identifier: EUPL-1.2
"""A test consultation, where companies rehearse: received like any other, and read by nobody."""

import html
import json
import re

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse

from envelopes import (
    attempts,
    chains,
    degradations,
    dependents,
    limits,
    opening,
    submission,
    sweeping,
    uploads,
)
from envelopes.errors.opening import DeadlineNotReached
from envelopes.errors.submission import TooManyRehearsals
from envelopes.errors.uploads import RehearsalTooLarge
from envelopes.models import Attempt, Degradation, Deposit, Receipt
from envelopes.standing import State
from keys.models import KeyPair
from marketplace import canonical
from marketplace.models import Bidder, Consultation, JournalEntry, Right
from tests.envelopes import sealed
from tests.envelopes.deposits import clock, envelope_of, ready_to_submit, send
from tests.factories import (
    DAY,
    DEADLINE,
    NOW,
    SECOND,
    make_agent,
    make_bidder,
    make_deposit,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db
BANNER = b"data-rehearsal"


@pytest.fixture
def rehearsal() -> Consultation:
    return make_online_consultation(is_test=True, title="S’exercer ici", reference="ESSAI")


def url(name: str, *arguments: object) -> str:
    return reverse(f"envelopes:{name}", args=arguments)


def submitted(consultation: Consultation, *, now=NOW) -> Deposit:
    deposit = make_deposit(consultation=consultation)
    submission.submit(deposit.pk, ready_to_submit(deposit), actor=deposit.bidder.user, now=now)
    deposit.refresh_from_db()
    return deposit


def create(deposit: Deposit, size: int) -> object:
    return uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=size,
        actor=deposit.bidder.user,
        clock=clock,
    )


def test_rehearsal_may_be_as_large_as_announced_and_no_larger(rehearsal):
    deposit = make_deposit(consultation=rehearsal)
    create(deposit, limits.LARGEST_REHEARSAL - 1)

    with pytest.raises(RehearsalTooLarge):
        create(deposit, 2)

    assert create(deposit, 1)
    assert create(make_deposit(), limits.LARGEST_REHEARSAL + 1)


def test_pages_announce_the_limit_of_rehearsals(client, rehearsal):
    deposit = make_deposit(consultation=rehearsal)
    client.force_login(deposit.bidder.user)

    page = client.get(url("deposit", deposit.pk))

    assert page.context["page_data"]["largestDeposit"] == limits.LARGEST_REHEARSAL
    assert page.context["largest_rehearsal_in_megabytes"] == limits.LARGEST_REHEARSAL // 1000**2
    assert f"{limits.LARGEST_DEPOSIT // 1000**3} Go".encode() not in page.content


def test_rehearsal_is_never_late(rehearsal):
    assert not submitted(rehearsal, now=DEADLINE + DAY).is_late


def test_company_rehearses_again_and_again_and_is_asked_nothing(client, rehearsal):
    bidder = make_bidder()
    client.force_login(bidder.user)
    for _ in range(3):
        response = client.post(url("start_deposit", rehearsal.pk))
        deposit = rehearsal.deposits.get(state=Deposit.State.DRAFT)
        assert response.url == url("deposit", deposit.pk)
        assert list(client.get(response.url).context["earlier"]) == []
        submission.submit(deposit.pk, ready_to_submit(deposit), actor=bidder.user, now=NOW)

    done = chains.of_company(rehearsal.pk, bidder.company_id)
    assert [(link.deposit.follows, link.state) for link in done] == [(None, State.STANDS)] * 3


def fill_the_day(consultation: Consultation, bidder: Bidder) -> None:
    """The company submits as many rehearsals as it may."""
    Deposit.objects.bulk_create(
        Deposit(
            consultation=consultation,
            company=bidder.company,
            bidder=bidder,
            state=Deposit.State.SUBMITTED,
            created_at=NOW,
            submitted_at=NOW,
            number=1000 + number,
            manifest=b"{}",
        )
        for number in range(limits.MOST_REHEARSALS)
    )


def test_company_rehearses_so_many_times_a_day_in_all_tests_together(rehearsal):
    bidder = make_bidder()
    fill_the_day(make_online_consultation(is_test=True), bidder)
    tomorrow = NOW + limits.REHEARSALS_COUNTED_FOR

    with pytest.raises(TooManyRehearsals):
        submission.start(rehearsal, bidder, now=tomorrow - SECOND)

    assert not rehearsal.deposits.exists()
    assert submission.start(rehearsal, bidder, now=tomorrow)
    assert submission.start(rehearsal, make_bidder(), now=NOW)
    assert submission.start(make_online_consultation(), bidder, now=NOW)


def test_company_may_submit_one_less(rehearsal):
    bidder = make_bidder()
    fill_the_day(rehearsal, bidder)
    Deposit.objects.filter(number=1000).update(submitted_at=NOW - limits.REHEARSALS_COUNTED_FOR)

    assert submission.start(rehearsal, bidder, now=NOW)


def test_one_beyond_is_not_submitted_and_keeps_its_files_and_its_attempt(rehearsal):
    deposit = make_deposit(consultation=rehearsal)
    bidder, announcement = deposit.bidder, ready_to_submit(deposit)
    fill_the_day(rehearsal, bidder)

    with pytest.raises(TooManyRehearsals):
        submission.submit(deposit.pk, announcement, actor=bidder.user, now=NOW)

    refused = attempts.history(deposit)[-1]
    deposit.refresh_from_db()
    assert (deposit.state, deposit.uploads().count()) == (Deposit.State.DRAFT, 1)
    assert refused.attempt.outcome == Attempt.Outcome.REFUSED
    assert refused.attempt.cause == TooManyRehearsals.code
    assert (refused.message, refused.remedy) == (
        TooManyRehearsals.user_message,
        TooManyRehearsals.remedy,
    )
    later = NOW + limits.REHEARSALS_COUNTED_FOR
    assert submission.submit(deposit.pk, announcement, actor=bidder.user, now=later)


def test_page_refuses_one_beyond_with_a_remedy_and_the_journal_keeps_it(
    client, rehearsal, set_clock
):
    set_clock(NOW)
    bidder = make_bidder()
    fill_the_day(rehearsal, bidder)
    client.force_login(bidder.user)

    page = client.post(url("start_deposit", rehearsal.pk), follow=True)

    assert page.redirect_chain == [(url("public_detail", rehearsal.pk), 302)]
    said = " ".join(str(message) for message in page.context["messages"])
    assert said == f"{TooManyRehearsals.user_message} {TooManyRehearsals.remedy}"
    entry = JournalEntry.objects.get(action="refused.too_many_rehearsals")
    assert entry.subject == f"Consultation {rehearsal.pk}"
    assert f"jusqu’à {limits.MOST_REHEARSALS} entraînements" in page.content.decode()


def test_what_was_submitted_gives_its_receipt_again_on_a_full_day(rehearsal):
    deposit = make_deposit(consultation=rehearsal)
    announcement, actor = ready_to_submit(deposit), deposit.bidder.user
    first = submission.submit(deposit.pk, announcement, actor=actor, now=NOW)
    fill_the_day(rehearsal, deposit.bidder)

    assert submission.submit(deposit.pk, announcement, actor=actor, now=NOW) == first


def test_rehearsal_is_never_opened(client):
    scene = sealed.make_scene()
    Consultation.objects.update(is_test=True)
    keys = sealed.unwrap(scene.application, scene.holder)
    later = DEADLINE + 1000 * DAY
    client.force_login(scene.agent.user)

    with pytest.raises(DeadlineNotReached):
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=later)
    with pytest.raises(DeadlineNotReached):
        opening.headers(scene.application.pk, start=0, now=later)

    page = client.get(url("consultation", scene.consultation.pk))
    assert url("opening", scene.consultation.pk).encode() not in page.content
    assert "coverage" not in page.context


def test_nobody_is_told_that_its_keys_degrade(rehearsal):
    KeyPair.objects.update(proven_at=None, state=KeyPair.State.UNPROVEN)

    degradations.watch(now=NOW + DAY)

    assert not Degradation.objects.exists()
    assert mail.outbox == []


def test_what_degraded_before_ends_with_the_test(rehearsal):
    Consultation.objects.update(is_test=False)
    KeyPair.objects.update(proven_at=None, state=KeyPair.State.UNPROVEN)
    degradations.watch(now=NOW + DAY)
    assert Degradation.objects.filter(ended_at=None).exists()

    Consultation.objects.update(is_test=True)
    degradations.watch(now=NOW + DAY)

    assert not Degradation.objects.filter(ended_at=None).exists()


def test_no_key_is_needed_for_it(rehearsal):
    key_pairs = set(KeyPair.objects.values_list("pk", flat=True))
    holder = rehearsal.created_by

    assert dependents.without(key_pairs, now=NOW) == []

    KeyPair.objects.update(
        state=KeyPair.State.RETIRED,
        retirement_reason=KeyPair.RetirementReason.WITHDRAWN,
        retired_at=NOW,
    )
    assert dependents.needed_key_pairs(holder) == []


@pytest.mark.django_db(transaction=True)
def test_rehearsal_that_is_never_submitted_is_swept_though_the_deadline_never_passes(rehearsal):
    Consultation.objects.update(closes_at=NOW + 1000 * DAY, opens_at=NOW + 1000 * DAY)
    deposit = make_deposit(consultation=rehearsal)
    send(envelope_of(deposit), b"content")
    kept = NOW + settings.ABANDONED_AFTER

    sweeping.sweep(now=kept)
    assert deposit.uploads().count() == 1
    sweeping.sweep(now=kept + SECOND)
    assert deposit.uploads().count() == 0


def test_public_list_pins_it_above_the_true_ones_and_out_of_the_search(
    client, rehearsal, set_clock
):
    set_clock(NOW)
    true = make_online_consultation()

    for asked in ({}, {"q": "ESSAI"}, {"closed": "on"}):
        response = client.get(url("public_list"), asked)
        assert list(response.context["rehearsals"]) == [rehearsal]
        assert rehearsal not in response.context["page"].object_list

    everything = client.get(url("public_list")).context["page"].object_list
    assert list(everything) == [true]


def test_pages_of_a_rehearsal_say_what_it_is(client, rehearsal):
    draft = make_deposit(consultation=rehearsal)
    done = submitted(rehearsal)

    client.force_login(draft.bidder.user)
    pages = [url("public_detail", rehearsal.pk), url("deposit", draft.pk)]
    shown = [client.get(page).content for page in pages]
    client.force_login(done.bidder.user)
    names = ("receipt", "verify", "withdraw", "attempts")
    shown += [client.get(url(name, done.pk)).content for name in names]
    mine = client.get(url("deposits")).content.decode()

    assert [content.count(BANNER) for content in shown] == [1] * 6
    assert "badge" in mine.split(rehearsal.reference)[1].split("</td>")[0]


def test_pages_of_a_true_consultation_do_not(client):
    deposit = submitted(make_online_consultation())
    client.force_login(deposit.bidder.user)

    for page in (url("public_detail", deposit.consultation_id), url("receipt", deposit.pk)):
        assert BANNER not in client.get(page).content


def test_home_and_an_empty_list_of_deposits_lead_to_it(client, rehearsal):
    link = f'href="{url("public_detail", rehearsal.pk)}"'

    home = client.get(reverse("home")).content.decode()
    client.force_login(make_bidder().user)
    mine = client.get(url("deposits")).content.decode()

    assert link in home
    assert link in mine


def test_home_and_lists_do_without_any(client):
    home = client.get(reverse("home"))
    client.force_login(make_bidder().user)
    mine, listed = client.get(url("deposits")), client.get(url("public_list"))

    assert home.status_code == mine.status_code == listed.status_code == 200
    assert b'id="rehearse"' not in listed.content


def test_agents_see_that_it_is_a_test(client, rehearsal):
    agent = make_agent(Right.OPEN_BIDS, service=rehearsal.service)
    client.force_login(agent.user)

    listed = client.get(reverse("consultations")).content.decode()
    page = client.get(url("consultation", rehearsal.pk)).content.decode()

    badge = '<span class="badge badge-info">Test</span>'
    assert badge in listed
    assert badge in page


def test_agents_are_told_how_to_rehearse(client, rehearsal):
    client.force_login(make_agent(service=rehearsal.service).user)

    page = client.get(url("public_detail", rehearsal.pk))
    true = client.get(url("public_detail", make_online_consultation().pk))

    assert page.status_code == 200
    assert "dans une fenêtre privée de votre navigateur" in page.content.decode()
    assert b"data-for-agents" not in true.content


def test_receipt_of_a_rehearsal_says_that_it_is_one_and_until_when_its_files_are_kept(rehearsal):
    said = json.loads(bytes(submitted(rehearsal).receipt.content))

    assert said["rehearsal_kept_until"] == "2026-11-09T09:00:00.000000+00:00"
    assert said["version"] == 4


def test_receipt_page_says_first_that_it_has_no_value_and_when_its_files_go(client, rehearsal):
    done = submitted(rehearsal)
    client.force_login(done.bidder.user)

    page = client.get(url("receipt", done.pk)).content.decode()

    main = text_of_main(page)
    assert main.index("aucune valeur") < main.index("Acheteur")
    assert "supprimés après le 9 novembre 2026 à 10:00 (Europe/Paris)" in main
    assert "dans les délais" not in main


def test_receipt_of_before_says_that_it_has_no_value_and_promises_no_removal(client, rehearsal):
    done = submitted(rehearsal)
    said = json.loads(bytes(done.receipt.content))
    del said["rehearsal_kept_until"]
    Receipt.objects.update(content=canonical.dumps(said | {"version": 3}))
    client.force_login(done.bidder.user)

    main = text_of_main(client.get(url("receipt", done.pk)).content.decode())

    assert "aucune valeur" in main
    assert "supprimés" not in main


@pytest.mark.django_db(transaction=True)
def test_pages_say_that_the_files_were_removed_on_purpose(client, rehearsal):
    done = submitted(rehearsal)
    client.force_login(done.bidder.user)
    pages = [url("receipt", done.pk), url("verify", done.pk), url("deposits")]
    pages.append(url("public_detail", rehearsal.pk))
    before = ["supprimés le" in text_of_main(client.get(page).content.decode()) for page in pages]

    sweeping.sweep(now=NOW + limits.REHEARSAL_KEPT_FOR + SECOND)

    after = ["supprimés le" in text_of_main(client.get(page).content.decode()) for page in pages]
    assert (before, after) == ([False] * 4, [True] * 4)
    assert client.get(url("receipt_file", done.pk)).content == bytes(done.receipt.content)


def test_pages_announce_how_long_files_are_kept(client, rehearsal):
    page = client.get(url("public_detail", rehearsal.pk)).content.decode()

    assert f"supprimés {limits.REHEARSAL_KEPT_FOR.days} jours après" in text_of_main(page)


def text_of_main(page: str) -> str:
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())
