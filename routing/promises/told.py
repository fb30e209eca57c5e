"""Opening time between two moments, told day by day (pure).

Walks the calendar's days, without the table that `worktime` computes with, so that the two can be held against each
other.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from routing.promises.amount import PromiseError
from routing.promises.calendars import WorkCalendar, spans_on
from routing.promises.zones import MICRO, micros


class Counted(NamedTuple):
    """A date of the calendar's zone, its name or rest, and whole seconds counted on it."""

    date: date
    why: str
    seconds: int


def elapsed_by_day(calendar: WorkCalendar, start: datetime, end: datetime) -> Iterator[Counted]:
    """Every date from the start's to the end's. An overnight opening counts on the date it opens.

    PromiseError if the moments are in the wrong order.
    """
    begin, until = micros(start), micros(end)
    if until < begin:
        raise PromiseError("结束时间早于开始时间")
    on, last = (moment.astimezone(calendar.zone).date() for moment in (start, end))
    on -= timedelta(days=1)  # its opening may run into the first day
    reached = begin
    while on <= last:
        counted = 0
        for opens, closes in spans_on(calendar, on):
            counted += max(0, min(closes, until) - max(opens, reached))
            reached = max(reached, min(closes, until))
        if counted or on >= start.astimezone(calendar.zone).date():
            yield Counted(on, _why(calendar, on), counted // MICRO)
        on += timedelta(days=1)


def _why(calendar: WorkCalendar, on: date) -> str:
    name = calendar.name_of(on)
    if calendar.hours_on(on):
        return name or "上班"
    return f"休息：{name}" if name else "休息"
