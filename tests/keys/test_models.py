# SPDX-License-Identifier: EUPL-1.2
import pytest

from keys.models import KeyPair, Split
from tests.factories import NOW, make_agent, make_key_pair

pytestmark = pytest.mark.django_db


def split_of(service) -> Split:
    return KeyPair.objects.filter(service=service).split(NOW)


def test_split_of_a_service_without_key_pairs_lacks_nothing_yet():
    split = split_of(make_agent().service)

    assert split == Split(personal=set(), backup=set())
    assert not split.lacks_backup
    assert not split.hangs_on_one_person


def test_split_lacks_a_backup_where_only_personal_key_pairs_seal():
    agent = make_agent()
    make_key_pair(holder=agent)

    assert split_of(agent.service).lacks_backup
    assert not split_of(agent.service).hangs_on_one_person


@pytest.mark.parametrize("is_backup", [True, False])
def test_split_hangs_on_one_person_until_another_one_holds_a_key_pair(is_backup):
    agent = make_agent()
    make_key_pair(holder=agent)
    make_key_pair(holder=agent, is_backup=True)
    alone = split_of(agent.service)

    make_key_pair(holder=make_agent(service=agent.service), is_backup=is_backup)

    assert alone == Split(personal={agent.pk}, backup={agent.pk})
    assert alone.hangs_on_one_person
    assert not split_of(agent.service).hangs_on_one_person


@pytest.mark.parametrize(
    "fields",
    [
        {"state": KeyPair.State.UNPROVEN, "proven_at": None},
        {"state": KeyPair.State.RETIRED, "retired_at": NOW},
        {"retires_at": NOW},
        {"not_after": NOW},
    ],
)
def test_split_counts_only_what_can_seal_today(fields):
    agent = make_agent()
    make_key_pair(holder=agent)
    make_key_pair(holder=make_agent(service=agent.service), is_backup=True, **fields)

    assert split_of(agent.service) == Split(personal={agent.pk}, backup=set())
    assert split_of(agent.service).lacks_backup


def test_split_takes_one_query(django_assert_num_queries):
    service = make_agent().service

    with django_assert_num_queries(1):
        split_of(service)
