# SPDX-License-Identifier: EUPL-1.2
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from envelopes import paper_deposits
from envelopes.errors.opening import DeadlineNotReached
from envelopes.errors.register import (
    ArrivalToCome,
    ArrivalTooEarly,
    LineCancelled,
    LineDiffers,
    ReasonMissing,
)
from envelopes.models import PaperDeposit
from marketplace.models import Consultation, JournalEntry
from tests.envelopes.registered import LATER, enter, line
from tests.factories import DEADLINE, NOW, SECOND, make_agent, make_online_consultation
from tests.racing import race

pytestmark = pytest.mark.django_db
Way = PaperDeposit.Way


@pytest.fixture
def consultation() -> Consultation:
    return make_online_consultation()


def test_enter_keeps_what_the_agent_says_and_who_says_it(consultation):
    agent = make_agent(service=consultation.service)
    said = line(way=Way.BACKUP_COPY, parcels="Une clé USB", observations="Sous enveloppe")

    paper = paper_deposits.enter(consultation.pk, said, agent=agent, now=LATER)

    paper.refresh_from_db()
    assert (paper.pk, paper.way, paper.company_name) == (
        said.id,
        Way.BACKUP_COPY,
        said.company_name,
    )
    assert (paper.received_at, paper.parcels) == (said.received_at, "Une clé USB")
    assert (paper.observations, paper.cancelled_at) == ("Sous enveloppe", None)
    assert (paper.recorded_by, paper.recorded_at) == (agent, LATER)
    entry = JournalEntry.objects.get(action="paper_deposit.entered")
    assert entry.subject == f"PaperDeposit {paper.pk}"
    assert entry.organisation_id == consultation.service.organisation_id
    assert entry.facts == {
        "company": said.company_name,
        "consultation": str(consultation.pk),
        "received_at": said.received_at.isoformat(),
        "way": "backup_copy",
    }


def test_enter_twice_adds_one_line(consultation):
    agent, said = make_agent(service=consultation.service), line()

    first = paper_deposits.enter(consultation.pk, said, agent=agent, now=LATER)
    second = paper_deposits.enter(consultation.pk, said, agent=agent, now=LATER + SECOND)

    assert first == second == PaperDeposit.objects.get()
    assert JournalEntry.objects.filter(action="paper_deposit.entered").count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"way": Way.BACKUP_COPY},
        {"company_name": "Toitures de l’Ouest"},
        {"received_at": DEADLINE},
        {"parcels": "Deux plis"},
        {"observations": "Déchiré"},
    ],
)
def test_enter_refuses_other_content_for_a_line_that_is_there(consultation, other):
    agent, said = make_agent(service=consultation.service), line()
    paper_deposits.enter(consultation.pk, said, agent=agent, now=LATER)

    with pytest.raises(LineDiffers):
        paper_deposits.enter(consultation.pk, replace(said, **other), agent=agent, now=LATER)

    paper = PaperDeposit.objects.get()
    assert {name: getattr(paper, name) for name in asdict(said)} == asdict(said)
    assert JournalEntry.objects.filter(action="paper_deposit.entered").count() == 1


def test_enter_refuses_a_line_of_another_consultation(consultation):
    agent, said = make_agent(service=consultation.service), line()
    paper_deposits.enter(consultation.pk, said, agent=agent, now=LATER)

    with pytest.raises(LineDiffers):
        paper_deposits.enter(make_online_consultation().pk, said, agent=agent, now=LATER)

    assert PaperDeposit.objects.get().consultation == consultation


@pytest.mark.parametrize(("now", "is_refused"), [(DEADLINE - SECOND, True), (DEADLINE, False)])
def test_enter_waits_for_the_deadline(consultation, now, is_refused):
    agent = make_agent(service=consultation.service)

    if is_refused:
        with pytest.raises(DeadlineNotReached):
            paper_deposits.enter(consultation.pk, line(), agent=agent, now=now)
    else:
        paper_deposits.enter(consultation.pk, line(), agent=agent, now=now)

    assert PaperDeposit.objects.exists() is not is_refused


def test_enter_refuses_what_has_not_arrived_yet(consultation):
    agent = make_agent(service=consultation.service)
    paper_deposits.enter(consultation.pk, line(received_at=LATER), agent=agent, now=LATER)

    with pytest.raises(ArrivalToCome):
        paper_deposits.enter(
            consultation.pk, line(received_at=LATER + SECOND), agent=agent, now=LATER
        )

    assert PaperDeposit.objects.count() == 1


@pytest.mark.parametrize("before", [NOW - SECOND, datetime(1, 1, 1, tzinfo=UTC)])
def test_enter_refuses_what_came_before_the_publication(consultation, before):
    agent = make_agent(service=consultation.service)
    paper_deposits.enter(consultation.pk, line(received_at=NOW), agent=agent, now=LATER)

    with pytest.raises(ArrivalTooEarly):
        paper_deposits.enter(consultation.pk, line(received_at=before), agent=agent, now=LATER)

    assert PaperDeposit.objects.get().received_at == NOW == consultation.published_at


def test_cancel_strikes_a_line_through_for_ever(consultation):
    paper = enter(consultation)
    agent = make_agent(service=consultation.service)

    paper_deposits.cancel(paper.pk, reason=" Saisie en double ", agent=agent, now=LATER)

    paper.refresh_from_db()
    assert (paper.cancelled_at, paper.cancelled_by) == (LATER, agent)
    assert paper.cancel_reason == "Saisie en double"
    entry = JournalEntry.objects.get(action="paper_deposit.cancelled")
    assert entry.facts == {"consultation": str(consultation.pk), "reason": "Saisie en double"}
    with pytest.raises(LineCancelled):
        paper_deposits.cancel(paper.pk, reason="Encore", agent=agent, now=LATER + SECOND)
    paper.refresh_from_db()
    assert paper.cancel_reason == "Saisie en double"


def test_cancel_asked_again_changes_nothing_and_says_the_same(consultation):
    paper = enter(consultation)
    agent, colleague = make_agent(service=consultation.service), paper.recorded_by
    for later in (LATER, LATER + SECOND):
        paper_deposits.cancel(paper.pk, reason=" Saisie en double", agent=agent, now=later)

    with pytest.raises(LineCancelled):
        paper_deposits.cancel(paper.pk, reason="Saisie en double", agent=colleague, now=LATER)

    paper.refresh_from_db()
    assert (paper.cancelled_at, paper.cancelled_by) == (LATER, agent)
    assert JournalEntry.objects.filter(action="paper_deposit.cancelled").count() == 1


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_cancel_wants_a_reason(consultation, reason):
    paper = enter(consultation)

    with pytest.raises(ReasonMissing):
        paper_deposits.cancel(paper.pk, reason=reason, agent=paper.recorded_by, now=LATER)

    paper.refresh_from_db()
    assert paper.cancelled_at is None


@pytest.mark.django_db(transaction=True)
def test_two_agents_cancel_once():
    consultation = make_online_consultation()
    paper = enter(consultation)

    answers = race(
        *(
            lambda reason=reason: paper_deposits.cancel(
                paper.pk, reason=reason, agent=paper.recorded_by, now=LATER
            )
            for reason in ("Un", "Deux")
        )
    )

    assert sum(isinstance(answer, LineCancelled) for answer in answers) == 1
    assert JournalEntry.objects.filter(action="paper_deposit.cancelled").count() == 1
