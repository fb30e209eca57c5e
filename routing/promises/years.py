"""A later year's notice becomes a new published version of a calendar; what was published stays as it was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from qihu.audit.models import Action
from qihu.audit.record import record
from routing.promises.amount import PromiseError
from routing.promises.book import published_calendar
from routing.promises.calendars import WorkCalendar
from routing.promises.drafts import rewrite
from routing.promises.models import Calendar, CalendarVersion
from routing.promises.notice import NoticeRow

if TYPE_CHECKING:
    from qihu.accounts.models import User


@dataclass(frozen=True, slots=True)
class Notice:
    """What a file says to a calendar: the calendar as it would be, the years it adds, the dates it changes."""

    old: WorkCalendar
    new: WorkCalendar
    years: tuple[int, ...]
    changed: tuple[date, ...]


def weigh(old: WorkCalendar, rows: Sequence[NoticeRow], *, today: date) -> Notice:
    """Put the rows over a calendar's dates and its coverage over their years (pure).

    PromiseError, one line for each fault: years that would leave a hole, a year without its fixed holidays, a date
    that is past in a covered year, days that make no calendar.
    """
    if old.coverage is None:
        raise PromiseError(f"工作日历“{old.code}”不依赖放假通知，无须载入")
    first, last = old.coverage
    years = tuple(sorted({row.on.year for row in rows} - set(range(first, last + 1))))
    faults = [
        *_holes(years, first, last),
        *_without_fixed(old, [year for year in years if year > last], rows),
        *_rewritten(old, rows, today),
    ]
    if faults:
        raise PromiseError("\n".join(faults))
    changed = {row.on: row.day for row in rows if old.days.get(row.on) != row.day}
    if not changed and not years:
        raise PromiseError("文件里的日期都已载入，没有要改的")
    new = replace(
        old,
        version=old.version + 1,
        days=dict(sorted({**old.days, **changed}.items())),
        coverage=(min(first, *years, last), max(last, *years, first)),
    )
    return Notice(old, new, years, tuple(changed))


@transaction.atomic
def load_notice(*, code: str, rows: Sequence[NoticeRow], author: "User | None", at: datetime) -> Notice:
    """Publish the calendar's next version with the rows, on record. PromiseError as `weigh` raises it: nothing stored.

    `code` blank: the calendar for everywhere. Two who load at once take turns.
    """
    Calendar.objects.select_for_update(no_key=True).filter(**({"code": code} if code else {"region": ""})).first()
    old = published_calendar(code)
    notice = weigh(old, rows, today=at.astimezone(old.zone).date())
    version = _write(notice, at)
    record(
        Action.CALENDAR,
        actor=author,
        kind="promises.calendar",
        key=old.code,
        before={"number": old.version, "coverage": old.coverage},
        after={"number": version.number, "coverage": notice.new.coverage},
        at=at,
    )
    return replace(notice, new=replace(notice.new, version=version.number))


def _write(notice: Notice, at: datetime) -> CalendarVersion:
    calendar = Calendar.objects.get(code=notice.old.code)
    newest = calendar.versions.order_by("-number").values_list("number", flat=True)[0]  # drafts have numbers too
    first, last = notice.new.coverage or (None, None)
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=newest + 1,
        note=_note(notice),
        coverage_first=first,
        coverage_last=last,
        fixed_days={f"{month:02}-{day:02}": name for (month, day), name in notice.new.fixed.items()},
    )
    rewrite(version, notice.new)
    CalendarVersion.objects.filter(pk=version.pk).update(published_at=at)
    return version


def _note(notice: Notice) -> str:
    years = "、".join(map(str, notice.years))
    return f"载入 {years} 年放假通知" if years else f"更正 {len(notice.changed)} 个日期"


def _holes(years: Sequence[int], first: int, last: int) -> Iterable[str]:
    """Years between the loaded ones and the new ones, of which the file has no date."""
    if years:
        reach = range(min(years[0], first), max(years[-1], last) + 1)
        for year in (one for one in reach if not first <= one <= last and one not in years):
            yield f"{year} 年没有放假通知，载入后会有空档；已载入 {first}–{last} 年"


def _without_fixed(old: WorkCalendar, years: Sequence[int], rows: Sequence[NoticeRow]) -> Iterable[str]:
    """A date or two of a year is no notice of that year. (Of years to come: earlier ones had other holidays by law.)"""
    off = {row.on for row in rows if not row.day.working} | {on for on, day in old.days.items() if not day.working}
    for year in years:
        missing = [
            f"{month:02}-{day:02} {name}"
            for (month, day), name in old.fixed.items()
            if date(year, month, day) not in off
        ]
        if missing:
            yield f"{year} 年的通知不全，缺少法定节日：{'、'.join(missing)}"


def _rewritten(old: WorkCalendar, rows: Sequence[NoticeRow], today: date) -> Iterable[str]:
    first, last = old.coverage or (0, 0)
    for row in rows:
        if first <= row.on.year <= last and row.on < today and old.days.get(row.on) != row.day:
            yield f"第 {row.line} 行：{row.on} 已经过去，载入通知不能改写"
