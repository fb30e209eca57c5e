"""Due times and working time: the arithmetic of domain.md §4 and its appendix (pure).

Every datetime must be aware; results are UTC. After a calendar's table is built, each question costs a
few binary searches, whatever the span.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from routing.promises.amount import OPENING, Amount, PromiseError, Unit
from routing.promises.calendars import FIRST_YEAR, LAST_YEAR, Day, Opening, Table, WorkCalendar
from routing.promises.zones import MICRO, local_date, micros, midnight, moment

__all__ = [
    "Day", "Due", "Opening", "PromiseError", "Span", "WorkCalendar",
    "add_opening", "due", "is_provisional", "is_working_day", "next_opening", "opening_seconds",
    "shift", "union",
]  # fmt: skip


_, _H, _WH, _D, _WD = Unit  # reading a member from its class costs more than the arithmetic
_MINUTE, _HOUR = 60 * MICRO, 3600 * MICRO
_MOST_DAYS = 366 * (LAST_YEAR - FIRST_YEAR + 1)


class Due(NamedTuple):
    """A due time (UTC) and whether it rests on a year whose official notice is not loaded."""

    at: datetime
    provisional: bool


class Span(NamedTuple):
    """A pause or a credit."""

    start: datetime
    end: datetime


def due(calendar: WorkCalendar, start: datetime, amount: Amount) -> Due:
    """When a promise of `amount` that starts at `start` is due. PromiseError where nothing can be due."""
    begin, unit = micros(start), amount.unit
    if unit is _WD:
        at = _end_of_working_day(calendar, begin, local_date(calendar.zone, start), amount.value)
    elif unit is _D:
        at = _end_of_day(calendar, local_date(calendar.zone, start), amount.value)
    elif unit is _WH:
        at = _add(calendar, begin, amount.value * _HOUR)
    else:
        at = begin + amount.value * (_HOUR if unit is _H else _MINUTE)
    covered = calendar.covered_from <= begin and calendar.covered_from <= at <= calendar.covered_to
    return Due(moment(at), not covered)


def opening_seconds(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    """Whole seconds of opening time between two moments. PromiseError if they are in the wrong order."""
    return _between(calendar, micros(start), micros(end)) // MICRO


def add_opening(calendar: WorkCalendar, start: datetime, seconds: int) -> datetime:
    """The moment at which `seconds` of opening time after `start` are used up; 0 is `start` itself."""
    if seconds < 0:
        raise PromiseError(f"时长不能为负：{seconds}")
    return moment(_add(calendar, micros(start), seconds * MICRO))


def shift(calendar: WorkCalendar, unit: Unit, due_at: datetime, spans: Iterable[tuple[datetime, datetime]]) -> datetime:
    """Move a due time by the union of pauses and credits, in order.

    By opening time for `wh` and `wd`, by clock time else. A span that begins after the due time reached so
    far moves nothing.
    """
    at = micros(due_at)
    for begin, end in union(spans):
        if begin > at:
            break
        at = _add(calendar, at, _between(calendar, begin, end)) if unit in OPENING else at + end - begin
    return moment(at)


def union(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[int, int]]:
    """Spans as microseconds, in order, overlapping and touching ones joined."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted((micros(start), micros(stop)) for start, stop in spans):
        if end < begin:
            raise PromiseError("结束时间早于开始时间")
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def is_provisional(calendar: WorkCalendar, at: datetime) -> bool:
    """Whether a moment lies outside the years whose notices are loaded (their last midnight is inside)."""
    return not calendar.covered_from <= micros(at) <= calendar.covered_to


def is_working_day(calendar: WorkCalendar, on: date) -> bool:
    """By the calendar's dated rows, else by its weekly pattern."""
    return bool(calendar.hours_on(on))


def next_opening(calendar: WorkCalendar, at: datetime) -> datetime:
    """`at` itself where it lies in an opening, else the beginning of the next one."""
    begin = micros(at)
    table = calendar.table(begin)
    i = bisect_right(table.opens, begin)
    if i and begin < table.ends[i - 1]:
        return moment(begin)
    while i >= len(table.opens):
        table = calendar.longer(table)
        i = bisect_right(table.opens, begin)
    return moment(table.opens[i])


def _between(calendar: WorkCalendar, begin: int, end: int) -> int:
    if end < begin:
        raise PromiseError("结束时间早于开始时间")
    table = calendar.table(begin, end)
    return table.position(end) - table.position(begin)


def _add(calendar: WorkCalendar, at: int, need: int) -> int:
    if not need:
        return at
    table = calendar.table(at)
    while (target := table.position(at) + need) > table.total:
        table = _longer(calendar, table, need // (24 * _HOUR))
    # the last opening with less than `target` before it: used up exactly at a closing is due at that closing
    i = bisect_left(table.before, target) - 1
    return table.opens[i] + target - table.before[i]


def _end_of_working_day(calendar: WorkCalendar, at: int, on: date, nth: int) -> int:
    table, day = calendar.table(at), on.toordinal()
    while (i := bisect_right(table.days, day) + nth - 1) >= len(table.days):
        table = _longer(calendar, table, nth)
    return table.lasts[i]


def _longer(calendar: WorkCalendar, table: Table, days: int) -> Table:
    """Go on after `table`; more days than there are is refused before years are built for it."""
    if days > _MOST_DAYS:
        raise PromiseError("超出可计算的范围")
    return calendar.longer(table)


def _end_of_day(calendar: WorkCalendar, on: date, nth: int) -> int:
    return midnight(calendar.zone, on.toordinal() + nth + 1)
