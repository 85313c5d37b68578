# SPDX-License-Identifier: EUPL-1.2
import pytest

from envelopes import opening
from envelopes.models import ReleasedFile
from marketplace.models import EnvelopeKind
from signatures import reports, tasks
from signatures.models import Report
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED
from tests.factories import SECOND

pytestmark = pytest.mark.django_db


@pytest.fixture
def queued(monkeypatch):
    """The reports that workers are woken for."""
    ids: list[str] = []
    monkeypatch.setattr(tasks.conclude_report, "delay", ids.append)
    return ids


def release(scene, envelope):
    keys = sealed.unwrap(envelope, scene.holder)
    return opening.release(envelope.pk, agent=scene.agent, keys=keys, now=OPENED)


def test_opening_an_envelope_asks_for_a_report_of_each_file(
    queued, django_capture_on_commit_callbacks
):
    scene = sealed.make_scene()

    with django_capture_on_commit_callbacks(execute=True):
        release(scene, scene.application)

    asked = Report.objects.all()
    assert {report.file_id for report in asked} == set(
        ReleasedFile.objects.values_list("pk", flat=True)
    )
    assert {(report.state, report.requested_at, report.moment) for report in asked} == {
        (Report.State.PENDING, OPENED, scene.deposit.submitted_at)
    }
    assert sorted(queued) == sorted(str(report.pk) for report in asked)


def test_asking_twice_is_one_report(queued, django_capture_on_commit_callbacks):
    scene = sealed.make_scene()
    release(scene, scene.application)

    for now in (OPENED, OPENED + SECOND):
        with django_capture_on_commit_callbacks(execute=True):
            reports.ask(scene.application.pk, now=now)

    assert Report.objects.count() == 2
    assert set(Report.objects.values_list("requested_at", flat=True)) == {OPENED}


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_is_away_stops_no_opening(monkeypatch):
    def fail(report_id):
        raise OSError("the queue is away")

    monkeypatch.setattr(tasks.conclude_report, "delay", fail)
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"offre.pdf": b"offre"}})

    released = release(scene, scene.offer)

    assert Report.objects.filter(file__release=released).count() == 1
