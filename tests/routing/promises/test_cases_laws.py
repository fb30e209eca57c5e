"""Cases 16 to 23 of time arithmetic: walking back, months, zones, and the laws over a festival."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from routing.promises.amount import Amount, PromiseError, Unit, parse_amount
from routing.promises.backwards import before
from routing.promises.explain import explain
from routing.promises.worktime import Day, add_opening, due, opening_seconds
from tests.routing.promises.calendars import CITY, at, calendar, wall, weekly
from tests.routing.promises.test_cases import city

HOUR = 3600
ROUND_THE_CLOCK = calendar(((0, 1440),), range(7))
STARTS = [at("2026-02-13 00:00") + timedelta(minutes=97 * step) for step in range(240)]  # 16 days over a festival


@pytest.mark.parametrize(
    ("end", "amount", "moment"),
    [
        # a day left: the evening of the working day before, over a weekend, a festival, a make-up day
        ("2026-11-24 17:30", "1wd", "2026-11-23 17:30"),
        ("2026-11-23 17:30", "1wd", "2026-11-20 17:30"),
        ("2025-02-05 17:30", "1wd", "2025-01-27 17:30"),
        ("2025-02-05 17:30", "2wd", "2025-01-26 17:30"),
        ("2025-02-05 17:30", "3wd", "2025-01-24 17:30"),
        ("2025-02-10 17:30", "1wd", "2025-02-08 17:30"),
        ("2026-10-08 10:00", "1wd", "2026-09-30 17:30"),
        ("2026-02-18 10:00", "1wd", "2026-02-14 17:30"),
        # hours: the last moment with so much left
        ("2025-02-05 10:30", "2wh", "2025-01-27 17:00"),
        ("2026-11-23 14:30", "2wh", "2026-11-23 11:00"),
        ("2026-11-23 11:00", "2wh", "2026-11-23 09:00"),
        ("2026-11-23 10:59", "2wh", "2026-11-20 17:29"),
        ("2026-11-22 12:00", "7wh", "2026-11-20 09:00"),
        ("2026-10-08 09:30", "1wh", "2026-09-30 17:00"),
        # the clock and the calendar do not know holidays
        ("2025-01-30 10:00", "24h", "2025-01-29 10:00"),
        ("2025-01-30 10:00", "90min", "2025-01-30 08:30"),
        ("2025-01-30 00:00", "1d", "2025-01-29 00:00"),
        ("2025-01-30 10:00", "3d", "2025-01-27 00:00"),
    ],
)
def test_case_16_walking_back_over_holidays(end, amount, moment):
    assert wall(before(CITY, at(end), parse_amount(amount))) == moment


@pytest.mark.parametrize("nth", [1, 2, 9])
def test_case_16_back_and_forward_meet_at_the_closing_of_the_same_or_the_next_working_day(nth):
    for end in STARTS:
        eve = due(CITY, end - timedelta(days=1), Amount(1, Unit.WD)).at
        assert due(CITY, before(CITY, end, Amount(nth, Unit.WD)), Amount(nth, Unit.WD)).at == eve


@pytest.mark.parametrize("hours", [1, 13, 70])
def test_case_16_what_lies_between_is_what_was_asked_for_and_a_later_end_never_goes_further_back(hours):
    moments = [before(CITY, end, Amount(hours, Unit.WH)) for end in STARTS]
    assert {opening_seconds(CITY, *pair) for pair in zip(moments, STARTS, strict=True)} == {hours * HOUR}
    assert all(one <= other for one, other in pairwise(moments))


def test_case_16_years_are_built_backwards_and_what_has_no_past_is_refused():
    fresh = calendar()
    assert wall(before(fresh, at("2026-01-05 17:30"), parse_amount("2600wd"))) == "2016-01-18 17:30"
    night = calendar(((1320, 2160),))  # 22:00–12:00: the year before reaches into the first one
    assert wall(before(night, at("2026-01-03 00:00"), parse_amount("16wh"))) == "2026-01-01 22:00"
    assert wall(before(night, at("2025-01-02 00:00"), parse_amount("100000wh"))) < "1999"
    for amount in ("80000wd", "600000wh", "999999999wd", "999999999wh", "999999999d"):
        with pytest.raises(PromiseError, match="范围"):
            before(fresh, at("2026-01-05 10:00"), parse_amount(amount))


@pytest.mark.parametrize("text", ["1m", "1mon", "1month", "1mo", "2y", "1week"])
def test_case_17_a_month_is_no_unit_and_the_refusal_names_those_that_are(text):
    with pytest.raises(PromiseError, match=r"未知的时限单位.*min、h、wh、d、wd"):
        parse_amount(text)


def test_case_17_a_month_in_chinese_is_refused_with_an_example():
    with pytest.raises(PromiseError, match=r"看不懂的时限“1个月”.*30min、4h、2wh、3d、5wd"):
        parse_amount("1个月")


@pytest.mark.parametrize(
    ("start", "due_at"), [("2026-01-31", "2026-03-03"), ("2024-01-31", "2024-03-02"), ("2026-06-30", "2026-07-31")]
)
def test_case_17_thirty_days_are_thirty_days_whatever_the_month(start, due_at):
    assert city(f"{start} 10:00", "30d") == f"{due_at} 00:00"


CHANGES = [
    # zone, start, clock hours passed to the end, end: first the day that loses an hour, then the one that gains it
    ("Europe/Berlin", "2026-03-29 00:00", 23, "2026-03-30 00:00"),
    ("Europe/Berlin", "2026-10-25 00:00", 25, "2026-10-26 00:00"),
    ("America/Sao_Paulo", "2018-11-03 00:00", 24, "2018-11-04 01:00"),
    ("America/Sao_Paulo", "2018-11-04 01:00", 23, "2018-11-05 00:00"),
    ("America/Sao_Paulo", "2018-02-17 00:00", 25, "2018-02-18 00:00"),
    ("Australia/Sydney", "2026-10-04 00:00", 23, "2026-10-05 00:00"),
    ("Australia/Sydney", "2026-04-05 00:00", 25, "2026-04-06 00:00"),
    ("Asia/Tehran", "2021-03-22 01:00", 23, "2021-03-23 00:00"),
    ("Asia/Tehran", "2021-09-21 00:00", 25, "2021-09-22 00:00"),
]


@pytest.mark.parametrize(("zone", "start", "hours", "end"), CHANGES)
def test_case_18_days_on_which_a_zone_changes_its_clocks_both_ways(zone, start, hours, end):
    local, begin = calendar(((0, 1440),), range(7), zone), at(start, zone)
    day = date.fromisoformat(start[:10])
    last = datetime.combine(day - timedelta(days=1), datetime.min.time().replace(hour=12), tzinfo=begin.tzinfo)
    assert opening_seconds(local, begin, at(end, zone)) == hours * HOUR
    for amount in (f"{hours}h", f"{hours}wh"):
        assert wall(due(local, begin, parse_amount(amount)).at, zone) == end
        assert before(local, at(end, zone), parse_amount(amount)) == begin
    for amount in ("1d", "1wd"):
        assert wall(due(local, last, parse_amount(amount)).at, zone) == end


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        # 1986–1991: forward at 02:00 in spring (the first time on 4 May 1986), back at 02:00 in September
        ("1986-05-04 00:00", 23, "1986-05-05 00:00"),
        ("1986-09-14 00:00", 25, "1986-09-15 00:00"),
        ("1987-04-12 00:00", 23, "1987-04-13 00:00"),
        ("1987-09-13 00:00", 25, "1987-09-14 00:00"),
        ("1988-04-17 00:00", 23, "1988-04-18 00:00"),
        ("1988-09-11 00:00", 25, "1988-09-12 00:00"),
        ("1989-04-16 00:00", 23, "1989-04-17 00:00"),
        ("1989-09-17 00:00", 25, "1989-09-18 00:00"),
        ("1990-04-15 00:00", 23, "1990-04-16 00:00"),
        ("1990-09-16 00:00", 25, "1990-09-17 00:00"),
        ("1991-04-14 00:00", 23, "1991-04-15 00:00"),
        ("1991-09-15 00:00", 25, "1991-09-16 00:00"),
        ("1992-04-12 00:00", 24, "1992-04-13 00:00"),
    ],
)
def test_case_19_china_kept_summer_time_from_1986_to_1991(start, hours, end):
    assert opening_seconds(ROUND_THE_CLOCK, at(start), at(end)) == hours * HOUR
    assert wall(due(ROUND_THE_CLOCK, at(start), parse_amount(f"{hours}h")).at) == end
    assert wall(due(ROUND_THE_CLOCK, at(start) - timedelta(hours=2), parse_amount("1d")).at) == end
    # whole offices: seven hours on the Monday after, whatever Sunday did
    monday = end[:10]
    assert opening_seconds(calendar(), at(start), at(f"{monday} 23:00")) == 7 * HOUR


NAIVE = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("amount", ["1min", "1h", "1wh", "1d", "1wd"])
def test_case_20_a_time_without_zone_is_refused(amount):
    for ask in (due, before, explain):
        with pytest.raises(PromiseError, match="缺少时区"):
            ask(CITY, NAIVE, parse_amount(amount))


@pytest.mark.parametrize("hours", [1, 7, 8, 35, 70])
def test_case_21_elapsed_undoes_add(hours):
    for start in STARTS:
        end = due(CITY, start, Amount(hours, Unit.WH)).at
        assert opening_seconds(CITY, start, end) == hours * HOUR


@pytest.mark.parametrize("amount", ["30min", "5h", "1wh", "20wh", "1d", "9d", "1wd", "9wd"])
def test_case_22_a_later_start_never_gives_an_earlier_due_time(amount):
    for kind in (CITY, ROUND_THE_CLOCK, calendar(((1320, 1800),))):
        moments = [due(kind, start, parse_amount(amount)).at for start in STARTS]
        assert all(one <= other for one, other in pairwise(moments))


def test_case_22_not_even_where_a_night_ends_after_the_next_days_closing():
    nights = weekly(((1320, 1800),), (0, 1)) + weekly(((540, 720),), (3, 4))
    short = calendar(
        weekly=nights, days={date(2026, 11, 25): Day(working=True, openings=((60, 120),))}
    )  # open 01:00–02:00 inside Tuesday's night
    starts = [at("2026-11-23 00:00") + timedelta(hours=step) for step in range(72)]
    for nth in (1, 2, 3):
        moments = [due(short, start, Amount(nth, Unit.WD)).at for start in starts]
        assert all(one <= other for one, other in pairwise(moments))
        assert [explain(short, start, Amount(nth, Unit.WD))[-1].at for start in starts] == moments


def test_case_23_segments_add_up():
    marks = [STARTS[0].astimezone(UTC), *STARTS[3::7]]
    parts = [opening_seconds(CITY, one, other) for one, other in pairwise(marks)]
    assert sum(parts) == opening_seconds(CITY, marks[0], marks[-1]) > 0
    for start in STARTS[::11]:
        halfway = add_opening(CITY, start, 5 * HOUR)
        assert add_opening(CITY, halfway, 9 * HOUR) == add_opening(CITY, start, 14 * HOUR)
