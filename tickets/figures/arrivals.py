"""When requests come in: by hour and kind of day, and how many to expect from days of the same kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, sqrt
from statistics import mean, variance

from django.db.models import Count
from django.db.models.functions import ExtractHour, TruncDate

from qihu.errors import Invalid
from routing.promises.calendars import WorkCalendar
from routing.promises.worktime import is_working_day
from tickets.figures.hazard import Z80
from tickets.figures.window import Window, zone
from tickets.models.lists import TicketQuerySet

SENTENCE = (
    "计时段内首次提交的诉求，拆分出的子件不计；工作日按工作日历（调休上班算工作日，放假不算），其余为休息日。"
    "平均＝件数 ÷ 这类日子的天数，今天算一天。"
)
WORKING, OFF = "work", "off"
_WEEKDAYS = "一二三四五六日"
KINDS = {WORKING: "工作日", **{f"w{i}": f"周{name}" for i, name in enumerate(_WEEKDAYS)}, OFF: "休息日"}
"""All working days together, working days by their weekday, days off."""
LONGEST = 400
"""Days of a window at most."""
_FEWEST_DAYS = 3
"""Days of the same kind, below which all working days (or days off) tell."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of day: how many such days there were, and what came in by hour."""

    kind: str
    days: int
    hours: tuple[int, ...]

    @property
    def total(self) -> int:
        """All hours."""
        return sum(self.hours)

    @property
    def average(self) -> float | None:
        """Requests a day; None without such a day."""
        return self.total / self.days if self.days else None


def kind_of(calendar: WorkCalendar, on: date) -> str:
    """`w0` (Monday) to `w6` for a working day, else `OFF`."""
    return f"w{on.weekday()}" if is_working_day(calendar, on) else OFF


def too_long(window: Window) -> bool:
    """More days than are counted hour by hour."""
    return (window.until - window.since).days > LONGEST


def dates(window: Window) -> list[date]:
    """Its local dates up to the cut-off. Raises `Invalid` where they are too many."""
    if too_long(window):
        raise Invalid(f"时段最长 {LONGEST} 天。", fields={"until": f"时段最长 {LONGEST} 天。"})
    end = min(window.until_on, window.as_of.astimezone(zone()).date() + timedelta(days=1))
    return [window.since_on + timedelta(days=n) for n in range((end - window.since_on).days)]


def arrivals(window: Window, *, scope: TicketQuerySet, calendar: WorkCalendar) -> tuple[Row, ...]:
    """A row for each kind of day that occurred, all working days first. One query."""
    days = Counter(kind_of(calendar, on) for on in dates(window))
    hours = defaultdict[str, Counter[int]](Counter)
    local = (TruncDate("submitted_at", tzinfo=zone()), ExtractHour("submitted_at", tzinfo=zone()))
    for on, hour, n in _came(window, scope).values_list(*local).annotate(n=Count("pk")):
        hours[kind_of(calendar, on)][hour] += n
    rows = [Row(kind, days[kind], tuple(hours[kind][hour] for hour in range(24))) for kind in KINDS if days[kind]]
    working = [row for row in rows if row.kind != OFF]
    every = tuple(sum(row.hours[hour] for row in working) for hour in range(24))
    return (Row(WORKING, sum(row.days for row in working), every), *rows)


def behind(
    window: Window, *, scope: TicketQuerySet, calendar: WorkCalendar, kind: str = "", hour: int | None = None
) -> TicketQuerySet:
    """Exactly the requests behind one number, newest first. Raises `Invalid` for an unknown kind."""
    found = _came(window, scope)
    if kind and kind not in KINDS:
        raise Invalid("没有这类日子。", fields={"kind": "没有这类日子。"})
    if kind:
        found = found.filter(submitted_at__date__in=[on for on in dates(window) if _is(kind, kind_of(calendar, on))])
    found = found if hour is None else found.filter(submitted_at__hour=hour)
    return found.for_lists().newest_first()


def _is(kind: str, of_day: str) -> bool:
    return kind == of_day or (kind == WORKING and of_day != OFF)


def _came(window: Window, scope: TicketQuerySet) -> TicketQuerySet:
    """The index on `submitted_at` serves it. Parts of a split request did not come in by themselves."""
    inside = scope.filter(parent=None, submitted_at__gte=window.since, submitted_at__lt=window.until)
    return inside.filter(submitted_at__lte=window.as_of).order_by()


@dataclass(frozen=True, slots=True)
class Coming:
    """Requests expected, with an 80 % range; `n`: those looked back at."""

    mean: float
    low: int
    high: int
    n: int


def coming(past: Mapping[date, int], looked: Sequence[date], ahead: Iterable[date], calendar: WorkCalendar) -> Coming:
    """What to expect on the dates `ahead`, from how many came on those `looked` back at (pure).

    Seasonal-naive: a day is expected to bring what days of its kind brought on average. Each day's spread is that of
    its kind, at least that of a Poisson number, and what is not known of the average is added.
    """
    counts = defaultdict[str, list[int]](list)
    for on in looked:
        kind = kind_of(calendar, on)
        for one in {kind, OFF if kind == OFF else WORKING}:
            counts[one].append(past.get(on, 0))
    expected = spread = 0.0
    for kind, times in Counter(kind_of(calendar, on) for on in ahead).items():
        alike = counts[kind] if len(counts[kind]) >= _FEWEST_DAYS else counts[OFF if kind == OFF else WORKING]
        middle = mean(alike) if alike else 0.0
        of_a_day = max(variance(alike) if len(alike) > 1 else 0.0, middle)
        expected += times * middle
        spread += of_a_day * (times + times * times / max(1, len(alike)))
    reach = Z80 * sqrt(spread)
    return Coming(
        expected, max(0, floor(expected - reach)), ceil(expected + reach), sum(past.get(on, 0) for on in looked)
    )
