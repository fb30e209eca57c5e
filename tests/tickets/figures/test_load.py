"""Arrivals, workload and capacity by hand, and whether what is expected to come does come."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from routing.promises.book import published_calendar
from tests import make
from tests.see import local
from tickets.figures import arrivals, load
from tickets.figures.arrivals import OFF, WORKING
from tickets.figures.seen import counting
from tickets.figures.window import Window
from tickets.models import Ticket
from tickets.services.sweep import sweep

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WEEK = Window(local(3, 2, 0), local(3, 9, 0), local(3, 20, 12))


def every():
    return counting(Ticket.objects.all())


def test_arrivals_by_hour_and_kind_of_day():
    for day, hour in ((2, 10), (2, 10), (3, 0), (4, 23), (7, 9), (9, 10)):
        make.submitted(at=local(3, day, hour, 30))
    make.split(at=local(3, 5, 11)), make.merged(at=local(3, 6, 11))
    rows = {row.kind: row for row in arrivals.arrivals(WEEK, scope=every(), calendar=published_calendar())}
    assert (rows[WORKING].days, rows[WORKING].total, rows[OFF].days, rows[OFF].total) == (5, 6, 2, 1)
    assert (rows["w0"].hours[10], rows["w1"].hours[0], rows["w2"].hours[23], rows["w3"].hours[11]) == (2, 1, 1, 1)
    assert (rows["w4"].hours[11], rows[OFF].hours[9], rows[WORKING].average) == (1, 1, 6 / 5)
    assert list(rows) == [WORKING, "w0", "w1", "w2", "w3", "w4", OFF]
    for row in rows.values():
        for hour, count in enumerate(row.hours):
            found = arrivals.behind(WEEK, scope=every(), calendar=published_calendar(), kind=row.kind, hour=hour)
            assert found.count() == count


def test_a_worked_saturday_is_a_working_day_and_a_holiday_is_none():
    """2026: 14 February is worked for the Spring Festival, which is from the 15th to the 23rd."""
    calendar = published_calendar()
    kinds = [arrivals.kind_of(calendar, date(2026, 2, day)) for day in (13, 14, 16, 24)]
    assert kinds == ["w4", "w5", OFF, "w1"]


def test_open_closed_and_broken_by_department_and_officer():
    one = make.signed()
    make.assigned(), make.closed(), make.closed(qr="DEMO-TALENT")
    sweep(at=make.MONDAY + timedelta(days=1))
    window = Window(WEEK.since, WEEK.until, make.MONDAY + timedelta(days=1))
    finance, talent, *officers = load.held(window, scope=every(), officers_of=["finance"])
    assert (finance.department, finance.open, finance.late, finance.closed, finance.broken) == ("finance", 2, 1, 1, 2)
    assert (talent.department, talent.open, talent.closed) == ("talent", 0, 1)
    mine = {row.officer: (row.open, row.late, row.closed, row.broken) for row in officers}
    assert mine == {one.officer_id: (1, 0, 1, 0), None: (1, 1, 0, 2)}


def test_capacity_counts_whole_working_days_and_what_is_open():
    for hours in range(4):
        make.closed(at=make.MONDAY + hours * HOUR)
    make.signed(), make.closed(at=local(3, 9, 9))
    found = load.capacity(every(), at=local(3, 9, 15), calendar=published_calendar())
    (finance,) = found.departments
    assert (finance.open, finance.closed, finance.a_day, finance.backlog) == (1, 4, 0.2, None)
    assert finance.coming.n == 5  # today is not over
    assert found.closed_in.last_on == date(2026, 3, 8)
    assert found.closed_in.since_on == date(
        2026, 2, 3
    )  # 4 + 5 + a worked Saturday, the Spring Festival, 4 + another, 5
    assert (found.ahead[0], found.ahead[-1]) == (date(2026, 3, 10), date(2026, 3, 16))


def test_backlog_and_what_is_open_then():
    coming = arrivals.Coming(30.0, 20, 40, 300)
    busy = load.Capacity("finance", open=40, closed=100, coming=coming)
    assert (busy.a_day, busy.backlog, busy.then) == (5.0, 8.0, 45.0)
    assert load.Capacity("finance", open=40, closed=19, coming=coming).backlog is None
    assert load.Capacity("finance", open=0, closed=400, coming=coming).then == 0


def expected(counts: dict[date, int], today: date) -> arrivals.Coming:
    looked = [today - timedelta(days=n) for n in range(1, 57)]
    return arrivals.coming(counts, looked, [today + timedelta(days=n) for n in range(1, 8)], published_calendar())


def test_days_of_a_kind_tell_what_days_of_their_kind_bring():
    today = date(2026, 8, 31)
    counts = {today - timedelta(days=n): (10 if (today - timedelta(days=n)).weekday() == 0 else 0) for n in range(57)}
    assert expected(counts, today).mean == 10  # one Monday among the seven days ahead
    assert expected({}, today) == arrivals.Coming(0, 0, 0, 0)


def test_what_is_expected_comes_within_the_range_on_seeded_histories():
    """200 seeded histories of Poisson-like arrivals with a weekly season: 80 % is said, 72 to 93 % hold."""
    rng, today, held, error = random.Random(20), date(2026, 8, 31), 0, 0.0
    for _ in range(200):
        rate = rng.uniform(0.5, 12)

        def came(on: date, rate: float = rate) -> int:
            mean = rate * (1.6 if on.weekday() == 0 else 0.2 if on.weekday() > 4 else 1)
            return sum(rng.random() < mean / 100 for _ in range(100))

        told = expected({today - timedelta(days=n): came(today - timedelta(days=n)) for n in range(1, 57)}, today)
        comes = sum(came(today + timedelta(days=n)) for n in range(1, 8))
        held += told.low <= comes <= told.high
        error += told.mean - comes
    assert 0.72 <= held / 200 <= 0.93
    assert abs(error / 200) < 1
