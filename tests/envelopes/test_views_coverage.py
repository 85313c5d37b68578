# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from envelopes import degradations, departures
from envelopes.models import ChosenKey, Degradation, KeyReport
from keys.models import KeyPair
from marketplace.models import Agent, Consultation, JournalEntry, Right
from tests.envelopes.sealed import OPENED, make_scene
from tests.factories import (
    DAY,
    NOW,
    make_administrator,
    make_agent,
    make_consultation,
    make_key_pair,
    make_online_consultation,
    make_service,
)

pytestmark = pytest.mark.django_db
LOST = {"reason": "lost", "confirmed": "on"}


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(NOW)


def sign_in(client, consultation: Consultation, *rights: Right) -> Agent:
    agent = make_agent(*rights, service=consultation.service)
    client.force_login(agent.user)
    return agent


def url(name: str, subject: Consultation | KeyPair | Agent) -> str:
    return reverse(f"envelopes:{name}", args=[subject.pk])


def test_coverage_page_of_what_is_in_order_is_green(client):
    consultation = make_online_consultation()
    sign_in(client, consultation)

    response = client.get(url("coverage", consultation))

    assertContains(response, 'data-coverage="green"')
    assertContains(response, 'data-answer="opens"', count=6)
    assertNotContains(response, "data-verdict")


def test_coverage_page_is_red_in_words_and_with_remedies(client):
    consultation = make_online_consultation()
    KeyPair.objects.personal().update(state="retired", retired_at=NOW, retirement_reason="lost")
    degradations.watch(now=NOW)
    sign_in(client, consultation)

    response = client.get(url("coverage", consultation))

    assertContains(response, 'data-coverage="red"')
    assertContains(response, 'data-answer="cannot"', count=3)
    assertContains(response, 'data-verdict="one_key"')
    assertContains(response, 'data-degradation="lost"')
    verdicts = response.context["coverage"].verdicts
    assert all(verdict.remedy in response.text for verdict in verdicts)


@pytest.mark.parametrize(
    ("fields", "is_offered"),
    [
        ({"proven_at": NOW - 40 * DAY}, True),
        ({"state": "retired", "retired_at": NOW, "retirement_reason": "lost"}, False),
    ],
)
def test_coverage_page_offers_the_drill_that_is_missing(client, fields, is_offered):
    consultation = make_online_consultation()
    KeyPair.objects.backup().update(**fields)
    sign_in(client, consultation)

    response = client.get(url("coverage", consultation))

    ask_url = reverse("keys:ask_drill", args=[KeyPair.objects.backup().get().pk])
    assert (ask_url in response.text) is is_offered


def test_coverage_page_of_a_draft_says_what_keeps_it_off_line(client):
    draft = make_consultation()
    key_pair = make_key_pair(holder=draft.created_by, proven_at=NOW - 40 * DAY)
    ChosenKey.objects.create(consultation=draft, key_pair=key_pair)
    sign_in(client, draft)

    response = client.get(url("coverage", draft))

    assertContains(response, 'data-problem="no_backup_key"')
    assertContains(response, 'data-problem="proof_stale"')
    assertContains(response, 'data-answer="unsure"', count=3)


def test_coverage_page_of_a_draft_counts_no_key_pair_that_is_lost(client):
    draft = make_consultation()
    lost = make_key_pair(
        holder=draft.created_by, state="retired", retired_at=NOW, retirement_reason="lost"
    )
    ChosenKey.objects.create(consultation=draft, key_pair=lost)
    sign_in(client, draft)

    response = client.get(url("coverage", draft))

    assertContains(response, 'data-problem="key_lost"')
    assert response.context["coverage"].lines == ()


def test_coverage_page_does_not_exist_for_another_service(client):
    consultation = make_online_consultation()
    client.force_login(make_agent(*Right).user)

    assert client.get(url("coverage", consultation)).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_coverage_page_asks_the_same_number_of_questions(client, django_assert_num_queries, count):
    consultation = make_online_consultation()
    for _ in range(count):
        consultation.recipient_set.key_pairs.add(make_key_pair(service=consultation.service))
    KeyPair.objects.update(proven_at=NOW - 40 * DAY)
    degradations.watch(now=NOW)
    sign_in(client, consultation)

    # session, agent; consultation, recipient set, key pairs, degradations; a key pair (menu)
    with django_assert_num_queries(7):
        client.get(url("coverage", consultation))


def test_consultation_page_sums_the_coverage_up(client):
    consultation = make_online_consultation()
    sign_in(client, consultation)

    response = client.get(url("consultation", consultation))

    assertContains(response, 'data-coverage="green"')
    assertContains(response, url("coverage", consultation))


@pytest.mark.parametrize("count", [1, 3])
def test_consultation_list_marks_what_degraded_in_one_question(
    client, django_assert_num_queries, count
):
    service = make_service()
    for _ in range(count):
        make_online_consultation(service=service, created_by=make_agent(service=service))
    KeyPair.objects.update(proven_at=NOW - 40 * DAY)
    degradations.watch(now=NOW)
    client.force_login(make_agent(service=service).user)

    # session, agent; count, page, degradations; a key pair for the menu
    with django_assert_num_queries(6):
        response = client.get(reverse("consultations"))

    assert response.text.count("/coverage/") == count


def test_report_page_asks_first_and_changes_nothing(client):
    consultation = make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    sign_in(client, consultation, Right.MANAGE_KEYS)

    response = client.get(url("report_key", key_pair))
    refused = client.post(url("report_key", key_pair), {"reason": "lost"})

    assertContains(response, consultation.reference)
    assertContains(response, 'data-dependent="')
    assertContains(refused, 'role="alert"')
    key_pair.refresh_from_db()
    assert key_pair.state == KeyPair.State.ACTIVE
    assert not KeyReport.objects.exists()


@pytest.mark.parametrize("reason", ["lost", "compromised"])
def test_report_says_what_to_do_next(client, reason):
    consultation = make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    agent = sign_in(client, consultation, Right.MANAGE_KEYS)

    response = client.post(url("report_key", key_pair), {"reason": reason, "confirmed": "on"})

    key_pair.refresh_from_db()
    assertRedirects(response, url("key_consultations", key_pair))
    assert (key_pair.state, key_pair.retirement_reason) == ("retired", reason)
    assert KeyReport.objects.get().reported_by == agent
    page = client.get(url("key_consultations", key_pair))
    assertContains(page, "data-what-next")
    assertContains(page, consultation.reference)


def test_report_is_the_holder_s_without_any_right_even_from_another_service(client):
    key_pair = make_key_pair()
    key_pair.holder.service = make_service(organisation=key_pair.service.organisation)
    key_pair.holder.save()
    client.force_login(key_pair.holder.user)

    assert client.get(url("report_key", key_pair)).status_code == 200
    client.post(url("report_key", key_pair), LOST)

    key_pair.refresh_from_db()
    assert key_pair.retirement_reason == "lost"


def test_report_needs_the_right_of_a_colleague(client):
    consultation = make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    sign_in(client, consultation, Right.OPEN_BIDS)

    assert client.get(url("report_key", key_pair)).status_code == 403
    assert client.post(url("report_key", key_pair), LOST).status_code == 403
    assert not KeyReport.objects.exists()


def test_report_does_not_exist_for_a_stranger(client):
    key_pair = make_key_pair()
    client.force_login(make_agent(*Right).user)

    assert client.post(url("report_key", key_pair), LOST).status_code == 404
    assert client.get(url("key_consultations", key_pair)).status_code == 404
    assert not KeyReport.objects.exists()


def test_report_again_is_refused_and_remembered(client):
    key_pair = make_key_pair()
    client.force_login(key_pair.holder.user)
    client.post(url("report_key", key_pair), LOST)

    client.post(url("report_key", key_pair), LOST)

    assert KeyReport.objects.count() == 1
    assert JournalEntry.objects.filter(action="refused.already_reported").count() == 1


def test_report_page_shows_the_coverage_after_it(client):
    make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    client.force_login(key_pair.holder.user)

    response = client.get(url("report_key", key_pair))

    [dependent] = response.context["dependents"]
    assert (dependent.now.is_red, dependent.after.is_red) == (False, True)


def test_key_consultations_tell_of_bids_after_the_deadline_alone(client, set_clock):
    scene = make_scene()
    client.force_login(scene.agent.user)
    address = url("key_consultations", scene.holder.key_pair)

    before = client.get(address)
    set_clock(OPENED)
    client.force_login(scene.agent.user)  # the session is over
    after = client.get(address)

    assertNotContains(before, "data-bids")
    assertContains(after, "data-bids", count=1)


def test_key_consultations_tell_no_bids_without_the_right_to_open(client, set_clock):
    scene = make_scene()
    set_clock(OPENED)
    sign_in(client, scene.consultation, Right.MANAGE_KEYS)

    response = client.get(url("key_consultations", scene.holder.key_pair))

    assertContains(response, scene.consultation.reference)
    assertNotContains(response, "data-bids")


def test_key_consultations_tell_no_bids_of_a_consultation_that_the_agent_may_not_open(
    client, set_clock
):
    scene = make_scene()
    set_clock(OPENED)
    neighbour = make_service(organisation=scene.consultation.service.organisation)
    rights = (Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS, Right.OPEN_BIDS)
    client.force_login(make_agent(*rights, service=neighbour).user)

    response = client.get(url("key_consultations", scene.holder.key_pair))

    assertContains(response, scene.consultation.reference)
    assertNotContains(response, "data-bids")


def test_key_consultations_hide_the_drafts_of_another_service(client):
    draft = make_consultation()
    key_pair = make_key_pair(holder=draft.created_by)
    ChosenKey.objects.create(consultation=draft, key_pair=key_pair)
    neighbour = make_service(organisation=draft.service.organisation)
    keeper = make_agent(Right.MANAGE_KEYS, Right.MANAGE_OTHER_KEYS, service=neighbour)
    client.force_login(keeper.user)

    response = client.get(url("key_consultations", key_pair))

    assertNotContains(response, draft.reference)
    assert response.context["hidden_drafts"] == 1


@pytest.mark.parametrize("count", [1, 3])
def test_key_consultations_ask_the_same_number_of_questions(
    client, django_assert_num_queries, count
):
    consultation = make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    for _ in range(count - 1):
        other = make_online_consultation(
            service=consultation.service, created_by=make_agent(service=consultation.service)
        )
        other.recipient_set.key_pairs.add(key_pair)
    sign_in(client, consultation)

    # session, agent; key pair; consultations, recipients, those shown, drafts, hidden; menu
    with django_assert_num_queries(9):
        response = client.get(url("key_consultations", key_pair))

    assert len(response.context["dependents"]) == count


@pytest.mark.parametrize(
    ("reason", "can_be_worse"),
    [("lost", True), ("compromised", False)],
    ids=["lost", "compromised"],
)
def test_key_page_offers_no_report_of_what_is_known(client, reason, can_be_worse):
    key_pair = make_key_pair(state="retired", retired_at=NOW, retirement_reason=reason)
    client.force_login(key_pair.holder.user)

    page = client.get(reverse("keys:detail", args=[key_pair.pk])).content.decode()
    report = client.get(url("report_key", key_pair))

    assert (url("report_key", key_pair) in page) == can_be_worse
    assert url("key_consultations", key_pair) in page
    assertNotContains(report, 'value="lost"')


def test_key_pages_lead_to_the_report_and_to_what_depends_on_it(client):
    consultation = make_online_consultation()
    key_pair = KeyPair.objects.personal().get()
    sign_in(client, consultation, Right.MANAGE_KEYS)

    page = client.get(reverse("keys:detail", args=[key_pair.pk]))
    removal = client.get(reverse("keys:remove", args=[key_pair.pk]))

    assertContains(page, url("report_key", key_pair))
    assertContains(page, url("key_consultations", key_pair))
    assertContains(removal, url("key_consultations", key_pair))


def test_departure_page_is_for_administrators_and_for_the_person(client):
    consultation = make_online_consultation()
    leaver = consultation.created_by
    service = consultation.service
    expected = {
        make_administrator(service=service): 200,
        leaver: 200,
        make_agent(*Right, service=service): 404,
        make_administrator(): 404,
    }

    answers = {}
    for agent in expected:
        client.force_login(agent.user)
        answers[agent] = client.get(url("departure", leaver)).status_code

    assert answers == expected


def test_announce_departure_keeps_the_day(client):
    agent = make_agent()
    client.force_login(make_administrator(service=agent.service).user)

    response = client.post(url("announce_departure", agent), {"leaves_on": "2026-12-01"})

    agent.refresh_from_db()
    assertRedirects(response, url("departure", agent))
    assert str(agent.leaves_on) == "2026-12-01"


@pytest.mark.parametrize(("leaves_on", "refusals"), [("2026-11-01", 1), ("tomorrow", 0)])
def test_announce_departure_refuses_what_is_no_day_to_come(client, leaves_on, refusals):
    agent = make_agent()
    client.force_login(make_administrator(service=agent.service).user)

    response = client.post(url("announce_departure", agent), {"leaves_on": leaves_on}, follow=True)

    agent.refresh_from_db()
    assert agent.leaves_on is None
    assertContains(response, "alert-danger")
    assert JournalEntry.objects.filter(action="refused.departure_over").count() == refusals


def test_departure_of_a_stranger_does_not_exist(client):
    agent = make_agent()
    client.force_login(make_administrator().user)

    assert client.post(url("announce_departure", agent), {}).status_code == 404
    assert client.post(url("disable_agent", agent)).status_code == 404
    agent.user.refresh_from_db()
    assert agent.user.is_active


def test_disabling_warns_where_keys_hang_on_the_account_and_then_does_it(client):
    consultation = make_online_consultation()
    leaver = consultation.created_by
    client.force_login(make_administrator(service=consultation.service).user)

    page = client.get(url("disable_agent", leaver))
    response = client.post(url("disable_agent", leaver))

    leaver.user.refresh_from_db()
    assertContains(page, "data-warning")
    assertContains(page, consultation.reference)
    assertRedirects(response, reverse("agents"))
    assert not leaver.user.is_active
    assert JournalEntry.objects.get(action="agent.edited").facts["is_active"] is False


def test_disabling_an_account_without_keys_warns_of_nothing(client):
    agent = make_agent()
    client.force_login(make_administrator(service=agent.service).user)

    assertNotContains(client.get(url("disable_agent", agent)), "data-warning")


def test_disabling_the_own_account_is_refused_and_remembered(client):
    administrator = make_administrator()
    client.force_login(administrator.user)

    client.post(url("disable_agent", administrator))

    administrator.user.refresh_from_db()
    assert administrator.user.is_active
    assert JournalEntry.objects.get().action == "refused.own_account"


def test_unticking_the_account_of_a_colleague_saves_the_rest_and_asks_first(client):
    agent = make_agent(Right.OPEN_BIDS)
    client.force_login(make_administrator(service=agent.service).user)

    response = client.post(
        reverse("edit_agent", args=[agent.pk]),
        {"service": agent.service_id, "rights": [Right.MANAGE_KEYS]},
    )

    agent.refresh_from_db()
    assertRedirects(response, url("disable_agent", agent))
    assert agent.user.is_active
    assert agent.manage_keys


def test_departure_that_is_announced_shows_among_the_agents(client):
    agent = make_agent()
    administrator = make_administrator(service=agent.service)
    departures.announce(agent.pk, leaves_on=NOW.date(), by=administrator, now=NOW)
    client.force_login(administrator.user)

    assertContains(client.get(reverse("agents")), url("departure", agent))


def test_going_on_line_leaves_no_degradation():
    make_online_consultation()

    degradations.watch(now=NOW)

    assert not Degradation.objects.exists()
