"""Who has how much to do: open, closed and broken by department and officer, and capacity against what is coming."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from routing.promises.calendars import WorkCalendar
from routing.promises.worktime import is_working_day
from tickets.figures.arrivals import Coming, coming
from tickets.figures.forecast import working_days
from tickets.figures.interval import RANKED_FROM
from tickets.figures.ladder import BROKEN
from tickets.figures.window import Window, of_dates, zone
from tickets.models import Alert, Event
from tickets.models.lists import TicketQuerySet
from tickets.terms import RED_CLOCKS
from tickets.workflow import MOVES, Status

SENTENCE = (
    "在办、其中有时限已破的为此刻；办结按时段内办结的次数，红灯按时段内签收、联系、答复超期的次数；"
    "都记在现在的主办部门和经办人名下。"
)
CAPACITY_SENTENCE = (
    "办结能力＝近 20 个工作日（不含今天）的办结次数 ÷ 20；预计来件＝最近 8 周同类日子（同为周几的工作日，或休息日）"
    "来件的平均，合计明天起 5 个工作日和其间的休息日，括号内为 80 % 区间；积压天数＝在办 ÷ 每个工作日的办结，"
    "办结不足 20 次的不算；五日后＝在办 ＋ 预计来件 − 5 × 办结能力，不低于 0。"
)
PACE_DAYS, WEEKS, AHEAD = 20, 8, 5
CLOSED_BY = sorted({str(move.action) for move in MOVES if move.target == Status.CLOSED})
_DAY = timedelta(days=1)
Key = tuple[str, int | None]
"""A department's code and an officer's key; None: nobody yet, or all of them where officers are not told apart."""


@dataclass(frozen=True, slots=True)
class Held:
    """Of one department, or one of its officers: open now, of these late, closed and broken in the window."""

    department: str
    officer: int | None
    name: str
    open: int
    late: int
    closed: int
    broken: int
    is_officer: bool = False


def held(window: Window, *, scope: TicketQuerySet, officers_of: Sequence[str] = ()) -> tuple[Held, ...]:
    """Departments, most open first; then the officers of `officers_of`. Three queries, six with officers."""
    departments = _held(window, scope, by_officer=False)
    if not officers_of:
        return departments
    mine = scope.filter(department__code__in=list(officers_of))
    return departments + _held(window, mine, by_officer=True)


def _held(window: Window, scope: TicketQuerySet, *, by_officer: bool) -> tuple[Held, ...]:
    by = ("department__code", "officer", "officer__name") if by_officer else ("department__code",)
    here: Any = scope.open().order_by().values(*by).annotate(n=Count("pk"), late_=Count("pk", filter=Q(late=True)))
    open_, late, names = Counter[Key](), Counter[Key](), dict[Key, str]()
    for row in here:
        key = _key(row, "")
        open_[key], late[key] = row["n"], row["late_"]
        names[key] = row.get("officer__name") or ""
    done = _by(closings(window, scope), "ticket__", by, names)
    red = _by(breaches(window, scope), "deadline__ticket__", by, names)
    rows = [
        Held(*key, names[key], open_[key], late[key], done[key], red[key], by_officer) for key in {*open_, *done, *red}
    ]
    return tuple(sorted(rows, key=lambda row: (-row.open, -row.closed, row.department, row.officer or 0)))


def _by(found: QuerySet[Any], path: str, by: Sequence[str], names: dict[Key, str]) -> Counter[Key]:
    counts = Counter[Key]()
    rows: Any = found.order_by().values(*(f"{path}{one}" for one in by)).annotate(n=Count("pk"))
    for row in rows:
        key = _key(row, path)
        counts[key] = row["n"]
        names.setdefault(key, row.get(f"{path}officer__name") or "")
    return counts


def _key(row: Mapping[str, Any], path: str) -> Key:
    return row[f"{path}department__code"] or "", row.get(f"{path}officer")


def open_now(scope: TicketQuerySet, *, late: bool, department: str | None, officer: str | None) -> TicketQuerySet:
    """Exactly the open requests behind one number, soonest due first."""
    found = scope.open().filter(late=True) if late else scope.open()
    return found.filter(whose("", department, officer)).for_lists().soonest_first()


def closings(window: Window, scope: TicketQuerySet) -> QuerySet[Event]:
    """Each closing in the window, by the log: what was closed twice was work twice. The index (kind, time) serves."""
    return Event.objects.filter(
        kind__in=CLOSED_BY,
        to_status=Status.CLOSED,
        happened_at__gte=window.since,
        happened_at__lt=window.until,
        happened_at__lte=window.as_of,
        ticket__in=scope.order_by(),
    )


def breaches(window: Window, scope: TicketQuerySet) -> QuerySet[Alert]:
    """Each red light in the window. The index on the alerts' time serves it."""
    return Alert.objects.filter(
        threshold=BROKEN,
        at__gte=window.since,
        at__lt=window.until,
        at__lte=window.as_of,
        deadline__clock__in=sorted(RED_CLOCKS),
        deadline__ticket__in=scope.order_by(),
    )


def whose(path: str, department: str | None, officer: str | None) -> Q:
    """Of that department ("": of none) and that officer (a key, "": nobody yet); None: of any."""
    found = Q()
    if department is not None:
        found &= Q(**({f"{path}department__code": department} if department else {f"{path}department": None}))
    if officer is not None:
        found &= Q(**({f"{path}officer": int(officer)} if officer else {f"{path}officer": None}))
    return found


@dataclass(frozen=True, slots=True)
class Capacity:
    """Of one department: closings in the last working days, what is coming, and what that makes of what is open."""

    department: str
    open: int
    closed: int
    coming: Coming

    @property
    def a_day(self) -> float:
        """Closings a working day."""
        return self.closed / PACE_DAYS

    @property
    def backlog(self) -> float | None:
        """Working days until all that is open is closed; None where too few closings tell."""
        return self.open / self.a_day if self.closed >= RANKED_FROM else None

    @property
    def then(self) -> float:
        """Open after the days looked ahead."""
        return max(0.0, self.open + self.coming.mean - AHEAD * self.a_day)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Capacity by department, longest backlog first; the windows looked back at, and the dates looked ahead to."""

    departments: tuple[Capacity, ...]
    closed_in: Window
    came_in: Window
    ahead: tuple[date, ...]


def capacity(scope: TicketQuerySet, *, at: datetime, calendar: WorkCalendar) -> Outlook:
    """Three queries."""
    today = at.astimezone(zone()).date()
    closed_in = of_dates(_working_days_ago(calendar, today, PACE_DAYS), today, as_of=at)
    came_in = of_dates(today - timedelta(weeks=WEEKS), today, as_of=at)
    last = working_days(calendar, today + _DAY, AHEAD)[-1]
    ahead = tuple(today + timedelta(days=n) for n in range(1, (last - today).days + 1))
    looked = [came_in.since_on + timedelta(days=n) for n in range(7 * WEEKS)]
    came = _came(came_in, scope)
    open_ = _count(scope.open(), "department__code")
    closed = _count(closings(closed_in, scope), "ticket__department__code")
    rows = [
        Capacity(code, open_[code], closed[code], coming(came[code], looked, ahead, calendar))
        for code in sorted({*open_, *closed, *came} - {""})
    ]
    ordered = sorted(rows, key=lambda row: (row.backlog is None, -(row.backlog or 0), -row.open, row.department))
    return Outlook(tuple(ordered), closed_in, came_in, ahead)


def _working_days_ago(calendar: WorkCalendar, today: date, days: int) -> date:
    """The first of the last `days` working days before today."""
    back = (today - timedelta(days=n) for n in count(1))
    working = (on for on in back if is_working_day(calendar, on))
    return [next(working) for _ in range(days)][-1]


def came(window: Window, scope: TicketQuerySet) -> TicketQuerySet:
    """First submitted in the window; parts of split requests, too: their departments have them to do."""
    return scope.filter(submitted_at__gte=window.since, submitted_at__lt=window.until, submitted_at__lte=window.as_of)


def _came(window: Window, scope: TicketQuerySet) -> defaultdict[str, dict[date, int]]:
    found = defaultdict[str, dict[date, int]](dict)
    days = came(window, scope).order_by().annotate(on=TruncDate("submitted_at", tzinfo=zone()))
    for code, on, n in days.values_list("department__code", "on").annotate(n=Count("pk")):
        found[code or ""][on] = n
    return found


def _count(found: QuerySet[Any], by: str) -> Counter[str]:
    rows: Any = found.order_by().values_list(by).annotate(n=Count("pk"))
    return Counter({code or "": n for code, n in rows})
