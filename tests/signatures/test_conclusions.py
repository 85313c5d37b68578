# SPDX-License-Identifier: EUPL-1.2
from datetime import timedelta

import pytest

from envelopes.errors.opening import BlockDamaged, StoreUnavailable
from envelopes.released import ReleasedStream
from keys.cms import BLOCK_SIZE
from marketplace.models import JournalEntry
from signatures import conclusions, tasks
from signatures.models import Report
from signatures.validation import from_json
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED
from tests.factories import SECOND
from tests.signatures import pki
from tests.signatures.released import make_opened

pytestmark = pytest.mark.django_db
LATER = OPENED + SECOND
MINUTE = timedelta(minutes=1)


def signed_pdf(pages: str = "Offre") -> bytes:
    return pki.sign(pki.make_pdf(pages), pki.make_pki().signers["good"])


def conclude(opened, *, now=LATER):
    conclusions.conclude(opened.report.pk, now=now)
    return opened.report


def test_conclude_measures_and_judges_a_signed_file():
    opened = make_opened(signed_pdf())

    report = conclude(opened)

    assert (report.state, report.concluded_at) == (Report.State.DONE, LATER)
    assert (report.signature_count, report.indication) == (1, "INDETERMINATE")
    facts = from_json(report.facts)
    assert facts.sha256 == bytes(opened.file.sha256).hex()
    assert [signature.name for signature in facts.signatures] == ["Signature1"]


def test_conclude_keeps_a_name_that_the_database_cannot():
    signer = pki.issue(pki.Profile("Awa\x00Martin"), None)

    report = conclude(make_opened(pki.sign(pki.make_pdf(), signer)))

    report.refresh_from_db()
    certificates = from_json(report.facts).certificates.values()
    assert [certificate.names.common_name for certificate in certificates] == ["Awa\ufffdMartin"]


def test_conclude_proves_that_an_altered_file_is_altered():
    altered = signed_pdf("Prix : 1000 EUR").replace(b"Prix : 1000", b"Prix : 9000", 1)

    report = conclude(make_opened(altered))

    assert report.indication == "TOTAL-FAILED"


@pytest.mark.parametrize("content", [pki.make_pdf(), b"", b"neither signed nor known"])
def test_conclude_finds_no_signature_where_there_is_none(content):
    report = conclude(make_opened(content))

    assert (report.state, report.signature_count) == (Report.State.DONE, 0)
    assert report.indication == "INDETERMINATE"


def test_conclude_does_not_say_unsigned_of_what_it_could_not_read():
    report = conclude(make_opened(b"%PDF-1.7\nand nothing else"))

    assert (report.state, report.signature_count) == (Report.State.DONE, None)


def test_conclude_twice_changes_nothing():
    opened = make_opened(signed_pdf())
    first = conclude(opened)

    again = conclude(opened, now=LATER + MINUTE)

    assert (again.concluded_at, again.attempts) == (first.concluded_at, 1)
    assert JournalEntry.objects.filter(action="report.concluded").count() == 1


def test_conclude_journals_the_result_and_nothing_of_the_document():
    opened = make_opened(signed_pdf())

    report = conclude(opened)

    entry = JournalEntry.objects.get(action="report.concluded")
    assert entry.subject == f"Report {report.pk}"
    assert entry.actor == "system"
    assert entry.organisation_id == opened.scene.service.organisation_id
    assert entry.facts == {
        "file": str(opened.file.pk),
        "state": "done",
        "indication": "INDETERMINATE",
        "reference": "",
    }


def test_conclude_leaves_a_report_to_the_worker_that_has_it():
    opened = make_opened()
    Report.objects.update(started_at=LATER, attempts=1)

    report = conclude(opened, now=LATER + conclusions.LEASE - SECOND)

    assert (report.state, report.attempts) == (Report.State.PENDING, 1)


def test_conclude_takes_over_from_a_worker_that_is_gone():
    opened = make_opened()
    Report.objects.update(started_at=LATER, attempts=1)

    report = conclude(opened, now=LATER + conclusions.LEASE)

    assert (report.state, report.attempts) == (Report.State.DONE, 2)


def test_conclude_gives_up_a_document_that_kills_its_workers():
    opened = make_opened()
    Report.objects.update(started_at=OPENED, attempts=conclusions.MOST_ATTEMPTS)

    report = conclude(opened, now=OPENED + conclusions.LEASE)

    assert report.state == Report.State.FAILED
    assert report.reference == f"interrupted-{report.pk.hex[:8]}"
    assert report.facts is None


def test_conclude_does_not_take_a_damaged_block_for_an_unreadable_document():
    opened = make_opened(signed_pdf())
    block = opened.file.file.blocks.get()
    sealed.rewrite(block, sealed.read(block)[:-1])

    report = conclude(opened)

    assert report.state == Report.State.FAILED
    assert report.reference.startswith("damaged-")


@pytest.mark.slow
def test_conclude_remembers_a_failed_read_that_the_parser_took_for_its_own(monkeypatch):
    opened = make_opened(signed_pdf() + b"\n" * BLOCK_SIZE)
    read = ReleasedStream._read
    reads = []

    def damaged_once_scanned(self, number):
        reads.append(number)
        if len(reads) > 4:  # each block, for its kind, then for its digest
            raise BlockDamaged(1, number, "digest")
        return read(self, number)

    monkeypatch.setattr(ReleasedStream, "_read", damaged_once_scanned)

    report = conclude(opened)

    assert len(reads) > 4
    assert report.state == Report.State.FAILED


def test_conclude_waits_for_a_store_that_does_not_answer(monkeypatch):
    opened = make_opened()

    def fail(self, number):
        raise StoreUnavailable

    monkeypatch.setattr(ReleasedStream, "_read", fail)
    waiting = conclude(opened)
    assert (waiting.state, waiting.attempts, waiting.started_at) == (
        Report.State.PENDING,
        0,
        None,
    )

    monkeypatch.undo()
    assert conclude(opened).state == Report.State.DONE


def test_waiting_names_what_nobody_concludes_and_nothing_else():
    opened = make_opened()
    report_id = opened.report.pk
    edge = OPENED + conclusions.PATIENCE

    assert list(conclusions.waiting(now=edge - SECOND)) == []
    assert list(conclusions.waiting(now=edge)) == [report_id]
    Report.objects.update(started_at=edge)
    assert list(conclusions.waiting(now=edge + MINUTE)) == []
    assert list(conclusions.waiting(now=edge + conclusions.LEASE)) == [report_id]
    conclude(opened, now=edge + conclusions.LEASE)
    assert list(conclusions.waiting(now=edge + 10 * conclusions.LEASE)) == []


def test_waiting_asks_for_what_the_signal_missed():
    opened = make_opened()
    opened.report.delete()

    conclusions.waiting(now=LATER)

    assert (opened.report.state, opened.report.requested_at) == (Report.State.PENDING, LATER)


def test_sweep_queues_what_waits(monkeypatch):
    opened = make_opened()
    queued: list[str] = []
    monkeypatch.setattr(tasks.conclude_report, "delay", queued.append)
    monkeypatch.setattr("django.utils.timezone.now", lambda: OPENED + conclusions.PATIENCE)

    tasks.sweep_reports()
    tasks.conclude_report(queued[0])

    assert queued == [str(opened.report.pk)]
    assert opened.report.state == Report.State.DONE
