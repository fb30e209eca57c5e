"""How many due times one process works out in a second, and how their cost grows with the span.

The city's hours and nine years of notices; the calendar's table is built before the clock runs. The floor is one binary
search in that table, which no due time in working hours can do without. Needs no database.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time
from zoneinfo import ZoneInfo

from routing.promises.amount import Amount, parse_amount
from routing.promises.worktime import Day, Opening, WorkCalendar, due
from routing.promises.zones import micros
from tests.bench.report import Figure
from tests.routing.promises.golden import MADE_UP, OFF

TARGET = 200_000
FROM, START_DAYS = datetime(2018, 2, 1, tzinfo=UTC), 300
MIXES = {
    "wh": "2wh 2wh 2wh 4wh",
    "wd": "1wd 3wd 5wd 10wd 15wd 30wd",
    "d": "3d 7d 15d 30d",
    "h": "30min 1h 4h 24h",
    "all, as the promise table has them": "30min 2wh 2wh 2wh 4wh 1h 24h 1wd 1wd 3wd 5wd 5wd 10wd 15wd 30wd 30d",
}
SPANS = {"1 h": "1wh", "1 day": "7wh", "1 month": "150wh", "1 year": "1740wh", "10 years": "17400wh"}
ROUNDS = 5

Asked = list[tuple[datetime, Amount]]


def city() -> WorkCalendar:
    """09:00–12:00 and 13:30–17:30, Monday to Friday, with the days off and made up of 2018 to 2026."""
    hours = ((540, 720), (810, 1050))
    weekly = tuple(Opening(weekday, *pair) for weekday in range(5) for pair in hours)
    days = {on: Day(working=False) for on in OFF} | {on: Day(working=True) for on in MADE_UP}
    return WorkCalendar("330800", 1, ZoneInfo("Asia/Shanghai"), weekly, days, (2018, 2026))


def measure(*, count: int = 50_000) -> list[Figure]:
    """A figure for each mix, and one for the growth from an hour to ten years."""
    calendar = city()
    bare = _bare(calendar, count)
    rates = {name: _rate(calendar, _asked(amounts, count)) for name, amounts in MIXES.items()}
    costs = {name: 1e9 / _rate(calendar, _asked(amount, count)) for name, amount in SPANS.items()}
    grown = Figure(
        name="due(), ten years of opening time against an hour",
        value=costs["10 years"] / costs["1 h"],
        unit="×",
        target=2,
        notes={f"{name}, ns": round(cost) for name, cost in costs.items()},
    )
    return [*(_figure(name, rate, bare) for name, rate in rates.items()), grown]


def _figure(name: str, rate: float, bare: float) -> Figure:
    return Figure(
        name=f"due(), {name}",
        value=rate,
        unit="/s",
        target=TARGET,
        at_most=False,
        floor=bare,
        floor_is="one bare bisect in the same table",
        notes={"amounts": MIXES[name]},
    )


def _asked(amounts: str, count: int) -> Asked:
    random, parsed = Random(20261128), [parse_amount(amount) for amount in amounts.split()]
    seconds = START_DAYS * 86_400
    return [(FROM + timedelta(seconds=random.randrange(seconds)), random.choice(parsed)) for _ in range(count)]


def _rate(calendar: WorkCalendar, asked: Asked) -> float:
    def run() -> None:
        for start, amount in asked:
            due(calendar, start, amount)

    return len(asked) / _best(run)


def _bare(calendar: WorkCalendar, count: int) -> float:
    moments = [micros(start) for start, _ in _asked("1wh", count)]
    opens = calendar.table(moments[0], max(moments)).opens

    def run() -> None:
        for at in moments:
            bisect_right(opens, at)

    return count / _best(run)


def _best(run: Callable[[], None]) -> float:
    """Seconds of the processor, the best of some rounds after one that builds tables: others use the machine too."""
    run()
    seconds = []
    for _ in range(ROUNDS):
        begun = process_time()
        run()
        seconds.append(process_time() - begun)
    return min(seconds)
