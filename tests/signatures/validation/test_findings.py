# SPDX-License-Identifier: EUPL-1.2
"""The table of findings holds together."""

import pytest

from signatures.validation import FindingCode, LegalFrame, Line, Status, conditions
from signatures.validation.findings import OUTCOMES, Indication, SubIndication, find
from signatures.validation.verdicts import conclude, worst

HUMAN = {FindingCode.PERSON_NAMED, FindingCode.PSEUDONYM, FindingCode.NO_PERSON_NAMED}


def test_nothing_but_the_human_check_leaves_the_way_to_passed_open():
    open_ways = {code for code, (_, sub_indication) in OUTCOMES.items() if sub_indication is None}

    assert open_ways == HUMAN


def test_a_finding_out_of_the_table_is_a_conform_remark():
    assert find(FindingCode.INTACT).status is Status.CONFORM
    assert find(FindingCode.INTACT).sub_indication is None


@pytest.mark.parametrize(
    ("codes", "indication", "sub_indications"),
    [
        ([FindingCode.INTACT], Indication.TOTAL_PASSED, ()),
        ([FindingCode.PERSON_NAMED], Indication.TOTAL_PASSED, ()),
        (
            [FindingCode.REVOCATION_UNKNOWN, FindingCode.NO_CHAIN],
            Indication.INDETERMINATE,
            (SubIndication.TRY_LATER, SubIndication.NO_CERTIFICATE_CHAIN_FOUND),
        ),
        (
            [FindingCode.NO_CHAIN, FindingCode.DIGEST_MISMATCH],
            Indication.TOTAL_FAILED,
            (SubIndication.HASH_FAILURE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND),
        ),
        ([FindingCode.NOT_EXAMINED], Indication.INDETERMINATE, (SubIndication.GENERIC,)),
    ],
)
def test_the_conclusion_is_failed_only_when_proven(codes, indication, sub_indications):
    assert conclude(tuple(find(code) for code in codes)) == (indication, sub_indications)


def test_the_worst_status_decides():
    order = [
        Status.NOT_APPLICABLE,
        Status.CONFORM,
        Status.TO_CHECK_BY_BUYER,
        Status.INDETERMINATE,
        Status.NOT_CONFORM,
    ]

    assert [worst(tuple(order[: index + 1])) for index in range(5)] == order
    assert worst(()) is Status.NOT_APPLICABLE


@pytest.mark.parametrize("frame", LegalFrame)
def test_each_frame_has_five_conditions_and_uses_a_line_once(frame):
    used = [line for lines in conditions(frame) for line in lines]

    assert len(conditions(frame)) == 5
    assert len(used) == len(set(used))
    assert set(Line) - set(used) <= {
        Line.FORMAT
    }  # the order of 2012 has no condition on the format
