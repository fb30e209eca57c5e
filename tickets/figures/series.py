"""Figures in a row: for each period of a window those of the whole, or of each value of a dimension."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qihu.errors import Invalid
from tickets.figures.count import Group, Report, checked, report
from tickets.figures.measures import DIMENSIONS, PERIODS
from tickets.figures.scope import Scope
from tickets.figures.tally import crossed, split_value
from tickets.figures.window import Window, midnight

MOST = 400
"""Periods of one series at most: a year of days."""
_LENGTH = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""Days, the longest."""


@dataclass(frozen=True, slots=True)
class Point:
    """One period, cut to the window, and its groups: one without a dimension, none where nothing was submitted."""

    since: date
    until: date
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Periods in order. `counted`: what it was counted at and for the whole window."""

    counted: Report
    points: tuple[Point, ...]


def series(
    window: Window, *, every: str, by: str = "", scope: Scope | None = None, only: Sequence[str] | None = None
) -> Series:
    """`every`: a name of `PERIODS`; `by`: "" or one of `DIMENSIONS`. Raises `Invalid` for others, and for too many."""
    if every not in PERIODS:
        raise Invalid("没有这种时段。", fields={"every": f"时段可用：{'、'.join(PERIODS)}。"})
    if by and checked(by) not in DIMENSIONS:
        raise Invalid("不能这样分组。", fields={"by": f"分组可用：{'、'.join(DIMENSIONS)}。"})
    if (window.until - window.since).days > MOST * _LENGTH[every]:
        raise Invalid("时段太多。", fields={"since": f"一次最多 {MOST} 个时段，请缩短时段或换大一级的。"})
    name = crossed(by, every) if by else every
    counted = report(window, by=[name], scope=scope, only=only, lengths_by=by == "")
    found: dict[str, list[Group]] = defaultdict(list)
    for group in counted.groups[name]:
        found[split_value(group.value)[0]].append(group)
    days = sorted(date.fromisoformat(one) for one in found)
    return Series(counted, tuple(_point(window, on, every, found[on.isoformat()]) for on in days))


def _point(window: Window, on: date, every: str, groups: Sequence[Group]) -> Point:
    after = (on + timedelta(days=_LENGTH[every])).replace(day=1) if every not in {"day", "week"} else None
    until = after or on + timedelta(days=_LENGTH[every])
    return Point(max(on, window.since_on), min(until, window.until_on), tuple(groups))


def window_of(point: Point, counted: Window) -> Window:
    """The window of one point, counted at the same cut-off."""
    return Window(midnight(point.since), midnight(point.until), counted.as_of, counted.known)
