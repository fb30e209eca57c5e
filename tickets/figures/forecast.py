"""What breaks in the next five working days if everything goes on at the pace of the last weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from routing.promises.book import current_book
from routing.promises.calendars import WorkCalendar
from routing.promises.worktime import is_working_day
from tickets.figures.hazard import Chance, Expected, Paces, expected
from tickets.figures.pace import Promise, paces
from tickets.figures.window import midnight, zone
from tickets.models import Deadline
from tickets.models.lists import TicketQuerySet
from tickets.terms import RED_CLOCKS

WORKING_DAYS = 5
SENTENCE = (
    "对此刻正在计时、今后 5 个工作日内到期的签收、联系、答复时限，看近 60 天同一部门走到同样进度（已用时限的比例）"
    "时尚未完成的时限，后来有多大比例没有按期完成，即为它的超期概率；不足 30 个的，看同一区划，再不足看全部。"
    "概率相加为预计超期数；区间为 80 %，计入各件的偶然和样本的多少。"
)
TOLD_BY = {"department": "本部门", "region": "本区划", "all": "全部"}
"""Whose pace told a chance."""


@dataclass(frozen=True, slots=True)
class Stake:
    """One running promise that comes due in those days, and how likely it breaks. `group`: whose pace told."""

    ticket: int
    clock: str
    department: str
    due_at: datetime
    day: date
    used: float
    group: tuple[str, str, str]
    chance: Chance

    @property
    def told_by(self) -> str:
        """Whose pace it was, in words."""
        return TOLD_BY[self.group[1]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """`stakes`, likeliest to break first; `days`: the working days; `since`: how far back was looked."""

    days: tuple[date, ...]
    stakes: tuple[Stake, ...]
    since: datetime

    def whole(self) -> Expected:
        """Of all of them."""
        return _expected(self.stakes)

    def by_day(self) -> Mapping[date, Expected]:
        """Every day, in order."""
        return {day: _expected(one for one in self.stakes if one.day == day) for day in self.days}

    def by_department(self) -> Mapping[str, Mapping[date | None, Expected]]:
        """Each department's days and (None) their sum, most expected breaches first."""
        mine = defaultdict[str, list[Stake]](list)
        for one in self.stakes:
            mine[one.department].append(one)
        found = {code: _of_days(stakes) for code, stakes in mine.items()}
        return dict(sorted(found.items(), key=lambda item: (-item[1][None].mean, item[0])))

    def behind(self, *, department: str | None = None, day: date | None = None, clock: str = "") -> Sequence[Stake]:
        """Exactly the promises behind one number."""
        return [
            one
            for one in self.stakes
            if department in {None, one.department} and day in {None, one.day} and clock in {"", one.clock}
        ]


def forecast(scope: TicketQuerySet, *, at: datetime) -> Forecast:
    """Four queries: the book in force, two for the pace, one for the promises at stake."""
    days = working_days(current_book().calendar(), at.astimezone(zone()).date(), WORKING_DAYS)
    known, since = paces(at=at)
    stakes = [_stake(known, *found, at=at, days=days) for found in _running(scope, at, midnight(days[-1] + _DAY))]
    ordered = sorted(stakes, key=lambda one: (-one.chance.p, one.due_at, one.ticket, one.clock))
    return Forecast(days, tuple(ordered), since)


_DAY = timedelta(days=1)


def working_days(calendar: WorkCalendar, first: date, wanted: int) -> tuple[date, ...]:
    """The next working days, `first` among them if it is one."""
    ahead = (first + timedelta(days=n) for n in count())
    working = (day for day in ahead if is_working_day(calendar, day))
    return tuple(next(working) for _ in range(wanted))


def _running(scope: TicketQuerySet, at: datetime, end: datetime) -> Iterator[tuple[int, Promise]]:
    """What runs and comes due: it fires at its due at the latest, so the index of what fires serves it."""
    rows = Deadline.objects.filter(
        fires_at__lt=end,
        state=Deadline.State.RUNNING,
        clock__in=sorted(RED_CLOCKS),
        due_at__gt=at,
        due_at__lt=end,
        started_at__lte=at,
        ticket__in=scope.open().order_by(),
    ).values_list(
        *("ticket_id", "clock", "ticket__department__code", "ticket__region_id", "unit", "calendar_version_id"),
        *("started_at", "promised_due_at", "due_at"),
    )
    for ticket, clock, department, region, unit, calendar, started_at, promised_due_at, due_at in rows:
        times = (started_at, promised_due_at or due_at, due_at, None)
        yield ticket, Promise(clock, department or "", region, unit, calendar, *times, met=False)


def _stake(known: Paces, ticket: int, promise: Promise, *, at: datetime, days: Sequence[date]) -> Stake:
    used = promise.used(at)
    group, chance = known.chance(promise.groups, used)
    due_on = promise.due_at.astimezone(zone()).date()
    return Stake(
        ticket=ticket,
        clock=promise.clock,
        department=promise.department,
        due_at=promise.due_at,
        # what comes due on a day off is told with the next working day
        day=next(day for day in days if due_on <= day),
        used=used,
        group=group,  # type: ignore[arg-type]
        chance=chance,
    )


def _of_days(stakes: Sequence[Stake]) -> dict[date | None, Expected]:
    by_day = defaultdict[date | None, list[Stake]](list, {None: list(stakes)})
    for one in stakes:
        by_day[one.day].append(one)
    return {day: _expected(ones) for day, ones in by_day.items()}


def _expected(stakes: Iterable[Stake]) -> Expected:
    return expected((one.group, one.chance) for one in stakes)
