"""Openings, pauses, and calendars that must be refused before anything is stored."""

from datetime import UTC, date, datetime

import pytest

from routing.promises.amount import Amount, PromiseError, Unit, parse_amount
from routing.promises.explain import explain
from routing.promises.worktime import (
    Day,
    Opening,
    Span,
    add_opening,
    due,
    is_provisional,
    is_working_day,
    next_opening,
    opening_seconds,
    shift,
)
from tests.routing.promises.calendars import CITY, at, calendar, wall, weekly

HOUR = 3600
MAY_DAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-23 09:00", "2026-11-23 17:30", 7),
        ("2026-11-23 11:00", "2026-11-23 14:00", 1.5),
        ("2026-11-23 12:10", "2026-11-23 13:20", 0),
        ("2026-11-20 17:00", "2026-11-23 09:30", 1),
        ("2025-01-24 16:00", "2025-02-08 10:00", 37.5),  # 1.5 + 2 × 7 + 3 × 7 + 1
        ("2026-09-30 17:00", "2026-10-10 10:00", 0.5 + 14 + 1),  # 8 and 9 October in full
        ("2026-11-23 10:00", "2026-11-23 10:00", 0),
    ],
)
def test_opening_time_between_two_moments(start, end, hours):
    assert opening_seconds(CITY, at(start), at(end)) == hours * HOUR


def test_days_by_row_then_by_weekday():
    on = ["2025-01-26", "2025-02-08", "2026-02-14", "2026-10-10", "2026-11-23"]
    off = ["2025-01-28", "2025-02-04", "2026-02-16", "2026-11-21", "2027-01-01"]
    assert [day for day in on + off if is_working_day(CITY, date.fromisoformat(day))] == on
    assert CITY.name_of(date(2025, 1, 29)) == "春节"
    assert CITY.name_of(date(2027, 5, 2)) == "劳动节"
    assert CITY.name_of(date(2026, 11, 23)) == ""


def test_the_next_opening():
    assert wall(next_opening(CITY, at("2026-11-23 10:00"))) == "2026-11-23 10:00"
    assert wall(next_opening(CITY, at("2026-11-23 12:00"))) == "2026-11-23 13:30"
    assert wall(next_opening(CITY, at("2026-09-30 17:30"))) == "2026-10-08 09:00"
    far = calendar(days={date(2060, 1, 1): Day(working=True, openings=((60, 120),))}, weekly=())
    assert wall(next_opening(far, at("2026-01-01 00:00"))) == "2060-01-01 01:00"


def test_a_make_up_day_has_its_own_openings_else_its_weekdays_else_mondays():
    days = {
        date(2026, 11, 21): Day(working=True, name="调休上班"),
        date(2026, 11, 22): Day(working=True, openings=((600, 660),)),
        date(2026, 11, 25): Day(working=True),
    }
    own = calendar(weekly=weekly(weekdays=range(5)), days=days)
    assert own.hours_on(date(2026, 11, 21)) == ((540, 720), (810, 1050))
    assert own.hours_on(date(2026, 11, 22)) == ((600, 660),)
    assert own.hours_on(date(2026, 11, 25)) == ((540, 720), (810, 1050))
    assert wall(due(own, at("2026-11-21 08:00"), parse_amount("1wd")).at) == "2026-11-22 11:00"


def test_summer_hours_hold_from_and_to_their_dates():
    winter_until, summer_from = date(2026, 4, 30), date(2026, 5, 1)
    hours = weekly(((540, 1050),), to_on=winter_until) + weekly(((480, 1080),), from_on=summer_from)
    seasonal = calendar(weekly=hours)
    assert wall(due(seasonal, at("2026-04-29 12:00"), parse_amount("1wd")).at) == "2026-04-30 17:30"
    assert wall(due(seasonal, at("2026-04-29 12:00"), parse_amount("2wd")).at) == "2026-05-01 18:00"


def test_time_that_two_openings_share_counts_once():
    days = {date(2026, 11, 21): Day(working=True, openings=((0, 600),))}  # Friday's night ends at 06:00
    shared = calendar(((1320, 1800),), days=days)
    assert opening_seconds(shared, at("2026-11-20 22:00"), at("2026-11-21 12:00")) == 12 * HOUR
    assert wall(add_opening(shared, at("2026-11-20 22:00"), 9 * HOUR)) == "2026-11-21 07:00"
    inside = {date(2026, 11, 21): Day(working=True, openings=((60, 120),))}
    swallowed = calendar(((1320, 1800),), days=inside)
    assert opening_seconds(swallowed, at("2026-11-20 22:00"), at("2026-11-21 12:00")) == 8 * HOUR
    # Thursday's promise of a day ends with Friday's night; Friday's must not end before it
    assert wall(due(swallowed, at("2026-11-19 12:00"), parse_amount("1wd")).at) == "2026-11-21 06:00"
    assert wall(due(swallowed, at("2026-11-20 12:00"), parse_amount("1wd")).at) == "2026-11-21 06:00"
    assert explain(swallowed, at("2026-11-20 12:00"), parse_amount("1wd"))[-1].at == at("2026-11-21 06:00")


WEEK, NIGHT = "2026-11-27 17:30", "2026-11-24 10:00"  # due times: a working day's end, and by the clock
PAUSES = [
    ("wd", WEEK, ["24 10:00 – 24 12:00"], "2026-11-30 11:00"),
    ("wd", WEEK, ["24 17:30 – 25 17:30"], "2026-11-30 17:30"),
    ("wd", WEEK, ["24 18:00 – 25 08:00"], WEEK),
    ("wd", WEEK, ["21 00:00 – 23 00:00"], WEEK),
    ("wh", "2026-11-23 11:00", ["23 10:00 – 23 11:30"], "2026-11-23 14:00"),
    ("h", NIGHT, ["23 18:00 – 23 20:00"], "2026-11-24 12:00"),
    ("d", "2026-11-25 00:00", ["23 18:00 – 24 06:00"], "2026-11-25 12:00"),
    ("min", "2026-11-23 10:30", ["23 10:10 – 23 10:20"], "2026-11-23 10:40"),
    # three in a day, overlapping, nested and touching ones: time counts once, their order is nothing
    ("wd", WEEK, ["24 09:00 – 24 10:00", "24 11:00 – 24 12:00", "24 14:00 – 24 15:00"], "2026-11-30 12:00"),
    ("h", NIGHT, ["23 19:00 – 23 21:00", "23 18:00 – 23 20:00"], "2026-11-24 13:00"),
    ("h", NIGHT, ["23 18:00 – 23 22:00", "23 19:00 – 23 20:00"], "2026-11-24 14:00"),
    ("h", NIGHT, ["23 18:00 – 23 19:00", "23 19:00 – 23 20:00"], "2026-11-24 12:00"),
    # one that begins after the due time moves nothing; one that begins within time already won does
    ("h", NIGHT, ["24 10:01 – 24 12:00"], NIGHT),
    ("h", NIGHT, ["24 10:00 – 24 12:00"], "2026-11-24 12:00"),
    ("h", NIGHT, ["24 09:00 – 24 11:00", "24 10:30 – 24 12:30"], "2026-11-24 13:30"),
    ("h", NIGHT, ["24 09:00 – 24 10:00", "24 10:30 – 24 12:30"], "2026-11-24 13:00"),
    ("wd", WEEK, ["30 09:00 – 30 10:00"], WEEK),
    # no length, no pauses
    ("wd", WEEK, ["24 10:00 – 24 10:00"], WEEK),
    ("wd", WEEK, [], WEEK),
]


def november(text: str) -> Span:
    start, end = text.split(" – ")
    return Span(at(f"2026-11-{start}"), at(f"2026-11-{end}"))


@pytest.mark.parametrize(("unit", "before", "spans", "after"), PAUSES)
def test_pauses_move_a_due_time_in_its_own_kind_of_time(unit, before, spans, after):
    moved = shift(CITY, Unit(unit), at(before), map(november, spans))
    assert wall(moved) == after
    assert moved.tzinfo is UTC


def test_a_pause_over_the_spring_festival_counts_the_days_that_were_open():
    pause = Span(at("2026-02-13 16:30"), at("2026-02-24 10:00"))  # 1 h, Saturday's 7 h, 1 h
    assert wall(shift(CITY, Unit.WD, at("2026-02-13 17:30"), [pause])) == "2026-02-24 11:00"


def test_coverage_is_whole_years():
    assert [is_provisional(CITY, at(day)) for day in ("2015-01-01", "2027-01-01", "2026-12-31")] == [False] * 3
    assert is_provisional(CITY, at("2014-12-31 23:59"))
    assert is_provisional(CITY, at("2027-01-01 00:01"))
    assert not is_provisional(calendar(), at("2090-01-01"))


NAIVE = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    "ask",
    [
        lambda: due(CITY, NAIVE, parse_amount("1wd")),
        lambda: opening_seconds(CITY, at("2026-11-23 10:00"), NAIVE),
        lambda: add_opening(CITY, NAIVE, 60),
        lambda: shift(CITY, Unit.WD, NAIVE, []),
        lambda: shift(CITY, Unit.WD, at("2026-11-23 10:00"), [(NAIVE, NAIVE)]),
        lambda: next_opening(CITY, NAIVE),
    ],
)
def test_a_time_without_zone_is_refused(ask):
    with pytest.raises(PromiseError, match="缺少时区"):
        ask()


def test_wrong_order_and_wrong_sign_are_refused():
    early, late = at("2026-11-23 10:00"), at("2026-11-23 11:00")
    with pytest.raises(PromiseError, match="早于"):
        opening_seconds(CITY, late, early)
    with pytest.raises(PromiseError, match="早于"):
        shift(CITY, Unit.H, late, [(late, early)])
    with pytest.raises(PromiseError, match="不能为负"):
        add_opening(CITY, early, -1)


@pytest.mark.parametrize("amount", ["999999999wd", "999999999wh", "999999999d", "999999999999h"])
def test_an_endless_promise_is_refused_instead_of_computed(amount):
    with pytest.raises(PromiseError, match="范围"):
        due(CITY, at("2026-11-23 10:00"), parse_amount(amount))


def test_a_promise_past_the_last_year_is_refused():
    once_a_week = calendar(((0, 60),), weekdays=(2,))
    assert due(once_a_week, at("2026-11-23 10:00"), parse_amount("5000wd")).at > at("2122-01-01")
    with pytest.raises(PromiseError, match="范围"):
        due(once_a_week, at("2026-11-23 10:00"), parse_amount("10000wd"))


def test_times_before_and_after_all_calendars_are_refused():
    for start in (datetime(1850, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)):
        with pytest.raises(PromiseError, match="范围"):
            due(CITY, start, parse_amount("1wh"))


@pytest.mark.parametrize("amount", ["1wd", "1wh"])
def test_a_calendar_that_never_opens_again_is_an_error_not_a_loop(amount):
    closed = calendar(weekly=weekly(to_on=date(2026, 11, 20)))
    assert wall(due(closed, at("2026-11-19 10:00"), parse_amount("1wd")).at) == "2026-11-20 17:30"
    with pytest.raises(PromiseError, match="再没有开放时间"):
        due(closed, at("2026-11-20 18:00"), parse_amount(amount))
    with pytest.raises(PromiseError, match="再没有开放时间"):
        next_opening(closed, at("2026-11-20 18:00"))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"weekly": ()}, "没有任何开放时间"),
        ({"weekly": (), "days": {date(2026, 1, 1): Day(working=False)}}, "没有任何开放时间"),
        ({"weekly": (Opening(7, 540, 720),)}, "星期"),
        ({"weekly": (Opening(0, 720, 540),)}, "有误"),
        ({"weekly": (Opening(0, 720, 720),)}, "有误"),
        ({"weekly": (Opening(0, -1, 720),)}, "有误"),
        ({"weekly": (Opening(0, 1440, 1500),)}, "有误"),
        ({"weekly": (Opening(0, 540, 540 + 1441),)}, "有误"),
        ({"weekly": (Opening(0, 540, 720, date(2026, 2, 1), date(2026, 1, 1)),)}, "早于开始日期"),
        ({"weekly": (Opening(0, 540, 720), Opening(0, 700, 800))}, "重叠"),
        ({"weekly": (Opening(0, 700, 800), Opening(0, 540, 720, date(2026, 1, 1)))}, "重叠"),
        ({"weekly": (Opening(0, 1320, 1800), Opening(1, 300, 400))}, "重叠"),
        (
            {
                "weekly": (
                    Opening(6, 1320, 1800, None, date(2026, 5, 1)),
                    Opening(0, 0, 400, date(2026, 5, 2)),
                )
            },
            "重叠",
        ),
        ({"coverage": (2026, 2015)}, "覆盖年份"),
        ({"coverage": (1, 9999)}, "覆盖年份"),
        ({"days": {date(2026, 1, 1): Day(working=False, openings=((540, 720),))}}, "不是工作日"),
        ({"days": {date(2026, 1, 1): Day(working=True, openings=((540, 720), (700, 800)))}}, "重叠"),
        ({"days": {date(2026, 1, 1): Day(working=True, openings=())}}, "却没有开放时间"),
        (
            {"weekly": (Opening(1, 540, 720),), "days": {date(2026, 1, 3): Day(working=True)}},
            "却没有开放时间",
        ),
        ({"days": {date(2500, 1, 1): Day(working=False)}}, "超出"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(wrong, complaint):
    with pytest.raises(PromiseError, match=complaint):
        calendar(**wrong)


def test_before_a_calendar_first_opens_nothing_is_counted():
    new = calendar(weekly=weekly(from_on=date(2026, 11, 23)))
    assert opening_seconds(new, at("2026-01-01 09:00"), at("2026-11-23 10:00")) == HOUR
    assert wall(add_opening(new, at("2020-01-01 09:00"), HOUR)) == "2026-11-23 10:00"


def test_touching_openings_are_no_overlap():
    touching = calendar(
        weekly=(
            Opening(0, 540, 720),
            Opening(0, 720, 800),
            Opening(1, 540, 720, None, date(2026, 5, 1)),
            Opening(1, 600, 700, date(2026, 5, 2)),
            Opening(4, 1320, 1740),
            Opening(5, 300, 400),
        )
    )
    assert opening_seconds(touching, at("2026-11-23 00:00"), at("2026-11-24 00:00")) == (180 + 80) * 60


def test_years_are_built_backwards_as_well():
    fresh = calendar()
    assert opening_seconds(fresh, at("2026-11-23 09:00"), at("2026-11-23 10:00")) == HOUR
    assert opening_seconds(fresh, at("1999-11-22 09:00"), at("1999-11-22 10:00")) == HOUR
    assert wall(due(fresh, at("2026-11-23 09:00"), Amount(8, Unit.WH)).at) == "2026-11-24 10:00"
    assert wall(due(fresh, at("2026-01-02 09:00"), Amount(2600, Unit.WD)).at) == "2035-12-21 17:30"
