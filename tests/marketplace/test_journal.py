# SPDX-License-Identifier: EUPL-1.2
import hashlib
import re

import pytest
from django.db import transaction
from django.urls import reverse

from marketplace import canonical, journal, merkle
from marketplace.errors import RightMissing
from marketplace.models import JournalEntry, JournalHead, JournalNode
from tests.factories import NOW, make_administrator, make_organisation, make_user

pytestmark = pytest.mark.django_db


def record(action="thing.changed", **fields):
    subject = fields.pop("subject", None) or make_organisation()
    with transaction.atomic():
        return journal.record(action, subject, actor=None, now=NOW, **fields)


def test_record_numbers_entries_without_gaps():
    indexes = [record().index for _ in range(3)]

    assert indexes == [0, 1, 2]
    assert JournalHead.objects.get().size == 3


def test_record_that_is_undone_leaves_no_gap():
    record()
    with transaction.atomic():
        record()
        transaction.set_rollback(True)

    assert record().index == 1


@pytest.mark.django_db(transaction=True)
def test_record_refuses_to_outlive_the_change_that_it_tells():
    organisation = make_organisation()

    with pytest.raises(transaction.TransactionManagementError):
        journal.record("thing.changed", organisation, actor=None, now=NOW)

    assert not JournalEntry.objects.exists()


def test_record_keeps_the_longest_address_of_an_actor():
    person = make_user(email=f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.fr")

    entry = journal.record("thing.changed", person, actor=person, now=NOW)

    assert len(person.email) == 254
    assert entry.actor == f"{person.email} {person.pk}"
    entry.clean_fields(exclude=["organisation", "facts"])


def test_leaf_commits_to_what_may_be_erased_without_holding_it():
    entry = record(reference="Toiture 2026")

    entry.refresh_from_db()
    erasable = canonical.dumps({"actor": "system", "facts": {"reference": "Toiture 2026"}})
    assert bytes(entry.commitment) == hashlib.sha256(bytes(entry.salt) + erasable).digest()
    assert bytes(entry.leaf_hash) == merkle.leaf_hash(journal.leaf(entry))
    assert b"Toiture 2026" not in journal.leaf(entry)


@pytest.mark.parametrize(
    ("field", "value"), [("action", "thing.kept"), ("subject", "Thing 2"), ("index", 7)]
)
def test_leaf_changes_with_what_it_covers(field, value):
    entry = record()
    before = journal.leaf(entry)

    setattr(entry, field, value)

    assert journal.leaf(entry) != before


def test_salts_differ_so_that_equal_facts_do_not_show():
    first, second = record(reference="Toiture 2026"), record(reference="Toiture 2026")

    assert first.commitment != second.commitment


def test_refusal_is_kept_with_its_code_and_facts():
    entry = journal.record_refusal(
        RightMissing("open_bids"), make_organisation(), actor=None, now=NOW
    )

    assert (entry.action, entry.facts) == ("refused.right_missing", {"right": "open_bids"})


def test_journal_page_shows_the_own_organisation_newest_first(client):
    administrator = make_administrator()
    own = {"organisation_id": administrator.service.organisation_id}
    first, second = record(**own), record(**own)
    record(organisation_id=make_organisation().pk)
    record()
    client.force_login(administrator.user)

    response = client.get(reverse("journal"))

    assert list(response.context["page"].object_list) == [second, first]


@pytest.mark.parametrize("filtered_by", ["action", "subject"])
def test_journal_page_filters(client, filtered_by):
    administrator = make_administrator()
    own = {"organisation_id": administrator.service.organisation_id}
    wanted = record("key_pair.registered", **own)
    record(**own)
    client.force_login(administrator.user)

    response = client.get(reverse("journal"), {filtered_by: getattr(wanted, filtered_by)})

    assert list(response.context["page"].object_list) == [wanted]


@pytest.mark.parametrize("count", [1, 3])
def test_journal_page_asks_the_same_number_of_questions(client, django_assert_num_queries, count):
    administrator = make_administrator()
    for _ in range(count):
        record(organisation_id=administrator.service.organisation_id)
    client.force_login(administrator.user)

    # session, agent; count, page; the menu asks nothing more of an administrator
    with django_assert_num_queries(4):
        response = client.get(reverse("journal"))

    assert len(response.context["page"].object_list) == count


def test_journal_page_tells_nothing_of_what_happens_elsewhere(client):
    administrator = make_administrator()
    organisation = administrator.service.organisation
    client.force_login(administrator.user)
    for _ in range(3):
        record(organisation_id=organisation.pk, subject=organisation)
    before = client.get(reverse("journal")).content
    for model in (JournalEntry, JournalNode, JournalHead):
        model.objects.all().delete()

    for _ in range(3):
        record(organisation_id=organisation.pk, subject=organisation)
        record("deposit.submitted")  # of a company, in whatever consultation
    after = client.get(reverse("journal")).content

    assert without_tokens(after) == without_tokens(before)


def without_tokens(page: bytes) -> bytes:
    """The page without what is drawn at random for each answer."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", page)
