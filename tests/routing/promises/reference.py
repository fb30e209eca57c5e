"""The appendix of domain.md read out loud, second by second: slow, plain, and nothing of the engine in it.

A wall time is reached in the first second at which the zone's clock shows it or more. An opening is every second from
its opening time to its closing time; a second that two openings share is one second. A zone's clock is read minute by
minute, since every change of the years asked about was on a whole minute.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from routing.promises.calendars import WorkCalendar  # what is asked about, not how it answers

DAYS = 30
"""Days of a window; asked about is what lies well within."""
MINUTE, HOUR, DAY = 60, 3600, 86_400


@lru_cache(maxsize=64)
def clock(zone: str, first: date) -> list[int]:
    """The latest that the zone's clock has shown by each minute of the window, in minutes since the year 1."""
    start, local = datetime(first.year, first.month, first.day, tzinfo=UTC), ZoneInfo(zone)
    shown = ((start + timedelta(minutes=minute)).astimezone(local) for minute in range(DAYS * 1440))
    return list(accumulate((at.toordinal() * 1440 + at.hour * 60 + at.minute for at in shown), max))


class Reference:
    """A calendar over the days from `first`. All answers are seconds from the window's beginning, or None beyond it."""

    def __init__(self, calendar: WorkCalendar, first: date) -> None:
        self.calendar = calendar
        self.begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.clock = clock(str(calendar.zone), first)
        self.open = bytearray(DAYS * DAY)
        self.closing: dict[date, int] = {}
        for number in range(-2, DAYS + 2):
            self._fill(first + timedelta(days=number))

    def second(self, at: datetime) -> int:
        return round((at - self.begin).total_seconds())

    def moment(self, second: int) -> datetime:
        return self.begin + timedelta(seconds=second)

    def hours(self, on: date) -> Sequence[tuple[int, int]]:
        """Dated rows beat patterns; a make-up day has its own openings, else its weekday's, else Monday's."""
        row = self.calendar.days.get(on)
        if row is not None and (not row.working or row.openings):
            return row.openings or ()
        return self._pattern(on, on.weekday()) or (self._pattern(on, 0) if row else [])

    def _pattern(self, on: date, weekday: int) -> list[tuple[int, int]]:
        far_past, far_future = date(1, 1, 1), date(9999, 1, 1)
        return [
            (o.opens, o.closes)
            for o in self.calendar.weekly
            if o.weekday == weekday and (o.from_on or far_past) <= on <= (o.to_on or far_future)
        ]

    def _fill(self, on: date) -> None:
        for opens, closes in self.hours(on):
            begin, end = self.reached(on, opens), self.reached(on, closes)
            if end > begin:
                self.open[begin:end] = b"\1" * (end - begin)
                self.closing[on] = max(end, self.closing.get(on, 0))

    def reached(self, on: date, minutes: int = 0) -> int:
        """The first second at which the clock shows so many minutes after midnight, or more."""
        wanted = on.toordinal() * 1440 + minutes
        return MINUTE * bisect_left(self.clock, wanted)

    def date(self, second: int) -> date:
        """The latest date that the clock has shown."""
        return date.fromordinal(self.clock[second // MINUTE] // 1440)

    def elapsed(self, begin: int, end: int) -> int:
        return sum(self.open[begin:end])

    def add(self, at: int, seconds: int, paused: Sequence[tuple[int, int]] = ()) -> int:
        """Second by second; those within a pause do not count."""
        while seconds:
            seconds -= self.open[at] and not any(begin <= at < end for begin, end in paused)
            at += 1
        return at

    def subtract(self, at: int, seconds: int) -> int:
        while seconds:
            at -= 1
            seconds -= self.open[at]
        return at

    def due(self, start: int, value: int, unit: str) -> int:
        if unit in {"min", "h"}:
            return start + value * (MINUTE if unit == "min" else HOUR)
        if unit == "wh":
            return self.add(start, value * HOUR)
        on = self.date(start)
        if unit == "d":
            return self.reached(on + timedelta(days=value + 1))
        later = sorted(day for day in self.closing if day > on)
        # a night that ends after the next day's closing holds that one up: later starts are never due earlier
        return max(self.closing[day] for day in self.closing if day <= later[value - 1])

    def before(self, end: int, value: int, unit: str) -> int:
        if unit in {"min", "h"}:
            return end - value * (MINUTE if unit == "min" else HOUR)
        if unit == "wh":
            return self.subtract(end, value * HOUR)
        on = self.date(end)
        if unit == "d":
            return self.reached(on - timedelta(days=value))
        earlier = sorted(day for day in self.closing if day < on)
        return max(self.closing[day] for day in earlier[: len(earlier) - value + 1])
