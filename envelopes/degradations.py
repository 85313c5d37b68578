# SPDX-License-Identifier: EUPL-1.2
"""What went wrong with the keys of a consultation after it went on line: found, told once, closed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import transaction

from envelopes import dependents, notices
from envelopes.coverage import Verdict, coverage
from envelopes.models import CoverageNotice, Degradation
from keys import mails
from marketplace import journal
from marketplace.models import Consultation

Key = tuple[str, UUID | None]  # of a weakness, and of the key pair that has it


def watch(*, now: datetime) -> int:
    """Look at the coverage of each consultation that is on line and not being opened yet, but the tests.

    What is new is kept, and told by one mail a consultation; what is repaired is closed. Twice, or two
    at once, change nothing more. Answers how many mails were sent.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    for consultation_id in _changed(now):
        _settle(consultation_id, now)
    due = CoverageNotice.objects.filter(sent_at=None, degradations__ended_at=None).distinct()
    due = due.select_related("consultation__service__organisation").order_by("pk")

    def record(notice: CoverageNotice) -> None:
        journal.record(
            "consultation.degradation_told",
            notice.consultation,
            actor=None,
            now=now,
            organisation_id=notice.consultation.service.organisation_id,
        )

    return mails.send_due(due, compose=lambda notice: _message(notice, now), record=record, now=now)


def _changed(now: datetime) -> list[UUID]:
    """Those whose rows do not say what is so; found without a lock, since nearly all do."""
    ongoing = Degradation.objects.filter(ended_at=None)
    known = defaultdict[UUID, set[Key]](set)
    for row in ongoing.only("consultation", "weakness", "key_pair"):
        known[row.consultation_id].add(_key_of_row(row))
    changed = []
    watched = Consultation.objects.filter(state=Consultation.State.ONLINE, is_test=False)
    for consultation in dependents.with_recipients(watched).order_by("pk"):
        found = {*map(_key, _verdicts(consultation, now))}
        if found != known.pop(consultation.pk, set()):
            changed.append(consultation.pk)
    return [*changed, *known]  # those that are left are no longer watched


@transaction.atomic
def _settle(consultation_id: UUID, now: datetime) -> None:
    """Make the rows say what is so; the consultation is locked, so that one worker does it."""
    locked = Consultation.objects.select_for_update(no_key=True, of=("self",))
    locked.get(pk=consultation_id)
    one = Consultation.objects.filter(pk=consultation_id)
    consultation = dependents.with_recipients(one).get()
    is_watched = consultation.state == Consultation.State.ONLINE and not consultation.is_test
    found = _verdicts(consultation, now) if is_watched else []
    known = {_key_of_row(row): row for row in consultation.degradations.filter(ended_at=None)}
    new = [verdict for verdict in found if _key(verdict) not in known]
    repaired = [row for key, row in known.items() if key not in {*map(_key, found)}]
    if new:
        notice = CoverageNotice.objects.create(consultation=consultation, found_at=now)
        Degradation.objects.bulk_create(
            Degradation(
                consultation=consultation,
                weakness=verdict.weakness,
                key_pair=verdict.key_pair,
                notice=notice,
                found_at=now,
            )
            for verdict in new
        )
        _record("degraded", consultation, [verdict.weakness.value for verdict in new], now)
    if repaired:
        for row in repaired:
            row.ended_at = now
        Degradation.objects.bulk_update(repaired, ["ended_at"])
        _record("repaired", consultation, [row.weakness for row in repaired], now)


def _verdicts(consultation: Consultation, now: datetime) -> Sequence[Verdict]:
    recipients = dependents.recipients_of(consultation)
    return coverage(consultation, recipients, now=now).verdicts


def _key(verdict: Verdict) -> Key:
    return verdict.weakness.value, verdict.key_pair.pk if verdict.key_pair else None


def _key_of_row(row: Degradation) -> Key:
    return row.weakness, row.key_pair_id


def _record(what: str, consultation: Consultation, weaknesses: list[str], now: datetime) -> None:
    journal.record(
        f"consultation.coverage_{what}",
        consultation,
        actor=None,
        now=now,
        organisation_id=consultation.service.organisation_id,
        weaknesses=sorted(weaknesses),
    )


def _message(notice: CoverageNotice, now: datetime) -> EmailMessage | None:
    """What is still so of what was found, each with its remedy."""
    one = Consultation.objects.filter(pk=notice.consultation_id)
    consultation = dependents.with_recipients(one).get()
    ongoing = {_key_of_row(row) for row in notice.degradations.filter(ended_at=None)}
    found = [verdict for verdict in _verdicts(consultation, now) if _key(verdict) in ongoing]
    to = notices.concerned(consultation.service)
    if not (found and to):
        return None
    context = {
        "consultation": consultation,
        "verdicts": found,
        "is_grave": any(verdict.is_grave for verdict in found),
        "coverage_url": notices.coverage_link(consultation),
    }
    return mails.letter(
        "envelopes/degradation", context, organisation=consultation.service.organisation, to=to
    )
