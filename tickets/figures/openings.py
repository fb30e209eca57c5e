"""Opening times as arrays for the statement of the figures: what lies between two moments is a subtraction there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime
from typing import Any

from routing.promises.book import PromiseBook, calendar_version
from routing.promises.calendars import WorkCalendar
from routing.promises.zones import MICRO, micros, moment
from tickets.figures.window import Window


def calendars(window: Window, book: PromiseBook) -> dict[str, Any]:
    """Openings from the window's beginning to the cut-off of every published calendar, as parallel arrays."""
    regions, first, size = [], [], []
    opens: list[datetime] = []
    ends: list[datetime] = []
    before: list[float] = []
    until = max(window.as_of, window.since)
    for one in book.published:
        begins, stops, totals = _openings(calendar_version(one.version_id), window.since, until)
        regions.append(one.region or "")
        first.append(len(opens) + 1)
        size.append(len(begins))
        opens += begins
        ends += stops
        before += totals
    return {
        "calendar_regions": regions,
        "calendar_first": first,
        "calendar_size": size,
        "opens": opens,
        "ends": ends,
        "before": before,
    }


def _openings(
    calendar: WorkCalendar, since: datetime, until: datetime
) -> tuple[list[datetime], list[datetime], list[float]]:
    table = calendar.table(micros(since), micros(until))
    low = max(bisect_right(table.opens, micros(since)) - 1, 0)
    high = bisect_left(table.opens, micros(until)) + 1
    return (
        [moment(at) for at in table.opens[low:high]],
        [moment(at) for at in table.ends[low:high]],
        [total / MICRO for total in table.before[low:high]],
    )
