"""How far back something lies before a moment: `due` in the mirror, for "one working day left" (pure).

What `due` counts forward from a start is counted back from an end here, by the same table and the same units.
"""

from bisect import bisect_left, bisect_right
from datetime import date, datetime

from routing.promises.amount import Amount, PromiseError, Unit
from routing.promises.calendars import FIRST_YEAR, LAST_YEAR, Table, WorkCalendar
from routing.promises.zones import MICRO, local_date, micros, midnight, moment

_HOUR = 3600 * MICRO
_MOST_HOURS = 24 * 366 * (LAST_YEAR - FIRST_YEAR + 1)
_CLOCK = {Unit.MIN: 60 * MICRO, Unit.H: _HOUR}


def before(calendar: WorkCalendar, end: datetime, amount: Amount) -> datetime:
    """The moment at which `amount` is left until `end`; UTC. PromiseError where the calendar opens too late for it.

    `min`, `h`: on the clock. `wh`: the last moment with so much opening time before `end`; with exactly one opening
    left that is its beginning. `d`: the midnight that begins the n-th calendar day before the local date of `end`.
    `wd`: the last closing of the n-th working day before that date. Zero is `end` itself.
    """
    at, unit = micros(end), amount.unit
    if unit is Unit.WD:
        return moment(_closing_before(calendar, at, local_date(calendar.zone, end), amount.value))
    if unit is Unit.D:
        return moment(midnight(calendar.zone, local_date(calendar.zone, end).toordinal() - amount.value))
    if unit is Unit.WH:
        return moment(_subtract(calendar, at, amount.value))
    return moment(at - amount.value * _CLOCK[unit])


def _closing_before(calendar: WorkCalendar, at: int, on: date, nth: int) -> int:
    table, day = calendar.table(at), on.toordinal()
    while (i := bisect_left(table.days, day) - nth) < 0:
        table = _earlier(calendar, table, 24 * nth)
    return table.lasts[i]


def _subtract(calendar: WorkCalendar, at: int, hours: int) -> int:
    if not hours:
        return at
    table = calendar.table(at)
    while (found := _back(table, at, hours * _HOUR)) is None:
        table = _earlier(calendar, table, hours)
    return found


def _back(table: Table, at: int, need: int) -> int | None:
    """None where it lies before the table, or so near its beginning that a night of the year before may reach in."""
    target = table.position(at) - need
    if target < 0:
        return None
    i = bisect_right(table.before, target) - 1
    found = table.opens[i] + target - table.before[i]
    return found if found >= table.low else None


def _earlier(calendar: WorkCalendar, table: Table, hours: int) -> Table:
    """More hours than there are is refused before years are built for them."""
    if hours > _MOST_HOURS:
        raise PromiseError("超出可计算的范围")
    return calendar.earlier(table)
