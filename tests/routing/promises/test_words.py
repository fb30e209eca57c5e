"""What an officer reads beside a request: how long is left."""

from datetime import date
from time import process_time

import pytest

from routing.promises.amount import Unit
from routing.promises.words import left
from routing.promises.worktime import Day
from tests.routing.promises.calendars import CITY, at, calendar

DUE = "2026-11-27 17:30"  # a Friday


@pytest.mark.parametrize(
    ("now", "due_at", "unit", "text", "state"),
    [
        ("2026-11-23 09:00", DUE, "wd", "还剩 5 天", "ok"),
        ("2026-11-25 10:00", DUE, "wd", "还剩 2 天", "ok"),
        ("2026-11-26 11:00", DUE, "wd", "还剩 1 天", "ok"),
        ("2026-11-26 16:30", "2026-11-27 12:00", "wh", "还剩 4 小时", "warn"),
        ("2026-11-26 16:00", "2026-11-27 12:00", "wh", "还剩 4 小时", "ok"),  # 4.5 h, not today
        ("2026-11-27 09:00", DUE, "wd", "还剩 1 天", "warn"),
        ("2026-11-27 11:00", DUE, "wd", "还剩 5 小时", "warn"),
        ("2026-11-27 16:50", DUE, "wd", "还剩 40 分", "warn"),
        ("2026-11-27 17:29:30", DUE, "wd", "还剩 1 分", "warn"),
        (DUE, DUE, "wd", "还剩 1 分", "warn"),
        ("2026-11-27 20:00", DUE, "wd", "已超时", "late"),
        ("2026-11-30 09:20", DUE, "wd", "已超 20 分", "late"),
        ("2026-11-30 11:00", DUE, "wd", "已超 2 小时", "late"),
        ("2026-12-02 09:00", DUE, "wd", "已超 2 天", "late"),
        # on the clock, nights and weekends count
        ("2026-11-27 20:00", "2026-11-28 03:00", "h", "还剩 7 小时", "ok"),
        ("2026-11-27 20:00", "2026-11-28 00:00", "h", "还剩 4 小时", "warn"),
        ("2026-11-28 20:00", "2026-11-28 19:00", "min", "已超 1 小时", "late"),
        ("2026-11-27 10:00", "2026-11-29 11:00", "d", "还剩 2 天", "ok"),
        # a due time before anything opens again is told by the clock
        ("2026-11-28 10:00", "2026-11-28 12:30", "wd", "还剩 2 小时", "warn"),
    ],
)
def test_left(now, due_at, unit, text, state):
    found = left(CITY, at(now), at(due_at), unit=Unit(unit))
    assert (found.text, found.state) == (text, state)
    assert (found.seconds < 0 or text == "已超时") == (state == "late")


def test_a_day_is_the_calendars_own():
    hotline = calendar(((0, 1440),), range(7))
    assert left(hotline, at("2026-11-23 09:00"), at("2026-11-25 10:00")).text == "还剩 2 天"
    weekend = calendar(((540, 600),), (5, 6))
    assert left(weekend, at("2026-11-21 09:00"), at("2026-11-22 10:00")).text == "还剩 2 天"


def test_a_calendar_of_dated_rows_alone_has_days_of_24_hours():
    days = {date(2026, 11, day): Day(working=True, openings=((0, 1440),)) for day in range(20, 30)}
    fair = calendar(weekly=(), days=days)
    assert left(fair, at("2026-11-23 09:00"), at("2026-11-24 10:00")).text == "还剩 1 天"


def test_fifty_rows_cost_less_than_a_page_can_feel():
    left(CITY, at("2026-11-23 09:00"), at(DUE))
    before = process_time()
    for _ in range(50):
        left(CITY, at("2026-11-23 09:00"), at(DUE))
    assert process_time() - before < 0.02
