"""Verbs on versions: copy one into a draft, put a draft in force. A published version is never changed again."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.errors import Conflict, Invalid, Unknown
from routing.promises.amount import PromiseError
from routing.promises.book import read_calendar
from routing.promises.calendars import WorkCalendar
from routing.promises.models import Calendar, CalendarDay, CalendarVersion, Opening, Policy, PolicySet, Rung
from routing.promises.splice import spliced

if TYPE_CHECKING:
    from qihu.accounts.models import User


@transaction.atomic
def copy_policies(*, set_id: int, author: User | None) -> PolicySet:
    """A draft with the next number, rows and ladder: to edit, or to go back to an earlier version (roll-back)."""
    source = PolicySet.objects.filter(pk=set_id).first()
    if source is None:
        raise Unknown("没有这一版时限政策")
    draft = PolicySet.objects.create(number=_next(PolicySet.objects.all()), note=f"由第 {source.number} 版拟稿")
    rows = list(source.policies.order_by("pk"))
    for row in rows:
        row.pk, row.set = None, draft
    Policy.objects.bulk_create(rows)
    rungs = list(source.rungs.order_by("pk"))
    for rung in rungs:
        rung.pk, rung.set = None, draft
    Rung.objects.bulk_create(rungs)
    _drafted("promises.policyset", draft.number, source.number, author)
    return draft


@transaction.atomic
def copy_calendar(*, version_id: int, author: User | None, into: Calendar | None = None) -> CalendarVersion:
    """A draft with the calendar's next number and the same openings and dates; `into`: for another calendar."""
    source = CalendarVersion.objects.select_related("calendar").filter(pk=version_id).first()
    if source is None:
        raise Unknown("没有这一版工作日历")
    calendar = into or source.calendar
    draft = CalendarVersion.objects.create(
        calendar=calendar,
        number=_next(calendar.versions.all()),
        note=f"由第 {source.number} 版拟稿",
        coverage_first=source.coverage_first,
        coverage_last=source.coverage_last,
        fixed_days=source.fixed_days,
    )
    openings, days = list(source.openings.order_by("pk")), list(source.days.order_by("on"))
    for opening in openings:
        opening.pk, opening.version = None, draft
    for day in days:
        day.pk, day.version = None, draft
    Opening.objects.bulk_create(openings)
    CalendarDay.objects.bulk_create(days)
    _drafted("promises.calendarversion", draft.pk, source.pk, author)
    return draft


@transaction.atomic
def publish_policies(*, set_id: int, author: User | None, at: datetime, reason: str = "") -> PolicySet:
    """Put a draft in force for every promise that starts from now on.

    Conflict: published already, or older than the one in force. Invalid: it promises nothing.
    """
    draft = PolicySet.objects.select_for_update().filter(pk=set_id).first()
    if draft is None:
        raise Unknown("没有这一版时限政策")
    current = PolicySet.objects.filter(published_at__isnull=False).order_by("-number").first()
    _refuse_old(draft, current)
    if not draft.policies.filter(value__isnull=False).exists():
        raise Invalid("这一版没有任何时限，不能启用")
    PolicySet.objects.filter(pk=draft.pk).update(published_at=at)
    draft.published_at = at
    _published(Action.PROMISES, "promises.policyset", draft.number, (current, draft), (author, at, reason))
    return draft


@transaction.atomic
def publish_calendar(
    *,
    version_id: int,
    author: User | None,
    at: datetime,
    reason: str = "",
    effective_on: date | None = None,
    correction: bool = False,
) -> CalendarVersion:
    """Put a draft in force. Its past becomes its predecessor's, unless it is a `correction` (`splice.spliced`).

    `effective_on` defaults to today in the calendar's zone. Conflict: published already, or older than the one in
    force. Invalid: no calendar, fewer years covered, effective in the past.
    """
    draft = CalendarVersion.objects.select_for_update(of=("self",)).select_related("calendar").filter(pk=version_id)
    version = draft.first()
    if version is None:
        raise Unknown("没有这一版工作日历")
    current = in_force(version)
    _refuse_old(version, current)
    today = at.astimezone(ZoneInfo(version.calendar.zone)).date()
    if current and not correction:
        rewrite(version, future_only(current, version, effective_on=effective_on or today, today=today))
    else:
        _read(version)
    CalendarVersion.objects.filter(pk=version.pk).update(published_at=at)
    version.published_at = at
    _published(Action.CALENDAR, "promises.calendar", version.calendar.code, (current, version), (author, at, reason))
    return version


def in_force(version: CalendarVersion) -> CalendarVersion | None:
    """The newest published version of the same calendar, other than this one."""
    published = version.calendar.versions.filter(published_at__isnull=False).exclude(pk=version.pk)
    return published.select_related("calendar").order_by("-number").first()


def future_only(current: CalendarVersion, draft: CalendarVersion, *, effective_on: date, today: date) -> WorkCalendar:
    """The draft as it would be published for the days from `effective_on`. Invalid, in Chinese, where it cannot."""
    if effective_on < today:
        raise Invalid("生效日期不能早于今天；更正过去的日期请选“更正过去”。", fields={"effective_on": "不能早于今天。"})
    new = _read(draft)
    old = read_calendar(current)
    if old.coverage and (new.coverage is None or new.coverage[1] < old.coverage[1]):
        raise Invalid(f"官方通知的年份不能少于现行版（至 {old.coverage[1]} 年）")
    try:
        return spliced(old, new, effective_on=effective_on)
    except PromiseError as wrong:
        raise Invalid(str(wrong)) from wrong


def rewrite(version: CalendarVersion, calendar: WorkCalendar) -> None:
    """Make the rows of a draft say what `calendar` says."""
    version.openings.all().delete()
    version.days.all().delete()
    Opening.objects.bulk_create(
        Opening(version=version, weekday=o.weekday, opens=o.opens, closes=o.closes, from_on=o.from_on, to_on=o.to_on)
        for o in calendar.weekly
    )
    CalendarDay.objects.bulk_create(
        CalendarDay(
            version=version,
            on=on,
            working=day.working,
            name=day.name,
            openings=None if day.openings is None else [list(span) for span in day.openings],
        )
        for on, day in calendar.days.items()
    )


def _read(version: CalendarVersion) -> WorkCalendar:
    try:
        return read_calendar(version)
    except PromiseError as wrong:
        raise Invalid(str(wrong)) from wrong


def _refuse_old(draft: PolicySet | CalendarVersion, current: PolicySet | CalendarVersion | None) -> None:
    if draft.published_at is not None:
        raise Conflict(f"第 {draft.number} 版已经启用，不能再改；请从它拟稿")
    if current and current.number > draft.number:
        raise Conflict(f"第 {current.number} 版已经启用，请从它拟稿再启用")


def _next(versions: object) -> int:
    """The next free number; two who ask at once collide on the unique column."""
    return int(versions.aggregate(top=Max("number"))["top"] or 0) + 1  # type: ignore[attr-defined]


def _drafted(kind: str, key: int, source: int, author: User | None) -> None:
    record(Action.ADDED, actor=author, kind=kind, key=key, after={"copied_from": source})


def _published(
    action: Action,
    kind: str,
    key: object,
    versions: tuple[PolicySet | CalendarVersion | None, PolicySet | CalendarVersion],
    by: tuple[User | None, datetime, str],
) -> None:
    old, new = versions
    author, at, reason = by
    before = {"number": old.number} if old else None
    record(action, actor=author, kind=kind, key=key, before=before, after={"number": new.number}, reason=reason, at=at)
