"""The promises in force: which amount, which calendar. One query tells the versions, the rest is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from routing.promises.amount import Amount, PromiseError
from routing.promises.calendars import Day, Opening, WorkCalendar
from routing.promises.models import CalendarVersion, Policy

# Written out: every move asks this, and composing it through the ORM each time cost a sixth of a submission.
_IN_FORCE = """
SELECT (SELECT id FROM promises_policyset WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 1),
       version.id, calendar.code, calendar.region, calendar.department
  FROM promises_calendarversion version
  JOIN promises_calendar calendar ON calendar.id = version.calendar_id
 WHERE version.id = (SELECT id FROM promises_calendarversion
                      WHERE calendar_id = calendar.id AND published_at IS NOT NULL ORDER BY number DESC LIMIT 1)
 ORDER BY version.id
"""

_Slot = tuple[str, str, bool, bool]  # clock, grade, rework, repeat
Table = Mapping[_Slot, tuple[Policy, ...]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a promise is priced by, beside its clock. `region` is a code or a path of codes joined by '/'."""

    grade: str
    _: KW_ONLY
    rework: bool = False
    repeat: bool = False
    region: str = ""
    channel: str = ""
    category: str = ""


def choose(table: Table, clock: str, facts: Facts) -> Policy | None:
    """The row of a table that decides, by the rules of `PromiseBook.row`."""
    nearness = {code: -i for i, code in enumerate(lineage(facts.region))}
    fitting = [
        ((row.rework, bool(row.category), bool(row.channel), nearness[row.region]), row)
        for kind in {facts.rework, False}
        for row in table.get((clock, facts.grade, kind, facts.repeat), ())
        if row.category in {"", facts.category} and row.channel in {"", facts.channel} and row.region in nearness
    ]
    return max(fitting, key=itemgetter(0))[1] if fitting else None


@dataclass(frozen=True, slots=True)
class Published:
    """A calendar's newest published version: its key, the calendar's code, the region or department it is for."""

    version_id: int
    code: str
    region: str | None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class PromiseBook:
    """One policy set and one version of each calendar: immutable, so it may be kept as long as wanted."""

    policy_set_id: int
    published: tuple[Published, ...]

    def amount(
        self,
        clock: str,
        *,
        grade: str,
        rework: bool = False,
        repeat: bool = False,
        region: str = "",
        channel: str = "",
        category: str = "",
    ) -> Amount | None:
        """What is promised, or None: the amount of `row`."""
        found = self.row(
            clock, grade=grade, rework=rework, repeat=repeat, region=region, channel=channel, category=category
        )
        return found.amount() if found else None

    def row(
        self,
        clock: str,
        *,
        grade: str,
        rework: bool = False,
        repeat: bool = False,
        region: str = "",
        channel: str = "",
        category: str = "",
    ) -> Policy | None:
        """The policy that decides, or None. The most specific row does: category, then channel, then region.

        A rework without rows of its own is promised like the first time; a repetition never is: where the
        table names none, the clock does not run again. `region` is a code or a path of codes joined by '/'.
        """
        facts = Facts(grade, rework=rework, repeat=repeat, region=region, channel=channel, category=category)
        return choose(published_table(self.policy_set_id), clock, facts)

    @property
    def departmental(self) -> bool:
        """Whether any department keeps hours of its own."""
        return any(one.department for one in self.published)

    def calendar_version_id(self, region: str = "", *, department: str = "") -> int:
        """Key of the calendar version of a department, else for a region or its nearest ancestor.

        `department` is the code of whoever the clock is on (a hotline that never closes, a window with hours of its
        own); blank where it is on nobody's desk. PromiseError if there is none.
        """
        for one in self.published:
            if department and one.department == department:
                return one.version_id
        by_region = {one.region: one.version_id for one in self.published}
        for code in lineage(region):
            if code in by_region:
                return by_region[code]
        raise PromiseError(f"没有适用于区划“{region}”的工作日历，请先载入或发布工作日历")

    def calendar(self, region: str = "", *, department: str = "") -> WorkCalendar:
        """The calendar for a department or a region, ready to compute with."""
        return calendar_version(self.calendar_version_id(region, department=department))


def current_book() -> PromiseBook:
    """The newest published policy set and calendars: one query. PromiseError before any was published."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE)
        rows = cursor.fetchall()
    if not rows or rows[0][0] is None:
        raise PromiseError("还没有发布时限政策或工作日历，请先载入默认数据")
    return PromiseBook(rows[0][0], tuple(Published(*row[1:]) for row in rows))


def published_calendar(code: str = "") -> WorkCalendar:
    """The newest published version of a calendar by its code; without one, the calendar for everywhere."""
    chosen = {"calendar__code": code} if code else {"calendar__region": ""}
    version_id = _newest_versions().filter(**chosen).values_list("pk", flat=True).first()
    if version_id is None:
        named = f"工作日历“{code}”" if code else "默认工作日历"
        raise PromiseError(f"没有已发布的{named}，请先载入或发布工作日历")
    return calendar_version(version_id)


@lru_cache(maxsize=256)
def calendar_version(version_id: int) -> WorkCalendar:
    """One published version, kept: it never changes, and a promise keeps the calendar it started with.

    PromiseError for an unknown key and for rows that make no calendar.
    """
    version = CalendarVersion.objects.select_related("calendar").filter(pk=version_id).first()
    if version is None:
        raise PromiseError(f"没有编号为 {version_id} 的工作日历版本")
    return read_calendar(version)


def read_calendar(version: CalendarVersion) -> WorkCalendar:
    """A version as its rows say now; for drafts, which change. PromiseError for rows that make no calendar."""
    return WorkCalendar(
        code=version.calendar.code,
        version=version.number,
        zone=ZoneInfo(version.calendar.zone),
        weekly=tuple(
            Opening(row.weekday, row.opens, row.closes, row.from_on, row.to_on)
            for row in version.openings.order_by("pk")
        ),
        days={row.on: _day(row.working, row.openings, row.name) for row in version.days.order_by("on")},
        coverage=_coverage(version),
        fixed={(int(on[:2]), int(on[3:])): name for on, name in version.fixed_days.items()},
    )


def lineage(region: str) -> tuple[str, ...]:
    """A region, its ancestors, and at last "" for everywhere.

    From a path its parts; from a single GB/T 2260 code the county, city and province it begins with.
    """
    parts = [part for part in region.split("/") if part]
    if len(parts) == 1:
        return tuple(dict.fromkeys([*_gb2260(parts[0]), ""]))
    return (*reversed(parts), "")


def _gb2260(code: str) -> Iterator[str]:
    yield code
    if code.isdigit() and len(code) >= 6:
        yield from (code[:6], f"{code[:4]}00", f"{code[:2]}0000")


def _newest_versions() -> QuerySet[CalendarVersion]:
    published = CalendarVersion.objects.filter(published_at__isnull=False)
    return published.filter(
        pk=Subquery(published.filter(calendar=OuterRef("calendar")).order_by("-number").values("pk")[:1])
    ).order_by("pk")


@lru_cache(maxsize=64)
def published_table(policy_set_id: int) -> Table:
    """The rows of a published set, kept: they never change."""
    return read_table(policy_set_id)


def read_table(policy_set_id: int) -> Table:
    """The rows of a set as they are now; for drafts, which change."""
    found: dict[_Slot, tuple[Policy, ...]] = {}
    for row in Policy.objects.filter(set_id=policy_set_id).order_by("pk"):
        slot = (row.clock, row.grade, row.rework, row.repeat)
        found[slot] = (*found.get(slot, ()), row)
    return found


def _day(working: bool, openings: list[list[int]] | None, name: str) -> Day:  # noqa: FBT001 - a row's columns
    hours = None if openings is None else tuple((opens, closes) for opens, closes in openings)
    return Day(working, hours, name)


def _coverage(version: CalendarVersion) -> tuple[int, int] | None:
    if version.coverage_first is None or version.coverage_last is None:
        return None
    return version.coverage_first, version.coverage_last
