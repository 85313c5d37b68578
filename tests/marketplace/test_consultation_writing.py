# SPDX-License-Identifier: EUPL-1.2
import dataclasses
from datetime import timedelta

import pytest

from marketplace import consultation_writing
from marketplace.errors import (
    AdministratorsOnly,
    AlreadyOnline,
    DeadlinePassed,
    ReferenceTaken,
)
from marketplace.models import Consultation, JournalEntry
from tests.factories import DEADLINE, NOW, SECOND, make_administrator, make_agent, make_consultation

pytestmark = pytest.mark.django_db
DETAILS = consultation_writing.Details(
    reference="2026-100",
    title="Réfection de la toiture",
    closes_at=DEADLINE,
    opens_at=DEADLINE + timedelta(hours=1),
    wants_applications=True,
    wants_offers=True,
    lots=("Charpente", "Couverture"),
)


def lots_of(consultation: Consultation) -> list[tuple[int, str]]:
    return list(consultation.lots.order_by("number").values_list("number", "title"))


def test_create_writes_a_draft_of_the_agents_service_with_numbered_lots():
    agent = make_agent()

    consultation = consultation_writing.create(DETAILS, agent=agent, now=NOW)

    consultation.refresh_from_db()
    assert (consultation.service, consultation.created_by) == (agent.service, agent)
    assert consultation.state == Consultation.State.DRAFT
    assert lots_of(consultation) == [(1, "Charpente"), (2, "Couverture")]


def test_create_enters_the_journal_of_the_organisation():
    agent = make_agent()

    consultation = consultation_writing.create(DETAILS, agent=agent, now=NOW)

    entry = JournalEntry.objects.get()
    assert (entry.action, entry.organisation) == (
        "consultation.created",
        agent.service.organisation,
    )
    assert entry.subject == f"Consultation {consultation.pk}"
    assert entry.facts["lots"] == ["Charpente", "Couverture"]


@pytest.mark.parametrize(
    ("closes_at", "opens_at"),
    [(NOW, DEADLINE), (NOW - SECOND, DEADLINE), (DEADLINE, DEADLINE - SECOND)],
)
def test_create_refuses_dates_out_of_order(closes_at, opens_at):
    details = dataclasses.replace(DETAILS, closes_at=closes_at, opens_at=opens_at)

    with pytest.raises(DeadlinePassed):
        consultation_writing.create(details, agent=make_agent(), now=NOW)

    assert Consultation.objects.count() == 0


def test_create_allows_an_opening_at_the_deadline_a_second_from_now():
    details = dataclasses.replace(DETAILS, closes_at=NOW + SECOND, opens_at=NOW + SECOND)

    consultation = consultation_writing.create(details, agent=make_agent(), now=NOW)

    assert consultation.opens_at == NOW + SECOND


def test_create_refuses_a_reference_that_the_service_has():
    agent = make_agent()
    make_consultation(service=agent.service, reference=DETAILS.reference)

    with pytest.raises(ReferenceTaken):
        consultation_writing.create(DETAILS, agent=agent, now=NOW)


def test_create_allows_a_reference_that_another_service_has():
    make_consultation(reference=DETAILS.reference)

    consultation_writing.create(DETAILS, agent=make_agent(), now=NOW)

    assert Consultation.objects.filter(reference=DETAILS.reference).count() == 2


def test_edit_replaces_fields_and_lots():
    agent = make_agent()
    consultation = consultation_writing.create(DETAILS, agent=agent, now=NOW)
    details = dataclasses.replace(DETAILS, title="Autre objet", lots=("Zinguerie",))

    consultation_writing.edit(consultation.pk, details, agent=agent, now=NOW)

    consultation.refresh_from_db()
    assert consultation.title == "Autre objet"
    assert lots_of(consultation) == [(1, "Zinguerie")]
    actions = JournalEntry.objects.order_by("index").values_list("action", flat=True)
    assert list(actions) == ["consultation.created", "consultation.edited"]


def test_edit_refuses_a_consultation_on_line_and_changes_nothing():
    consultation = make_consultation(state=Consultation.State.ONLINE, published_at=NOW)

    with pytest.raises(AlreadyOnline):
        consultation_writing.edit(consultation.pk, DETAILS, agent=consultation.created_by, now=NOW)

    title = consultation.title
    consultation.refresh_from_db()
    assert consultation.title == title
    assert JournalEntry.objects.count() == 0


def test_administrator_writes_a_test_consultation():
    details = dataclasses.replace(DETAILS, is_test=True)

    consultation = consultation_writing.create(details, agent=make_administrator(), now=NOW)

    consultation.refresh_from_db()
    assert consultation.is_test
    assert JournalEntry.objects.get().facts["is_test"] is True


def test_agent_writes_no_test_consultation():
    details = dataclasses.replace(DETAILS, is_test=True)

    with pytest.raises(AdministratorsOnly):
        consultation_writing.create(details, agent=make_agent(), now=NOW)

    assert not Consultation.objects.exists()


@pytest.mark.parametrize("is_test", [True, False])
def test_agent_edits_a_draft_without_changing_whether_it_is_a_test(is_test):
    draft = make_consultation(is_test=is_test)
    changed = dataclasses.replace(DETAILS, is_test=not is_test)
    with pytest.raises(AdministratorsOnly):
        consultation_writing.edit(draft.pk, changed, agent=draft.created_by, now=NOW)

    same = dataclasses.replace(DETAILS, is_test=is_test)
    consultation_writing.edit(draft.pk, same, agent=draft.created_by, now=NOW)

    draft.refresh_from_db()
    assert (draft.is_test, draft.reference) == (is_test, DETAILS.reference)
