"""The engine and its derivation against a table that was worked out without them."""

import csv
from datetime import date
from pathlib import Path

import pytest

from routing.promises.amount import parse_amount
from routing.promises.explain import explain
from routing.promises.worktime import due, is_working_day
from tests.routing.promises import golden
from tests.routing.promises.calendars import CITY, at, wall

FILE = Path(__file__).parents[2] / "data" / "golden_due.csv"
TEXT = FILE.read_text(encoding="utf-8")
ROWS = list(csv.reader(line for line in TEXT.splitlines() if not line.startswith("#")))[1:]


@pytest.mark.parametrize("year", range(2018, 2027))
def test_due_times_around_the_spring_festival_and_the_national_day(year):
    asked = [row for row in ROWS if row[0].startswith(str(year))]
    assert len(asked) > 40
    found = [[start, amount, wall(due(CITY, at(start), parse_amount(amount)).at)] for start, amount, _ in asked]
    assert found == asked
    for start, amount, expected in asked:
        assert wall(explain(CITY, at(start), parse_amount(amount))[-1].at) == expected


def test_the_file_is_what_its_script_writes():
    assert golden.table() == TEXT
    assert len({tuple(row) for row in ROWS}) == len(ROWS) > 400


def test_the_notices_written_down_and_those_of_the_package_name_the_same_days():
    days = map(date.fromordinal, range(date(2018, 1, 1).toordinal(), date(2027, 1, 1).toordinal()))
    assert [on for on in days if golden.works(on) != is_working_day(CITY, on)] == []
