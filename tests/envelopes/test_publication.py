# SPDX-License-Identifier: EUPL-1.2
from datetime import timedelta
from typing import Any

import pytest

from envelopes import publication
from envelopes.deficiencies import KeyDeficient
from envelopes.errors.publication import (
    NoBackupKey,
    PublicationRefused,
    RecipientsChanged,
    TwinCertificates,
)
from envelopes.models import ChosenKey, RecipientSet
from keys.models import KeyPair
from marketplace.errors import AlreadyOnline, DeadlinePassed
from marketplace.models import Consultation, JournalEntry
from tests.factories import (
    DAY,
    DEADLINE,
    NOW,
    SECOND,
    make_agent,
    make_consultation,
    make_key_pair,
    make_online_consultation,
)

pytestmark = pytest.mark.django_db
Fields = dict[str, Any]
OPENING = DEADLINE + timedelta(hours=1)
UNPROVEN: Fields = {"state": KeyPair.State.UNPROVEN, "proven_at": None}


def make_draft(*, personal: Fields | None = None, backup: Fields | None = None) -> Consultation:
    """A draft with a chosen personal key pair and a colleague's backup one, of these fields."""
    consultation = make_consultation()
    chosen = make_key_pair(holder=consultation.created_by, **(personal or {}))
    ChosenKey.objects.create(consultation=consultation, key_pair=chosen)
    make_key_pair(service=consultation.service, is_backup=True, **(backup or {}))
    return consultation


def publish(consultation: Consultation, **options) -> Consultation:
    return publication.publish(
        consultation.pk, actor=consultation.created_by, **({"now": NOW} | options)
    )


def test_publish_freezes_the_chosen_and_the_backup_keys():
    consultation = make_draft()
    not_chosen = make_key_pair(holder=consultation.created_by)

    publish(consultation)

    consultation.refresh_from_db()
    frozen = consultation.recipient_set
    key_pairs = KeyPair.objects.exclude(pk=not_chosen.pk).order_by("fingerprint")
    assert consultation.state == Consultation.State.ONLINE
    assert consultation.published_at == frozen.frozen_at == NOW
    assert frozen.fingerprints == [key_pair.fingerprint for key_pair in key_pairs]
    assert list(frozen.key_pairs.order_by("fingerprint")) == list(key_pairs)
    assert {key_pair.first_used_at for key_pair in key_pairs} == {NOW}
    assert KeyPair.objects.get(pk=not_chosen.pk).first_used_at is None


def test_publish_writes_the_fingerprints_in_the_journal():
    consultation = make_draft()

    publish(consultation)

    entry = JournalEntry.objects.get(action="consultation.published")
    assert entry.subject == f"Consultation {consultation.pk}"
    assert entry.facts["fingerprints"] == consultation.recipient_set.fingerprints


def test_publish_keeps_the_first_use_of_a_key():
    used_before = NOW - DAY
    consultation = make_draft(personal={"first_used_at": used_before})

    publish(consultation)

    assert KeyPair.objects.personal().get().first_used_at == used_before


def test_publish_twice_changes_nothing():
    consultation = make_draft()
    publish(consultation)

    again = publish(consultation, now=NOW + SECOND)

    assert again.published_at == NOW
    assert RecipientSet.objects.get().frozen_at == NOW
    assert JournalEntry.objects.filter(action="consultation.published").count() == 1


def test_publish_refuses_recipients_that_nobody_was_shown():
    consultation = make_draft()
    shown = publication.readiness(consultation, now=NOW).fingerprints
    make_key_pair(service=consultation.service, is_backup=True)

    with pytest.raises(RecipientsChanged):
        publish(consultation, shown=shown)

    consultation.refresh_from_db()
    assert consultation.state == Consultation.State.DRAFT
    assert not RecipientSet.objects.exists()


def test_publish_ignores_the_backup_key_of_another_service():
    consultation = make_draft(backup=UNPROVEN)
    make_key_pair(is_backup=True)

    with pytest.raises(NoBackupKey):
        publish(consultation)


def test_publish_refuses_at_the_deadline_and_not_before():
    consultation = make_draft(personal={"proven_at": DEADLINE}, backup={"proven_at": DEADLINE})

    with pytest.raises(DeadlinePassed):
        publish(consultation, now=DEADLINE)
    assert publish(consultation, now=DEADLINE - SECOND).state == Consultation.State.ONLINE


def test_publish_refuses_certificates_that_openers_confuse():
    consultation = make_draft()
    backup = KeyPair.objects.backup().get()
    backup.certificate = KeyPair.objects.personal().get().certificate
    backup.save(update_fields=["certificate"])

    with pytest.raises(TwinCertificates):
        publish(consultation)


def test_readiness_names_each_problem_with_its_remedy():
    consultation = make_consultation()

    found = publication.readiness(consultation, now=DEADLINE)

    assert [problem.code for problem in found.problems] == [
        "deadline_passed",
        "no_personal_key",
        "no_backup_key",
    ]
    assert all(problem.user_message and problem.remedy for problem in found.problems)


def test_choose_keys_replaces_the_former_choice():
    consultation = make_draft()
    other = make_key_pair(holder=consultation.created_by)

    publication.choose_keys(consultation.pk, [other], actor=consultation.created_by, now=NOW)

    assert [chosen.key_pair for chosen in consultation.chosen_keys.all()] == [other]


def test_choose_keys_refuses_once_on_line():
    consultation = make_online_consultation()
    before = consultation.recipient_set.fingerprints

    with pytest.raises(AlreadyOnline):
        publication.choose_keys(consultation.pk, [], actor=make_agent(), now=NOW)

    consultation.recipient_set.refresh_from_db()
    assert consultation.recipient_set.fingerprints == before
    assert consultation.chosen_keys.count() == 1


def test_refusals_of_publication_have_each_a_code_of_their_own():
    refusals = [*PublicationRefused.__subclasses__(), *KeyDeficient.__subclasses__()]
    codes = [refusal.code for refusal in refusals]

    assert len(set(codes)) == len(codes)
