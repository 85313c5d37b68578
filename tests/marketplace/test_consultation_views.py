# SPDX-License-Identifier: EUPL-1.2
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from marketplace.models import Consultation, JournalEntry, Right
from tests.factories import (
    make_administrator,
    make_agent,
    make_consultation,
    make_organisation,
    make_service,
)

pytestmark = pytest.mark.django_db
FORM = {
    "reference": "2026-100",
    "title": "Réfection de la toiture",
    "closes_at": "2099-07-14T12:00",
    "opens_at": "2099-07-14T14:00",
    "wants_applications": "on",
    "wants_offers": "on",
    "lots-TOTAL_FORMS": "3",
    "lots-INITIAL_FORMS": "0",
    "lots-0-title": "Charpente",
    "lots-1-title": "À retirer",
    "lots-1-DELETE": "on",
    "lots-2-title": "",
}


def writer(**fields):
    return make_agent(Right.MANAGE_CONSULTATIONS, **fields)


@pytest.mark.parametrize("count", [1, 3])
def test_consultation_list_asks_the_same_number_of_questions(
    client, django_assert_num_queries, count
):
    agent = make_agent()
    for _ in range(count):
        make_consultation(service=agent.service, created_by=agent)
    client.force_login(agent.user)

    # session, agent; count, page, degradations; a key pair for the menu
    with django_assert_num_queries(6):
        response = client.get(reverse("consultations"))

    assert len(response.context["page"].object_list) == count


def test_consultation_list_is_cut_in_pages_of_twenty(client):
    agent = make_agent()
    for _ in range(21):
        make_consultation(service=agent.service, created_by=agent)
    client.force_login(agent.user)

    sizes = [
        len(client.get(reverse("consultations"), {"page": page}).context["page"].object_list)
        for page in (1, 2)
    ]

    assert sizes == [20, 1]


@pytest.mark.parametrize(
    ("query", "icon"), [({}, "bi-folder2-open"), ({"q": "absent"}, "bi-search")]
)
def test_consultation_list_says_when_there_is_nothing(client, query, icon):
    client.force_login(make_agent().user)

    page = client.get(reverse("consultations"), query).content.decode()

    assert f'class="empty"><i class="bi {icon}"' in page


def test_consultation_form_writes_a_draft_and_sends_to_it(client):
    agent = writer()
    client.force_login(agent.user)

    response = client.post(reverse("create_consultation"), FORM)

    consultation = Consultation.objects.get()
    assert response.url == reverse("envelopes:consultation", args=[consultation.pk])
    assert consultation.service == agent.service
    assert [lot.title for lot in consultation.lots.all()] == ["Charpente"]


def test_consultation_form_reads_instants_in_the_organisations_zone(client):
    organisation = make_organisation(time_zone="Indian/Reunion")
    client.force_login(writer(service=make_service(organisation=organisation)).user)

    page = client.get(reverse("create_consultation"))
    client.post(reverse("create_consultation"), FORM)

    assert Consultation.objects.get().closes_at == datetime(2099, 7, 14, 8, tzinfo=UTC)
    assert "Indian/Reunion" in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"closes_at": "tomorrow"}, "closes_at"),
        ({"wants_applications": "", "wants_offers": ""}, "wants_offers"),
    ],
)
def test_consultation_form_says_beside_the_field_what_is_wrong(client, changes, field):
    client.force_login(writer().user)

    response = client.post(reverse("create_consultation"), FORM | changes)

    assert list(response.context["form"].errors) == [field]
    assert Consultation.objects.count() == 0


def test_consultation_form_refuses_a_deadline_that_is_no_instant_elsewhere(client):
    service = make_service(organisation=make_organisation(time_zone="America/Martinique"))
    client.force_login(writer(service=service).user)

    changes = {"closes_at": "9999-12-31T23:59", "opens_at": "9999-12-31T23:59"}
    response = client.post(reverse("create_consultation"), FORM | changes)

    assert list(response.context["form"].errors) == ["closes_at", "opens_at"]


def test_consultation_form_shows_a_refusal_and_keeps_what_was_typed(client):
    agent = writer()
    make_consultation(service=agent.service, reference=FORM["reference"])
    client.force_login(agent.user)

    response = client.post(reverse("create_consultation"), FORM)

    assert response.status_code == 409
    assert FORM["title"] in response.content.decode()
    assert JournalEntry.objects.get().action == "refused.reference_taken"


def test_edit_form_shows_the_draft_and_saves_it(client):
    agent = writer()
    consultation = make_consultation(service=agent.service, created_by=agent)
    consultation.lots.create(number=1, title="Charpente")
    client.force_login(agent.user)
    address = reverse("edit_consultation", args=[consultation.pk])

    page = client.get(address).content.decode()
    client.post(address, FORM | {"lots-INITIAL_FORMS": "1"})

    assert consultation.reference in page
    assert "Charpente" in page
    consultation.refresh_from_db()
    assert consultation.reference == FORM["reference"]


def test_edit_form_refuses_a_consultation_on_line(client):
    agent = writer()
    consultation = make_consultation(
        service=agent.service,
        created_by=agent,
        state=Consultation.State.ONLINE,
        published_at=timezone.now() - timedelta(days=1),
    )
    client.force_login(agent.user)
    address = reverse("edit_consultation", args=[consultation.pk])

    shown, saved = client.get(address), client.post(address, FORM)

    assert shown.url == reverse("envelopes:consultation", args=[consultation.pk])
    assert saved.status_code == 409
    assert JournalEntry.objects.get().action == "refused.already_online"


def test_administrator_ticks_that_a_consultation_is_a_test(client):
    administrator = make_administrator()
    client.force_login(administrator.user)
    page = client.get(reverse("create_consultation"))

    client.post(reverse("create_consultation"), FORM | {"is_test": "on"})

    assert "is_test" in page.context["form"].fields
    assert Consultation.objects.get().is_test


def test_agent_has_no_such_box_and_a_forged_one_changes_nothing(client):
    client.force_login(writer().user)
    page = client.get(reverse("create_consultation"))

    client.post(reverse("create_consultation"), FORM | {"is_test": "on"})

    assert "is_test" not in page.context["form"].fields
    assert not Consultation.objects.get().is_test


def test_agent_edits_a_test_that_stays_one(client):
    agent = writer()
    draft = make_consultation(is_test=True, service=agent.service, created_by=agent)
    client.force_login(agent.user)

    response = client.post(reverse("edit_consultation", args=[draft.pk]), FORM)

    draft.refresh_from_db()
    assert response.status_code == 302
    assert (draft.is_test, draft.reference) == (True, FORM["reference"])


def test_administrator_makes_a_draft_a_test_no_more(client):
    administrator = make_administrator()
    draft = make_consultation(is_test=True, service=administrator.service, created_by=administrator)
    client.force_login(administrator.user)

    client.post(reverse("edit_consultation", args=[draft.pk]), FORM)

    draft.refresh_from_db()
    assert not draft.is_test
