# SPDX-License-Identifier: EUPL-1.2
import csv
from datetime import UTC, datetime
from io import StringIO
from itertools import count, islice
from zoneinfo import ZoneInfo

import pytest

from marketplace import csv_files

PARIS = ZoneInfo("Europe/Paris")


def read(text: str) -> list[list[str]]:
    """As a spreadsheet does, after the mark."""
    return list(csv.reader(StringIO(text, newline=""), delimiter=";", strict=True))


def test_what_is_written_is_read_again():
    rows = [
        ["Greffe", 'dit "le vieux"', "a;b"],
        ["one\ntwo", "one\r\ntwo", "a\rb"],
        ["", "é ’ 漢 😀", " a "],
        ["1 = 1", "a-b", "a@b"],
    ]

    text = "".join(csv_files.lines(["Name", "A;B", 'A "B"'], rows, UTC))

    assert text.startswith("\ufeffName;")
    assert read(text[1:]) == [["Name", "A;B", 'A "B"'], *rows]


def test_lines_end_as_spreadsheets_expect():
    text = "".join(csv_files.lines(["A", "B"], [["1", "2"], ["3", None]], UTC))

    assert text == "\ufeffA;B\r\n1;2\r\n3;\r\n"


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x";"y")', "=a\n=b"],
)
def test_formula_is_text(formula):
    [_, [cell]] = read("".join(csv_files.lines(["A"], [[formula]], UTC)))

    assert cell == f"'{formula}"


def test_instants_are_in_the_zone_with_the_offset_of_that_day():
    instants = [datetime(2027, 1, 31, 23, 30, tzinfo=UTC), datetime(2027, 7, 1, 9, tzinfo=UTC)]

    [_, cells] = read("".join(csv_files.lines(["A", "B"], [instants], PARIS)))

    assert cells == ["2027-02-01T00:30:00+01:00", "2027-07-01T11:00:00+02:00"]


def test_rows_are_read_as_the_file_is_sent():
    endless = ([str(number)] for number in count())

    first = list(islice(csv_files.answer("a.csv", csv_files.lines(["A"], endless, UTC)), 3))

    assert first == ["\ufeffA\r\n".encode(), b"0\r\n", b"1\r\n"]


def test_answer_is_a_file_with_its_name():
    answer = csv_files.answer("santé.csv", iter(()))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''sant%C3%A9.csv"
