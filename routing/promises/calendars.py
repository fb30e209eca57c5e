"""A working calendar and its precomputed table of openings (pure).

Moments in the table are whole microseconds since 1970 UTC: sums are exact and comparisons cheap.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from itertools import accumulate, combinations, pairwise
from operator import attrgetter
from zoneinfo import ZoneInfo

from routing.promises.amount import PromiseError
from routing.promises.zones import MICRO, instant, steady_midnight

FIRST_YEAR, LAST_YEAR = 1900, 2199  # beyond them lies a typing error, not a promise
_DAY = 24 * 60
_MINUTE = 60 * MICRO
_ALWAYS = (-(2**62), 2**62)
_MARGIN = 3 * 86_400_000_000  # overnight openings and zones reach over a year's end, but not three days

Hours = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """One weekly opening, 0 = Monday, in minutes from local midnight; `closes` > 1440 is overnight."""

    weekday: int
    opens: int
    closes: int
    from_on: date | None = None
    to_on: date | None = None

    def valid_on(self, on: date) -> bool:
        """Whether the pattern applies on that date (both ends included)."""
        return (self.from_on is None or self.from_on <= on) and (self.to_on is None or on <= self.to_on)


@dataclass(frozen=True, slots=True)
class Day:
    """What a dated row says: working or not, its own openings (None: the pattern's), its name."""

    working: bool
    openings: Hours | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Openings of whole years in order; usable for starts in `low` ≤ at < `high`.

    `before[i]` is the opening time before opening i; `days` are the working dates as ordinals and
    `lasts` their last closing times, none before its predecessor's: an opening through the night may end after
    the next day's own closing, and a later start must not be due earlier.
    """

    first: int
    last: int
    low: int
    high: int
    total: int
    opens: Sequence[int] = ()
    ends: Sequence[int] = ()
    before: Sequence[int] = ()
    days: Sequence[int] = ()
    lasts: Sequence[int] = ()

    def position(self, at: int) -> int:
        """Opening time between the beginning of the table and `at`."""
        i = bisect_right(self.opens, at) - 1
        if i < 0:
            return 0
        end = self.ends[i]
        return self.before[i] + (min(end, at)) - self.opens[i]


_NOTHING = Table(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Year:
    spans: list[tuple[int, int]]
    days: list[tuple[int, int]]


@dataclass(slots=True)
class _Shelf:
    """What was computed so far. A reader takes `table` once; writers only ever replace it by a longer one."""

    years: dict[int, _Year]
    table: Table


@dataclass(frozen=True, slots=True, eq=False)
class WorkCalendar:
    """One immutable calendar version. Building one that makes no sense raises PromiseError.

    `coverage` is the first and the last year whose official notice was loaded (None: the calendar needs
    none); outside it the weekly pattern and the `fixed` holidays (month, day → name) are a guess.
    """

    code: str
    version: int
    zone: ZoneInfo
    weekly: tuple[Opening, ...]
    days: Mapping[date, Day] = field(default_factory=dict)
    coverage: tuple[int, int] | None = None
    fixed: Mapping[tuple[int, int], str] = field(default_factory=dict)
    covered_from: int = field(init=False, repr=False)
    covered_to: int = field(init=False, repr=False)
    _weekdays: tuple[tuple[Opening, ...], ...] = field(init=False, repr=False)
    _shelf: _Shelf = field(init=False, repr=False)

    def __post_init__(self) -> None:
        set_once = object.__setattr__  # the class is frozen for everybody else
        in_order = sorted(self.weekly, key=attrgetter("opens"))
        set_once(self, "_weekdays", tuple(tuple(o for o in in_order if o.weekday == day) for day in range(7)))
        check(self)
        low, high = _ALWAYS
        if self.coverage:
            low, high = (instant(self.zone, date(year, 1, 1)) for year in (self.coverage[0], self.coverage[1] + 1))
        set_once(self, "covered_from", low)
        set_once(self, "covered_to", high)
        set_once(self, "_shelf", _Shelf({}, _NOTHING))

    def hours_on(self, on: date) -> Hours:
        """Openings of a date in minutes from its midnight; empty where it is not a working day."""
        day = self.days.get(on)
        if day is None:
            return () if self._fixed(on) else self.pattern(on, on.weekday())
        if not day.working:
            return ()
        if day.openings is not None:
            return day.openings
        return self.pattern(on, on.weekday()) or self.pattern(on, 0)

    def pattern(self, on: date, weekday: int) -> Hours:
        """Openings of the weekly pattern that is valid on a date, for any weekday."""
        return tuple((o.opens, o.closes) for o in self._weekdays[weekday] if o.valid_on(on))

    def name_of(self, on: date) -> str:
        """The dated row's or the fixed holiday's name, or an empty text."""
        return self.days[on].name if on in self.days else self._fixed(on) or ""

    def _fixed(self, on: date) -> str | None:
        if self.coverage is not None and self.coverage[0] <= on.year <= self.coverage[1]:
            return None
        return self.fixed.get((on.month, on.day))

    def table(self, at: int, until: int | None = None) -> Table:
        """A table usable for `at` (and `until`), longer than the present one only where that is too short."""
        table = self._shelf.table
        latest = at if until is None else until
        if table.low <= at and latest < table.high:
            return table
        return self._stretch(_year_of(at - 2 * _MARGIN), _year_of(latest + 2 * _MARGIN))

    def longer(self, table: Table) -> Table:
        """A table that goes on after `table`. PromiseError where no opening can follow."""
        if table.last >= LAST_YEAR:
            raise PromiseError(f"超出可计算的范围（{FIRST_YEAR}–{LAST_YEAR} 年）")
        if table.last > self._settled() and not self._year(table.last).spans:
            raise PromiseError(f"工作日历“{self.code}”此后再没有开放时间，无法推算")
        return self._stretch(table.first, min(LAST_YEAR, table.last + 1 + (table.last - table.first)))

    def earlier(self, table: Table) -> Table:
        """A table that begins before `table`. PromiseError where no opening lies before it."""
        if table.first <= FIRST_YEAR:
            raise PromiseError(f"超出可计算的范围（{FIRST_YEAR}–{LAST_YEAR} 年）")
        if table.first < min(self._dated_years(), default=LAST_YEAR) and not self._year(table.first).spans:
            raise PromiseError(f"工作日历“{self.code}”此前没有开放时间，无法推算")
        return self._stretch(max(FIRST_YEAR, table.first - 1 - (table.last - table.first)), table.last)

    def _settled(self) -> int:
        """The last year that differs from those after it: each later one repeats the pattern."""
        return max(self._dated_years(), default=FIRST_YEAR)

    def _dated_years(self) -> list[int]:
        dates = [d.year for o in self.weekly for d in (o.from_on, o.to_on) if d] + [d.year for d in self.days]
        return [*dates, *(self.coverage or ())]

    def _year(self, year: int) -> _Year:
        found = self._shelf.years.get(year)
        if found is None:
            found = self._shelf.years[year] = _build(self, year)
        return found

    def _stretch(self, first: int, last: int) -> Table:
        present = self._shelf.table
        if present.first:
            first, last = min(first, present.first), max(last, present.last)
        if first < FIRST_YEAR or last > LAST_YEAR:
            raise PromiseError(f"超出可计算的范围（{FIRST_YEAR}–{LAST_YEAR} 年）")
        self._shelf.table = table = _joined(first, last, [self._year(year) for year in range(first, last + 1)])
        return table


def _year_of(at: int) -> int:
    """Year in UTC by the mean length of a year, wrong by less than the margin."""
    return 1970 + at // 31_556_952_000_000


def _joined(first: int, last: int, years: list[_Year]) -> Table:
    """One table of several years; where an overnight opening runs into the next, the time counts once."""
    low, high = (instant(UTC, date(year, 1, 1)) for year in (first, last + 1))
    opens, ends, before = [], [], []
    total, reached = 0, low - _MARGIN
    for begin, end in (span for year in years for span in year.spans):
        if end > reached:
            opens.append(max(begin, reached))
            ends.append(end)
            before.append(total)
            total += end - opens[-1]
            reached = end
    days = [day for year in years for day, _ in year.days]
    lasts = list(accumulate((closing for year in years for _, closing in year.days), max))
    return Table(first, last, low + _MARGIN, high - _MARGIN, total, opens, ends, before, days, lasts)


def spans_on(calendar: WorkCalendar, on: date) -> list[tuple[int, int]]:
    """Openings of a local date as moments. What a zone's change of clocks swallows is left out."""
    hours, zone = calendar.hours_on(on), calendar.zone
    if not hours:
        return []
    if (midnight := steady_midnight(zone, on)) is not None:
        return [(midnight + opens * _MINUTE, midnight + closes * _MINUTE) for opens, closes in hours]
    found = [(instant(zone, on, opens), instant(zone, on, closes)) for opens, closes in hours]
    return [(begin, end) for begin, end in found if begin < end]


def _build(calendar: WorkCalendar, year: int) -> _Year:
    built = _Year([], [])
    for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        if spans := spans_on(calendar, date.fromordinal(ordinal)):
            built.spans.extend(spans)
            built.days.append((ordinal, spans[-1][1]))
    return built


def check(calendar: WorkCalendar) -> None:
    """Refuse a calendar that could not answer, before anything is stored or computed with it."""
    if not any([calendar.weekly, *(day.openings for day in calendar.days.values())]):
        raise PromiseError(f"工作日历“{calendar.code}”没有任何开放时间")
    if calendar.coverage and not FIRST_YEAR <= calendar.coverage[0] <= calendar.coverage[1] <= LAST_YEAR:
        raise PromiseError(f"工作日历“{calendar.code}”的覆盖年份有误：{calendar.coverage}")
    for opening in calendar.weekly:
        _check_opening(opening)
    for one, other in combinations(calendar.weekly, 2):
        if _clash(one, other) or _clash(other, one):
            raise PromiseError(f"星期{_WEEK[one.weekday]}的开放时间与星期{_WEEK[other.weekday]}的重叠")
    for on, day in calendar.days.items():
        _check_day(calendar, on, day)


_WEEK = "一二三四五六日"


def _check_opening(opening: Opening) -> None:
    if not 0 <= opening.weekday <= 6:
        raise PromiseError(f"星期应为 0 到 6：{opening.weekday}")
    if opening.from_on and opening.to_on and opening.to_on < opening.from_on:
        raise PromiseError(f"开放时间的结束日期早于开始日期：{opening.from_on} 至 {opening.to_on}")
    _check_hours(((opening.opens, opening.closes),))


def _check_hours(hours: Hours) -> None:
    """In order, within 24 hours each, opening on the day itself."""
    for opens, closes in hours:
        if not (0 <= opens < _DAY and opens < closes <= opens + _DAY):
            raise PromiseError(f"开放时间有误：第 {opens} 分钟至第 {closes} 分钟")
    if any(later[0] < earlier[1] for earlier, later in pairwise(hours)):
        raise PromiseError("同一天的开放时间重叠或次序颠倒")


def _clash(one: Opening, other: Opening) -> bool:
    """Whether `other` begins before `one` ends, on the same or the next day of some week."""
    apart = (other.weekday - one.weekday) % 7
    if apart > 1:
        return False
    shifted = timedelta(days=apart)
    starts = [d for d in (one.from_on, other.from_on and other.from_on - shifted) if d]
    ends = [d for d in (one.to_on, other.to_on and other.to_on - shifted) if d]
    meet = not (starts and ends) or max(starts) <= min(ends)
    return meet and one.opens <= other.opens + apart * _DAY < one.closes


def _check_day(calendar: WorkCalendar, on: date, day: Day) -> None:
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise PromiseError(f"日期 {on} 超出可计算的范围")
    if day.openings is not None:
        _check_hours(day.openings)
        if not day.working:
            raise PromiseError(f"{on} 不是工作日，却有开放时间")
    if day.working and not calendar.hours_on(on):
        raise PromiseError(f"{on} 标为工作日，却没有开放时间")
