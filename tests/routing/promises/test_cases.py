"""Cases of time arithmetic that other systems got wrong, by number: 1 to 15. Each figure was worked out by hand."""

from datetime import date

import pytest

from routing.promises.amount import Amount, PromiseError, Unit, parse_amount
from routing.promises.backwards import before
from routing.promises.explain import explain
from routing.promises.worktime import add_opening, due, is_working_day, opening_seconds
from tests.routing.promises.calendars import CITY, at, calendar, wall, weekly

SECOND, HOUR = 1, 3600


def city(start: str, amount: str) -> str:
    """Due time on the city's wall clock; the derivation has to arrive there too."""
    found = due(CITY, at(start), parse_amount(amount))
    assert explain(CITY, at(start), parse_amount(amount))[-1].at == found.at
    assert not found.provisional
    return wall(found.at)


@pytest.mark.parametrize(
    ("start", "two_hours"),
    [
        ("2026-11-23 06:00", "2026-11-23 11:00"),
        ("2026-11-23 08:59:59", "2026-11-23 11:00"),
        ("2026-11-23 09:00", "2026-11-23 11:00"),
        ("2026-11-23 09:00:01", "2026-11-23 11:00:01"),
        ("2026-11-23 17:29:59", "2026-11-24 10:59:59"),
        ("2026-11-23 17:30", "2026-11-24 11:00"),
        ("2026-11-23 22:00", "2026-11-24 11:00"),
    ],
)
def test_case_01_a_start_before_opening_after_closing_and_at_the_first_and_last_second(start, two_hours):
    assert city(start, "2wh") == two_hours
    assert city(start, "1wd") == "2026-11-24 17:30"


@pytest.mark.parametrize(
    ("start", "due_at"),
    [("11:00", "14:30"), ("12:00", "15:30"), ("12:30", "15:30"), ("13:29:59", "15:30"), ("13:30", "15:30")],
)
def test_case_02_lunch_splits_the_day_and_a_start_in_it_waits(start, due_at):
    assert city(f"2026-11-23 {start}", "2wh") == f"2026-11-23 {due_at}"


@pytest.mark.parametrize(
    ("start", "amount", "due_at"),
    [
        ("2026-11-23 15:30", "2wh", "2026-11-23 17:30"),
        ("2026-11-23 09:00", "3wh", "2026-11-23 12:00"),
        ("2026-11-20 09:00", "7wh", "2026-11-20 17:30"),
        ("2026-11-23 15:30:01", "2wh", "2026-11-24 09:00:01"),
    ],
)
def test_case_03_what_is_used_up_at_a_closing_is_due_then_and_not_at_the_next_opening(start, amount, due_at):
    assert city(start, amount) == due_at


@pytest.mark.parametrize("start", ["2026-11-21 00:00", "2026-11-21 10:00", "2026-11-22 23:59:59"])
def test_case_04_a_weekend_start(start):
    assert city(start, "1wd") == "2026-11-23 17:30"
    assert city(start, "2wh") == "2026-11-23 11:00"


@pytest.mark.parametrize(
    ("start", "one_day", "two_hours"),
    [
        ("2025-01-29 10:00", "2025-02-05 17:30", "2025-02-05 11:00"),
        ("2026-10-01 10:00", "2026-10-08 17:30", "2026-10-08 11:00"),
        ("2026-01-01 10:00", "2026-01-04 17:30", "2026-01-04 11:00"),  # a Sunday that was made up
    ],
)
def test_case_05_a_holiday_start(start, one_day, two_hours):
    assert city(start, "1wd") == one_day
    assert city(start, "2wh") == two_hours


def test_case_06_a_make_up_saturday_and_the_swapped_weekday_both_in_one_span():
    # 2025: Saturday 8 February is worked for Tuesday 4 February, Sunday 26 January for Monday 3 February
    assert [is_working_day(CITY, date(2025, *day)) for day in ((1, 26), (2, 3), (2, 4), (2, 8))] == [True, 0, 0, True]
    assert city("2025-01-24 16:00", "6wd") == "2025-02-08 17:30"
    assert opening_seconds(CITY, at("2025-01-25 00:00"), at("2025-02-09 00:00")) == 6 * 7 * HOUR


def test_case_07_seven_days_off_between_two_make_up_days():
    # 2026: Sunday 20 September and Saturday 10 October are worked, 1–7 October are off
    assert city("2026-09-18 17:00", "1wd") == "2026-09-20 17:30"
    assert city("2026-09-19 10:00", "5wd") == "2026-09-24 17:30"  # 25–27 September: Mid-Autumn
    assert city("2026-09-30 17:00", "1wh") == "2026-10-08 09:30"
    assert city("2026-09-30 17:00", "3wd") == "2026-10-10 17:30"


@pytest.mark.parametrize("amount", ["1wd", "5wd", "30wd", "40wh", "60d", "2000h"])
def test_case_08_a_year_whose_notice_is_missing_is_flagged_and_never_guessed_in_silence(amount):
    assert due(CITY, at("2026-12-31 10:00"), parse_amount(amount)).provisional
    assert not due(CITY, at("2025-12-31 10:00"), parse_amount(amount)).provisional


@pytest.mark.parametrize(
    ("start", "amount", "due_at"),
    [
        ("2018-12-31 10:00", "1wd", "2019-01-02 17:30"),
        ("2023-12-31 10:00", "3wd", "2024-01-04 17:30"),
        ("2024-12-31 10:00", "1wd", "2025-01-02 17:30"),
        ("2025-12-31 10:00", "1wd", "2026-01-04 17:30"),
        ("2025-12-31 17:00", "1wh", "2026-01-04 09:30"),
        ("2024-12-31 23:59:59", "1d", "2025-01-02 00:00"),
        ("2024-12-31 23:30", "1h", "2025-01-01 00:30"),
    ],
)
def test_case_09_the_last_of_december_and_some_working_days(start, amount, due_at):
    assert city(start, amount) == due_at


@pytest.mark.parametrize(
    ("start", "amount", "due_at"),
    [
        ("2024-02-28 10:00", "1wd", "2024-02-29 17:30"),
        ("2024-02-29 10:00", "1wd", "2024-03-01 17:30"),
        ("2024-02-28 10:00", "1d", "2024-03-01 00:00"),
        ("2023-02-28 10:00", "1wd", "2023-03-01 17:30"),
        ("2024-02-28 17:00", "8wh", "2024-03-01 09:30"),
        ("2024-02-29 10:00", "366d", "2025-03-02 00:00"),
    ],
)
def test_case_10_the_twenty_ninth_of_february(start, amount, due_at):
    assert city(start, amount) == due_at


def test_case_11_zero_and_one_second():
    for start in (at("2026-11-21 03:00"), at("2026-11-23 17:30"), at("2026-11-23 10:00")):
        for unit in (Unit.MIN, Unit.H, Unit.WH):
            assert due(CITY, start, Amount(0, unit)).at == start
            assert before(CITY, start, Amount(0, unit)) == start
        assert add_opening(CITY, start, 0) == start
    assert wall(add_opening(CITY, at("2026-11-23 10:00"), SECOND)) == "2026-11-23 10:00:01"
    assert wall(add_opening(CITY, at("2026-11-23 17:29:59"), SECOND)) == "2026-11-23 17:30"
    assert wall(add_opening(CITY, at("2026-11-23 17:30"), SECOND)) == "2026-11-24 09:00:01"
    for unit in (Unit.D, Unit.WD):
        with pytest.raises(PromiseError, match="至少为 1"):
            Amount(0, unit)


def test_case_12_a_span_of_two_years():
    # 250 working days follow 2 January 2024; 2025 has 248 of them
    assert city("2024-01-02 09:00", "498wd") == "2025-12-31 17:30"
    assert opening_seconds(CITY, at("2024-01-03 00:00"), at("2026-01-01 00:00")) == 498 * 7 * HOUR
    assert city("2024-01-02 17:30", f"{498 * 7}wh") == "2025-12-31 17:30"


def test_case_13_a_calendar_without_opening_time_is_an_error_and_no_loop():
    with pytest.raises(PromiseError, match="没有任何开放时间"):
        calendar(weekly=())
    closed = calendar(weekly=weekly(from_on=date(2026, 11, 16), to_on=date(2026, 11, 20)))
    for amount in ("1wd", "1wh"):
        with pytest.raises(PromiseError, match="再没有开放时间"):
            due(closed, at("2026-11-20 18:00"), parse_amount(amount))
        with pytest.raises(PromiseError, match="此前没有开放时间"):
            before(closed, at("2026-11-16 08:00"), parse_amount(amount))


def test_case_14_openings_on_the_half_hour():
    halves = calendar(((510, 690), (810, 1050)))  # 08:30–11:30, 13:30–17:30
    assert wall(due(halves, at("2026-11-23 08:00"), parse_amount("3wh")).at) == "2026-11-23 11:30"
    assert wall(due(halves, at("2026-11-23 11:00"), parse_amount("1wh")).at) == "2026-11-23 14:00"
    odd = calendar(((547, 551),))  # four minutes a day
    assert wall(due(odd, at("2026-11-23 09:09"), parse_amount("1wh")).at) == "2026-12-14 09:09"


def test_case_15_a_window_over_midnight():
    night = calendar(((1320, 1800),))  # 22:00–06:00, Monday to Friday
    assert wall(due(night, at("2026-11-20 23:00"), parse_amount("7wh")).at) == "2026-11-21 06:00"
    assert wall(due(night, at("2026-11-20 23:00"), parse_amount("8wh")).at) == "2026-11-23 23:00"
    assert wall(due(night, at("2026-11-21 02:00"), parse_amount("1wd")).at) == "2026-11-24 06:00"
    assert wall(before(night, at("2026-11-23 23:00"), parse_amount("2wh"))) == "2026-11-21 05:00"
