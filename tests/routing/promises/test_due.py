"""Golden due times. Each was worked out by hand from the State Council's notice and domain.md's appendix."""

from datetime import UTC

import pytest

from routing.promises.amount import parse_amount
from routing.promises.explain import explain
from routing.promises.worktime import due
from tests.routing.promises.calendars import CITY, at, calendar, wall

ROUND_THE_CLOCK = calendar(((0, 1440),), range(7))
NIGHT = calendar(((1320, 1800),))  # 22:00–06:00, Monday to Friday

CITY_CASES = [
    # the appendix's own examples: Monday 10:00 and 20:00, Saturday
    ("2026-11-23 10:00", "1wd", "2026-11-24 17:30"),
    ("2026-11-23 20:00", "1wd", "2026-11-24 17:30"),
    ("2026-11-21 10:00", "1wd", "2026-11-23 17:30"),
    ("2026-11-23 00:00", "1wd", "2026-11-24 17:30"),
    ("2026-11-20 17:30", "5wd", "2026-11-27 17:30"),
    # Spring Festival 2025: off 28 Jan – 4 Feb, made up on Sunday 26 Jan and Saturday 8 Feb
    ("2025-01-24 16:00", "1wd", "2025-01-26 17:30"),
    ("2025-01-24 16:00", "2wd", "2025-01-27 17:30"),
    ("2025-01-24 16:00", "3wd", "2025-02-05 17:30"),
    ("2025-01-24 16:00", "5wd", "2025-02-07 17:30"),
    ("2025-01-24 16:00", "6wd", "2025-02-08 17:30"),
    ("2025-01-24 16:00", "7wd", "2025-02-10 17:30"),
    ("2025-01-30 09:00", "1wd", "2025-02-05 17:30"),
    ("2025-01-27 17:00", "2wh", "2025-02-05 10:30"),
    ("2025-01-26 16:30", "1wh", "2025-01-26 17:30"),
    ("2025-02-07 17:29", "2wh", "2025-02-08 10:59"),
    # National Day and Mid-Autumn 2025: off 1–8 Oct, made up on Sunday 28 Sep and Saturday 11 Oct
    ("2025-09-26 10:00", "1wd", "2025-09-28 17:30"),
    ("2025-09-30 17:00", "1wh", "2025-10-09 09:30"),
    ("2025-09-30 10:00", "3wd", "2025-10-11 17:30"),
    ("2025-10-03 12:00", "2wd", "2025-10-10 17:30"),
    # Spring Festival 2026: off 15–23 Feb, made up on Saturdays 14 and 28 Feb
    ("2026-02-13 16:00", "1wd", "2026-02-14 17:30"),
    ("2026-02-13 16:00", "2wd", "2026-02-24 17:30"),
    ("2026-02-13 16:00", "5wd", "2026-02-27 17:30"),
    ("2026-02-13 16:00", "6wd", "2026-02-28 17:30"),
    ("2026-02-14 16:30", "2wh", "2026-02-24 10:00"),
    # National Day 2026: off 1–7 Oct, made up on Sunday 20 Sep and Saturday 10 Oct
    ("2026-09-30 09:00", "3wd", "2026-10-10 17:30"),
    ("2026-09-18 09:00", "1wd", "2026-09-20 17:30"),
    # earlier notices: the pandemic's longer festival, and the eve that was no day off in 2024
    ("2020-01-23 16:00", "1wd", "2020-02-03 17:30"),
    ("2024-02-08 09:00", "1wd", "2024-02-09 17:30"),
    ("2024-02-09 09:00", "1wd", "2024-02-18 17:30"),
    ("2018-12-28 09:00", "2wd", "2019-01-02 17:30"),
    # working hours: lunch, exact closing, outside opening
    ("2026-11-23 11:00", "2wh", "2026-11-23 14:30"),
    ("2026-11-23 12:30", "1wh", "2026-11-23 14:30"),
    ("2026-11-23 09:00", "3wh", "2026-11-23 12:00"),
    ("2026-11-23 15:30", "2wh", "2026-11-23 17:30"),
    ("2026-11-23 17:30", "2wh", "2026-11-24 11:00"),
    ("2026-11-23 18:30", "2wh", "2026-11-24 11:00"),
    ("2026-11-23 08:59:59", "2wh", "2026-11-23 11:00"),
    ("2026-11-23 09:00:01", "2wh", "2026-11-23 11:00:01"),
    ("2026-11-20 17:29:59.5", "1wh", "2026-11-23 09:59:59.500000"),
    ("2026-11-23 09:00", "7wh", "2026-11-23 17:30"),
    # the clock and the calendar
    ("2026-11-21 23:50", "30min", "2026-11-22 00:20"),
    ("2026-11-21 20:00", "24h", "2026-11-22 20:00"),
    ("2026-11-23 10:00", "1d", "2026-11-25 00:00"),
    ("2026-11-23 23:59:59", "3d", "2026-11-27 00:00"),
    ("2024-02-27 10:00", "2d", "2024-03-01 00:00"),
    # nothing promised is due at once, also at night
    ("2026-11-21 03:00", "0wh", "2026-11-21 03:00"),
    ("2026-11-21 03:00", "0h", "2026-11-21 03:00"),
    ("2026-11-21 03:00", "0min", "2026-11-21 03:00"),
    # two years: 250 working days follow 2 January 2024, 2025 has 248, Sunday 4 January 2026 is made up
    ("2024-01-02 09:00", "500wd", "2026-01-05 17:30"),
]


@pytest.mark.parametrize(("start", "amount", "expected"), CITY_CASES)
def test_the_city(start, amount, expected):
    found = due(CITY, at(start), parse_amount(amount))
    assert (wall(found.at), found.provisional) == (expected, False)
    assert explain(CITY, at(start), parse_amount(amount))[-1].at == found.at


ZONE_CASES = [
    # Berlin loses 02:00–03:00 on 29 Mar 2026 and has 02:00–03:00 twice on 25 Oct
    ("Europe/Berlin", ((0, 1440),), "2026-03-28 12:00", "1d", "2026-03-30 00:00"),
    ("Europe/Berlin", ((0, 1440),), "2026-03-29 01:00", "2h", "2026-03-29 04:00"),
    ("Europe/Berlin", ((0, 1440),), "2026-03-29 00:00", "23wh", "2026-03-30 00:00"),
    ("Europe/Berlin", ((0, 1440),), "2026-10-25 00:00", "25wh", "2026-10-26 00:00"),
    ("Europe/Berlin", ((1320, 1800),), "2026-03-28 22:00", "7wh", "2026-03-29 06:00"),
    ("Europe/Berlin", ((1320, 1800),), "2026-10-24 22:00", "9wh", "2026-10-25 06:00"),
    ("Europe/Berlin", ((120, 180),), "2026-03-28 12:00", "1wh", "2026-03-30 03:00"),
    ("Europe/Berlin", ((120, 180),), "2026-03-28 12:00", "1wd", "2026-03-30 03:00"),
    ("Europe/Berlin", ((150, 240),), "2026-03-28 12:00", "1wh", "2026-03-29 04:00"),
    # São Paulo skipped midnight itself on 4 Nov 2018, and went back over it on 18 Feb 2018
    ("America/Sao_Paulo", ((0, 1440),), "2018-11-02 10:00", "1d", "2018-11-04 01:00"),
    ("America/Sao_Paulo", ((0, 1440),), "2018-11-03 23:00", "2wh", "2018-11-04 02:00"),
    ("America/Sao_Paulo", ((0, 1440),), "2018-02-17 23:30", "2h", "2018-02-18 00:30"),
    # Sydney and Tehran, both ways
    ("Australia/Sydney", ((540, 1020),), "2026-04-04 16:00", "2wh", "2026-04-05 10:00"),
    ("Australia/Sydney", ((0, 360),), "2026-10-04 00:00", "5wh", "2026-10-04 06:00"),
    ("Asia/Tehran", ((0, 360),), "2021-03-22 00:00", "5wh", "2021-03-22 06:00"),
    ("Asia/Tehran", ((540, 1020),), "2021-09-21 16:00", "2wh", "2021-09-22 10:00"),
    # Samoa had no 30 December 2011
    ("Pacific/Apia", ((540, 1020),), "2011-12-29 16:00", "2wh", "2011-12-31 10:00"),
    ("Pacific/Apia", ((540, 1020),), "2011-12-29 16:00", "1wd", "2011-12-31 17:00"),
    # Shanghai kept summer time in 1988
    ("Asia/Shanghai", ((0, 1440),), "1988-04-16 22:00", "4h", "1988-04-17 03:00"),
]


@pytest.mark.parametrize(("zone", "hours", "start", "amount", "expected"), ZONE_CASES)
def test_zones_that_change_their_clocks(zone, hours, start, amount, expected):
    local = calendar(hours, range(7), zone)
    found = due(local, at(start, zone), parse_amount(amount)).at
    assert wall(found, zone) == expected
    assert explain(local, at(start, zone), parse_amount(amount))[-1].at == found


def test_clocks_set_back_over_midnight_do_not_bring_yesterdays_promise_back():
    # St John's went from 00:01 on 4 November back to 23:01 on the 3rd
    zone = "America/St_Johns"
    local = calendar(((540, 1020),), range(7), zone)
    first = at("2007-11-04 00:00:30", zone).astimezone(UTC)
    later = at("2007-11-03 23:30", zone, fold=1).astimezone(UTC)
    assert first < later
    assert due(local, first, parse_amount("1wd")).at == due(local, later, parse_amount("1wd")).at


@pytest.mark.parametrize(
    ("kind", "start", "amount", "expected"),
    [
        # an overnight opening belongs to the date it opens: Friday's ends on Saturday 06:00
        (NIGHT, "2026-11-20 23:00", "7wh", "2026-11-21 06:00"),
        (NIGHT, "2026-11-20 23:00", "8wh", "2026-11-23 23:00"),
        (NIGHT, "2026-11-21 02:00", "1wh", "2026-11-21 03:00"),
        (NIGHT, "2026-11-19 23:00", "1wd", "2026-11-21 06:00"),
        (NIGHT, "2026-11-20 02:00", "1wd", "2026-11-24 06:00"),
        # across a year's end, with nothing computed before it
        (NIGHT, "2027-01-01 01:00", "6wh", "2027-01-01 23:00"),
        (ROUND_THE_CLOCK, "2026-11-23 10:00", "14wh", "2026-11-24 00:00"),
        (ROUND_THE_CLOCK, "2026-11-23 10:00", "48wh", "2026-11-25 10:00"),
        (ROUND_THE_CLOCK, "2026-11-23 10:00", "1wd", "2026-11-25 00:00"),
    ],
)
def test_overnight_and_midnight(kind, start, amount, expected):
    found = due(kind, at(start), parse_amount(amount)).at
    assert wall(found) == expected
    assert explain(kind, at(start), parse_amount(amount))[-1].at == found


def test_a_due_time_past_the_last_notice_is_provisional():
    assert due(CITY, at("2026-12-30 10:00"), parse_amount("1wd")) == (at("2026-12-31 17:30"), False)
    guess = due(CITY, at("2026-12-30 10:00"), parse_amount("2wd"))
    assert guess == (at("2027-01-04 17:30"), True)  # New Year's Day is off in every year
    assert due(CITY, at("2014-12-30 10:00"), parse_amount("5wd")).provisional
    assert due(CITY, at("2026-12-30 10:00"), parse_amount("1d")) == (at("2027-01-01 00:00"), False)
    assert not due(ROUND_THE_CLOCK, at("2090-01-01 10:00"), parse_amount("9wd")).provisional
