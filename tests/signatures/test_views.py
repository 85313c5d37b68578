# SPDX-License-Identifier: EUPL-1.2
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.models import JournalEntry, Right
from signatures import conclusions
from signatures.models import Decision, Report
from signatures.validation import Line, Status
from tests import factories
from tests.envelopes.sealed import OPENED
from tests.signatures import pki
from tests.signatures.released import make_opened

pytestmark = pytest.mark.django_db
DECISION = {"choice": "admit", "reason": "Signature du gérant.", "identity_checked": "on"}


@pytest.fixture
def signed():
    opened = make_opened(pki.sign(pki.make_pdf(), pki.make_pki().signers["good"]))
    conclusions.conclude(opened.report.pk, now=OPENED)
    return opened


def page_of(opened):
    return reverse("signatures:detail", args=[opened.file.pk])


def decision_of(opened):
    return reverse("signatures:decide", args=[opened.file.pk])


def get(client, opened, user=None):
    client.force_login(user or opened.scene.agent.user)
    return client.get(page_of(opened))


def statuses_of(text):
    return dict(re.findall(r'data-line="([\w-]+)" data-status="([\w-]+)"', text))


# The page


def test_page_of_a_signed_file_shows_each_line_and_the_five_conditions_twice(client, signed):
    response = get(client, signed)

    assert response.status_code == 200
    lines = statuses_of(response.text)
    assert set(lines) == {line.value for line in Line}
    assert lines["integrity"] == Status.CONFORM.value
    assert lines["category"] == Status.INDETERMINATE.value  # no trusted list is configured
    assert lines["signatory"] == Status.TO_CHECK_BY_BUYER.value
    assert response.text.count("report-conditions") == 2
    assert len(re.findall(r"<li data-status=", response.text)) == 10
    assert "Signature1" in response.text


def test_page_of_an_altered_file_says_so(client):
    pdf = pki.sign(pki.make_pdf("Prix : 1000 EUR"), pki.make_pki().signers["good"])
    opened = make_opened(pdf.replace(b"Prix : 1000", b"Prix : 9000", 1))
    conclusions.conclude(opened.report.pk, now=OPENED)

    response = get(client, opened)

    assert 'data-result="TOTAL-FAILED"' in response.text
    assert statuses_of(response.text)["integrity"] == Status.NOT_CONFORM.value


@pytest.mark.parametrize("content", [pki.make_pdf(), b"", b"<xml>jeton ?</xml>", b"%PDF-1.7\ncut"])
def test_page_of_a_file_without_a_signature_shows_no_condition(client, content):
    opened = make_opened(content)
    conclusions.conclude(opened.report.pk, now=OPENED)

    response = get(client, opened)

    assert response.status_code == 200
    assert "report-conditions" not in response.text
    assert decision_of(opened) in response.text


def test_page_of_a_pending_report_offers_to_load_again_and_no_decision(client):
    opened = make_opened()

    response = get(client, opened)

    assert response.status_code == 200
    assert f'href="{page_of(opened)}"' in response.text
    assert decision_of(opened) not in response.text


def test_page_of_a_failed_report_gives_its_reference(client):
    opened = make_opened()
    Report.objects.update(
        state=Report.State.FAILED, concluded_at=OPENED, reference="interrupted-1234abcd"
    )

    assert "interrupted-1234abcd" in get(client, opened).text


# Who reads it


def test_page_is_for_those_who_open_bids_or_review_reports(client, signed):
    organisation = signed.scene.service.organisation
    elsewhere = factories.make_service(organisation=organisation)
    readers = [
        factories.make_agent(Right.OPEN_BIDS, service=signed.scene.service),
        factories.make_agent(Right.REVIEW_REPORTS, service=elsewhere),
        factories.make_administrator(service=elsewhere),
    ]
    strangers = [
        factories.make_agent(Right.OPEN_BIDS, service=elsewhere),
        factories.make_agent(Right.OPEN_BIDS),
        factories.make_agent(Right.REVIEW_REPORTS),
        factories.make_administrator(),
    ]

    assert [get(client, signed, agent.user).status_code for agent in readers] == [200] * 3
    assert [get(client, signed, agent.user).status_code for agent in strangers] == [404] * 4
    assert get(client, signed, signed.scene.deposit.bidder.user).status_code == 404
    plain = factories.make_agent(service=signed.scene.service)
    assert get(client, signed, plain.user).status_code == 403
    client.logout()
    assert client.get(page_of(signed)).status_code == 302


def test_page_gives_the_file_to_those_who_may_open_it_alone(client, signed):
    elsewhere = factories.make_service(organisation=signed.scene.service.organisation)
    reviewer = factories.make_agent(Right.REVIEW_REPORTS, service=elsewhere)
    content = reverse("envelopes:content", args=[signed.file.pk])

    assert content in get(client, signed).text
    assert content not in get(client, signed, reviewer.user).text


# Decisions


def test_decision_is_recorded_and_shown(client, signed):
    client.force_login(signed.scene.agent.user)

    response = client.post(decision_of(signed), DECISION, follow=True)

    assert response.redirect_chain == [(page_of(signed), 302)]
    assert 'data-latest="admit"' in response.text
    assert Decision.objects.get().decided_by == signed.scene.agent


def test_decision_without_a_reason_is_sent_back(client, signed):
    client.force_login(signed.scene.agent.user)

    response = client.post(decision_of(signed), DECISION | {"reason": " "})

    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"reason"}
    assert not Decision.objects.exists()


def test_decision_that_is_refused_keeps_what_was_typed(client, signed):
    client.force_login(signed.scene.agent.user)
    body = {"choice": "admit", "reason": "Signature du gérant."}

    response = client.post(decision_of(signed), body)

    assert response.status_code == 409
    assert "Signature du gérant." in response.text
    assert JournalEntry.objects.filter(action="refused.identity_unchecked").count() == 1
    assert not Decision.objects.exists()


def test_decision_of_a_stranger_finds_nothing(client, signed):
    client.force_login(factories.make_agent(Right.REVIEW_REPORTS).user)

    assert client.post(decision_of(signed), DECISION).status_code == 404
    client.force_login(factories.make_agent(service=signed.scene.service).user)
    assert client.post(decision_of(signed), DECISION).status_code == 403
    assert not Decision.objects.exists()


# The list


def names_in(response):
    return {report.file.name for report in response.context["page"].object_list}


def test_list_shows_the_organisation_and_narrows(client, signed):
    service = signed.scene.service
    reviewer = factories.make_agent(Right.REVIEW_REPORTS, service=service)
    signed.file.name = "signé.pdf"
    signed.file.save()
    make_opened(name="d’une autre organisation.pdf")
    client.force_login(reviewer.user)
    url = reverse("signatures:list")

    assert names_in(client.get(url)) == {"signé.pdf"}
    assert names_in(client.get(url, {"state": "pending"})) == set()
    assert names_in(client.get(url, {"result": "INDETERMINATE"})) == {"signé.pdf"}
    assert names_in(client.get(url, {"result": "unsigned"})) == set()
    assert names_in(client.get(url, {"result": "nonsense", "page": "x"})) == {"signé.pdf"}


def test_list_without_report_says_so(client):
    client.force_login(factories.make_agent(Right.REVIEW_REPORTS).user)

    text = client.get(reverse("signatures:list")).text

    assert 'class="empty"' in text
    assert "Aucun pli" not in text  # one may be open, on the computer of an agent


def test_list_is_for_reviewers(client, signed):
    client.force_login(signed.scene.agent.user)

    assert client.get(reverse("signatures:list")).status_code == 403


def test_list_asks_the_database_as_often_for_three_reports_as_for_one(client, signed):
    client.force_login(factories.make_administrator(service=signed.scene.service).user)
    url = reverse("signatures:list")

    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for opened in (make_opened(), make_opened()):
        organisation = signed.scene.service.organisation
        type(opened.scene.service).objects.filter(pk=opened.scene.service.pk).update(
            organisation=organisation
        )
    with CaptureQueriesContext(connection) as three:
        response = client.get(url)

    assert len(response.context["page"].object_list) == 3
    assert len(three) == len(one)
