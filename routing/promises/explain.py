"""A due time derived day by day, in words (pure).

It walks the calendar's days one by one, without the table of openings that `worktime` computes with, so
that the two can be held against each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from routing.promises.amount import OPENING, Amount, Unit
from routing.promises.calendars import WorkCalendar, spans_on
from routing.promises.worktime import due, opening_seconds, shift, union
from routing.promises.zones import MICRO, instant, local_date, micros, moment

_ONE_DAY = timedelta(days=1)
_WEEK = "一二三四五六日"
_CLOCK_SECONDS = {Unit.MIN: 60, Unit.H: 3600}


@dataclass(frozen=True, slots=True)
class Step:
    """One line: its date in the calendar's zone, the words, seconds counted, and the moment reached (UTC)."""

    date: date
    text: str
    seconds: int
    at: datetime


def explain(
    calendar: WorkCalendar,
    start: datetime,
    amount: Amount,
    spans: Iterable[tuple[datetime, datetime]] = (),
) -> list[Step]:
    """From the start to the due time, then over each pause. The last step's `at` is the due time.

    PromiseError as `due` and `shift` raise it.
    """
    pauses = list(spans)
    # the engine first: it refuses what could be walked for ever
    shift(calendar, amount.unit, due(calendar, start, amount).at, pauses)
    walk = _Walk(calendar, micros(start))
    walk.say(f"开始计时：{walk.wall()}，时限 {amount.words()}，日历 {calendar.code} 第 {calendar.version} 版")
    if amount.unit in {Unit.WD, Unit.D}:
        walk.days(amount)
    elif amount.unit is Unit.WH:
        walk.opening(amount.value * 3600 * MICRO)
    else:
        walk.clock(amount.value * _CLOCK_SECONDS[amount.unit] * MICRO, "按钟点连续计时")
    walk.shift(amount.unit, pauses)
    walk.say(f"到期：{walk.wall()}")
    return walk.steps


class _Walk:
    """Where the derivation has got to, and the lines so far."""

    def __init__(self, calendar: WorkCalendar, at: int) -> None:
        self.calendar = calendar
        self.at = at
        self.steps: list[Step] = []

    def wall(self, at: int | None = None) -> str:
        return f"{moment(self.at if at is None else at).astimezone(self.calendar.zone):%Y-%m-%d %H:%M:%S}"

    def say(self, text: str, *, on: date | None = None, counted: int = 0) -> None:
        day = on or moment(self.at).astimezone(self.calendar.zone).date()
        self.steps.append(Step(day, text, counted // MICRO, moment(self.at)))

    def clock(self, length: int, why: str) -> None:
        self.at += length
        self.say(f"{why}：{_length(length)}，至 {self.wall()}", counted=length)

    def days(self, amount: Amount) -> None:
        """Whole days after the start's date: working days count to their last closing, others to midnight."""
        on = local_date(self.calendar.zone, moment(self.at))
        self.say(f"{_named(on)} 为起始日，次日起算", on=on)
        counted = 0
        while counted < amount.value:
            on += _ONE_DAY
            spans = spans_on(self.calendar, on)
            if amount.unit is Unit.WD and not spans:
                self.say(f"{_named(on)} {self._rest(on)}，不计", on=on)
                continue
            counted += 1
            self.at = self._closing(on, spans) if amount.unit is Unit.WD else _midnight_after(self.calendar, on)
            unit = "个工作日" if amount.unit is Unit.WD else "天"
            self.say(f"{_named(on)}{self._name(on)} 第 {counted} {unit}，至 {self.wall()}", on=on)

    def _closing(self, on: date, spans: list[tuple[int, int]]) -> int:
        """A date's last closing, or that of the night before it where that one ends later."""
        return max(end for _, end in [*spans_on(self.calendar, on - _ONE_DAY), *spans])

    def opening(self, need: int) -> None:
        """Opening time, counted opening by opening."""
        on = moment(self.at).astimezone(self.calendar.zone).date() - _ONE_DAY
        begun = False
        while need:
            counted = 0
            for begin, end in spans_on(self.calendar, on):
                taken = self._take(begin, end, need - counted)
                counted += taken
            need -= counted
            begun = begun or counted > 0
            self._tell(on, counted, need, begun=begun)
            on += _ONE_DAY

    def _take(self, begin: int, end: int, need: int) -> int:
        taken = min(end - max(begin, self.at), need)
        if taken <= 0:
            return 0
        self.at = max(begin, self.at) + taken
        return taken

    def _tell(self, on: date, counted: int, left: int, *, begun: bool) -> None:
        if counted:
            rest = f"，还差 {_length(left)}" if left else f"，至 {self.wall()}"
            self.say(f"{_named(on)}{self._name(on)} 计 {_length(counted)}{rest}", on=on, counted=counted)
        elif begun or on >= moment(self.at).astimezone(self.calendar.zone).date():
            self.say(f"{_named(on)} {self._rest(on)}，不计", on=on)

    def shift(self, unit: Unit, spans: Iterable[tuple[datetime, datetime]]) -> None:
        for begin, end in union(spans):
            told = f"暂停 {self.wall(begin)} 至 {self.wall(end)}"
            if begin > self.at:
                self.say(f"{told} 在到期之后开始，不顺延")
            elif unit in OPENING:
                length = opening_seconds(self.calendar, moment(begin), moment(end)) * MICRO
                self.say(f"{told}，其中开放时间 {_length(length)}，到期时间顺延")
                self.opening(length)
            else:
                self.clock(end - begin, f"{told}，顺延")

    def _name(self, on: date) -> str:
        name = self.calendar.name_of(on)
        return f"（{name}）" if name else ""

    def _rest(self, on: date) -> str:
        if self.calendar.hours_on(on):
            return "已过开放时间"
        name = self.calendar.name_of(on)
        return f"休息：{name}" if name else "休息"


def _midnight_after(calendar: WorkCalendar, on: date) -> int:
    return instant(calendar.zone, on + _ONE_DAY)


def _named(on: date) -> str:
    return f"周{_WEEK[on.weekday()]}"


def _length(length: int) -> str:
    hours, rest = divmod(length // MICRO, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(hours, "小时"), (minutes, "分"), (seconds, "秒")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 分"
