"""Time left in a few characters, for lists that are read at a glance (pure)."""

from datetime import date, datetime
from typing import Literal, NamedTuple

from routing.promises.amount import OPENING, Unit
from routing.promises.calendars import WorkCalendar
from routing.promises.worktime import opening_seconds
from routing.promises.zones import MICRO, micros

State = Literal["late", "warn", "ok"]
_HOUR = 3600
_WARN = 4 * _HOUR


class Left(NamedTuple):
    """`text` for people, `state` for colour, `seconds` left to sort by (negative: late)."""

    text: str
    state: State
    seconds: int


def left(calendar: WorkCalendar, now: datetime, due_at: datetime, *, unit: Unit = Unit.WD) -> Left:
    """How long until, or since, a due time: opening time, or clock time for `min`, `h` and `d`.

    Days are the calendar's ordinary working days (24 hours on the clock). Warned about: what is due today
    or has at most four hours left.
    """
    if micros(due_at) < micros(now):
        seconds, day = _measured(calendar, due_at, now, unit)
        return Left(f"已超 {_long(seconds, day)}" if seconds else "已超时", "late", -seconds)
    seconds, day = _measured(calendar, now, due_at, unit)
    if not seconds:  # nothing opens before it is due: the clock tells more than a zero
        seconds, day = _measured(calendar, now, due_at, Unit.H)
    today = now.astimezone(calendar.zone).date() == due_at.astimezone(calendar.zone).date()
    return Left(f"还剩 {_long(seconds, day)}", "warn" if today or seconds <= _WARN else "ok", seconds)


def _measured(calendar: WorkCalendar, start: datetime, end: datetime, unit: Unit) -> tuple[int, int]:
    """Seconds between two moments and the seconds of a day, both of the unit's kind."""
    if unit in OPENING:
        local = end.astimezone(calendar.zone).date()
        return opening_seconds(calendar, start, end), ordinary_day(calendar, local)
    return (micros(end) - micros(start)) // MICRO, 24 * _HOUR


def ordinary_day(calendar: WorkCalendar, on: date) -> int:
    """Opening seconds of the first weekday that the pattern valid then opens; 24 hours where none."""
    for weekday in range(7):
        if hours := calendar.pattern(on, weekday):
            return 60 * sum(closes - opens for opens, closes in hours)
    return 24 * _HOUR


def _long(seconds: int, day: int) -> str:
    if seconds >= day:
        return f"{seconds // day} 天"
    if seconds >= _HOUR:
        return f"{seconds // _HOUR} 小时"
    return f"{max(1, -(-seconds // 60))} 分"
