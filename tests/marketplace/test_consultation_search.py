# SPDX-License-Identifier: EUPL-1.2
import pytest

from marketplace import consultation_search
from marketplace.models import Consultation, Phase
from tests.factories import (
    DAY,
    NOW,
    SECOND,
    make_administrator,
    make_agent,
    make_consultation,
    make_service,
)

pytestmark = pytest.mark.django_db
ONLINE = {"state": Consultation.State.ONLINE, "published_at": NOW - DAY}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("closes_at", [NOW - SECOND, NOW, NOW + SECOND])
@pytest.mark.parametrize("state", Consultation.State)
def test_search_by_phase_agrees_with_the_consultation_itself(phase, closes_at, state):
    published_at = None if state == Consultation.State.DRAFT else NOW - DAY
    consultation = make_consultation(
        state=state, published_at=published_at, closes_at=closes_at, opens_at=NOW + DAY
    )
    agent = make_agent(service=consultation.service)

    found = consultation_search.search(agent, text="", phase=phase, now=NOW)

    assert list(found) == ([consultation] if consultation.phase(NOW) == phase else [])


@pytest.mark.parametrize("text", ["2026-7", "TOITURE"])
def test_search_reads_reference_and_title(text):
    agent = make_agent()
    wanted = make_consultation(service=agent.service, reference="2026-7", title="La toiture")
    make_consultation(service=agent.service, reference="2025-1", title="Le chauffage")

    found = consultation_search.search(agent, text=text, phase=None, now=NOW)

    assert list(found) == [wanted]


def test_search_stays_in_the_service_and_for_an_administrator_in_the_organisation():
    service = make_service()
    neighbour = make_service(organisation=service.organisation)
    here, there = make_consultation(service=service), make_consultation(service=neighbour)
    make_consultation()

    of_agent = consultation_search.search(make_agent(service=service), text="", phase=None, now=NOW)
    of_administrator = consultation_search.search(
        make_administrator(service=service), text="", phase=None, now=NOW
    )

    assert set(of_agent) == {here}
    assert set(of_administrator) == {here, there}
