# SPDX-License-Identifier: EUPL-1.2
"""A failing parser becomes a fact, and the logs learn where but not what."""

import logging

from signatures.validation.facts import Problem, Reading
from signatures.validation.guard import attempt


def fail() -> int:
    raise ValueError(f"Prix : {500 * 2} EUR")


def test_attempt_gives_what_the_action_gives():
    assert attempt(lambda: 3) == 3


def test_attempt_turns_a_failure_into_a_problem_with_a_stable_reference():
    first, second = attempt(fail), attempt(fail)

    assert isinstance(first, Problem)
    assert first == second
    assert (first.reading, first.detail, len(first.reference)) == (
        Reading.UNREADABLE,
        "ValueError",
        8,
    )


def test_attempt_logs_the_place_and_never_the_content(caplog):
    with caplog.at_level(logging.WARNING):
        problem = attempt(fail)

    assert isinstance(problem, Problem)
    assert problem.reference in caplog.text
    assert "in fail" in caplog.text
    assert "1000" not in caplog.text
