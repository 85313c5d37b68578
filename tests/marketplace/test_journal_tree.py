# SPDX-License-Identifier: EUPL-1.2
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction

from marketplace import journal, journal_tree, merkle
from marketplace.journal_tree import NodesMissing
from marketplace.merkle import Frontier
from marketplace.models import JournalNode
from tests.factories import NOW, make_organisation

pytestmark = pytest.mark.django_db


def record(count: int) -> list[bytes]:
    """The leaf hashes of that many new entries."""
    organisation = make_organisation()
    leaves = []
    for number in range(count):
        with transaction.atomic():
            entry = journal.record(
                "thing.changed", organisation, actor=None, now=NOW, number=number
            )
        leaves.append(bytes(entry.leaf_hash))
    return leaves


def test_record_stores_the_nodes_that_its_entry_makes_whole():
    expected = Frontier()
    nodes = {place: node for leaf in record(21) for place, node in expected.append(leaf)}

    stored = JournalNode.objects.values_list("level", "index", "hash")
    assert {(level, index): bytes(node) for level, index, node in stored} == nodes
    assert journal_tree.frontier(21).root == expected.root


def test_record_that_is_undone_leaves_no_node():
    record(1)
    with transaction.atomic():
        record(1)
        transaction.set_rollback(True)

    assert not JournalNode.objects.exists()


def test_frontier_of_an_empty_journal():
    assert journal_tree.frontier(0).root == merkle.EMPTY_ROOT


def test_proofs_of_the_stored_tree_hold(django_assert_num_queries):
    leaves = record(37)
    first, second = journal_tree.frontier(20).root, journal_tree.frontier(37).root

    with django_assert_num_queries(4):
        inclusion = journal_tree.prove_inclusion(19, 37)
        consistency = journal_tree.prove_consistency(20, 37)

    merkle.verify_inclusion(leaves[19], 19, 37, inclusion, second)
    merkle.verify_consistency((20, 37), (first, second), consistency)


def test_read_names_the_nodes_that_are_missing():
    record(4)
    JournalNode.objects.filter(level=2).delete()

    with pytest.raises(NodesMissing, match=r"\(2, 0\)"):
        journal_tree.frontier(4)


def test_migration_makes_the_nodes_of_the_entries_that_are_there():
    record(70)
    before = set(JournalNode.objects.values_list("level", "index", "hash"))
    JournalNode.objects.all().delete()
    migration = import_module("marketplace.migrations.0003_journal_nodes")

    migration.make_nodes(apps, None)

    assert set(JournalNode.objects.values_list("level", "index", "hash")) == before


@pytest.mark.parametrize(("before", "queries"), [(62, 5), (60, 5), (61, 7), (63, 8)])
def test_appending_asks_little_however_long_the_journal(django_assert_num_queries, before, queries):
    """A savepoint, the head twice, the entry; its left neighbours; what they make whole."""
    record(before)
    organisation = make_organisation()

    with django_assert_num_queries(queries), transaction.atomic():
        journal.record("thing.changed", organisation, actor=None, now=NOW)
