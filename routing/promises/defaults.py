"""What a new installation starts with: the city's calendar and the promise table of domain.md §4, as rows."""

from collections.abc import Iterable
from datetime import date

import holidays
from django.db import transaction
from django.db.models.functions import Now

from qihu.audit.models import Action
from qihu.audit.record import record
from routing.promises.amount import Amount, parse_amount
from routing.promises.models import (
    Calendar,
    CalendarDay,
    CalendarVersion,
    LadderSwitch,
    Opening,
    Policy,
    PolicySet,
    Rung,
)

COVERAGE = (2015, 2026)  # the years whose State Council notice is in the package `holidays`
_HOURS = ((9 * 60, 12 * 60), (13 * 60 + 30, 17 * 60 + 30))
# Days off by law on the same date each year (国务院令第 795 号), assumed where no notice is loaded.
_FIXED = {
    "01-01": "元旦",
    "05-01": "劳动节",
    "05-02": "劳动节",
    "10-01": "国庆节",
    "10-02": "国庆节",
    "10-03": "国庆节",
}
_GRADES = (Policy.Grade.URGENT, Policy.Grade.L1, Policy.Grade.L2, Policy.Grade.L3, Policy.Grade.L4)
_NONE = "– – – – –"
_TABLE = {
    "ACCEPT": "30min 2wh 2wh 2wh 2wh",
    "COMPLETE": "1wd 5wd 5wd 5wd 5wd",
    "DISPATCH": "30min 2wh 2wh 4wh 1wd",
    "SIGN": "30min 2wh 2wh 2wh 4wh",
    "CONTACT": "1h 2wh 2wh 2wh 4wh",
    "INTERIM": "4h – 1wd 3wd 3wd",
    "RESOLVE": "24h 1wd 5wd 15wd 30wd",
    "ARBITRATE": "30min 4wh 4wh 1wd 1wd",
    "REVIEW": "1h 2wh 1wd 1wd 2wd",
    "RATE": "3wd 5wd 5wd 5wd 10wd",
    "CALL_BACK": "1wd 3wd 3wd 5wd 5wd",
    "LEG": "4h 1wd 3wd 5wd 10wd",
    "SUPERVISE": "4h 1wd 1wd 1wd 1wd",
    "FOLLOW_UP": _NONE,  # due on the date that was promised
    "REVIEW_HOLD": "– – 5wd 10wd 10wd",
    "NOTE": "4h – 2wd 5wd 10wd",
    "FULL": _NONE,  # reported, never promised
}
# No clocks, but amounts of the same table: how long a department may object, how far a promise may be extended.
_LIMITS = {
    "RETURN_WINDOW": "30min 4wh 1wd 1wd 1wd",
    "EXTENSION": "– 1wd 5wd 10wd 15wd",
}
_TIMES = {("EXTENSION", Policy.Grade.L4): 2}
_REWORK = {"RESOLVE": "1wd 2wd 5wd 10wd 15wd"}
_REPEAT = {"INTERIM": "– – – – 10wd", "FOLLOW_UP": "30d 30d 30d 30d 30d"}
_ALL = (_TABLE, _LIMITS, _REWORK, _REPEAT)
# The supervision ladder: position, code, measure, amount, only promises of so many working days, effect.
_LADDER = (
    (20, "used-70", Rung.Measure.SHARE, "70", None, Rung.Effect.YELLOW),
    (30, "left-1wd", Rung.Measure.BEFORE, "1wd", 5, Rung.Effect.YELLOW),
    (60, "late-1wd", Rung.Measure.AFTER, "1wd", None, Rung.Effect.SUPERVISE),
    (70, "late-3wd", Rung.Measure.AFTER, "3wd", None, Rung.Effect.TIER),
    (80, "late-5wd", Rung.Measure.AFTER, "5wd", None, Rung.Effect.LIST),
)


@transaction.atomic
def load_defaults() -> None:
    """Publish the city's calendar and the default table where none is. Run again, it changes nothing."""
    calendar, _ = Calendar.objects.get_or_create(
        code="330800", defaults={"name": "衢州市工作日历", "zone": "Asia/Shanghai", "region": ""}
    )
    if not calendar.versions.exists():
        _publish_calendar(calendar)
    if not PolicySet.objects.exists():
        _publish_policies(1, _ALL)
    elif not Policy.objects.filter(clock__in=_LIMITS).exists():
        _follow_newest([_LIMITS])
    elif not Rung.objects.exists():
        _follow_newest([])
    LadderSwitch.objects.get_or_create(pk=1)


def chinese_days(first: int, last: int) -> dict[date, tuple[bool, str]]:
    """Days off and make-up days of the State Council's notices: date → (working, name)."""
    notice = holidays.country_holidays("CN", years=range(first, last + 1), language="zh_CN")
    found = {on: (False, _plain(name)) for on, name in notice.items() if not notice.is_working_day(on)}
    found |= {on: (True, "调休上班") for on in sorted(notice.weekend_workdays) if notice.is_working_day(on)}
    return {on: found[on] for on in sorted(found) if first <= on.year <= last}


def _plain(name: str) -> str:
    """`休息日（由 2025-01-26 调休）` → `与 2025-01-26 调休`: it is shown behind the word 休息."""
    return name.replace("休息日（由 ", "与 ").removesuffix("）") if name.startswith("休息日（由 ") else name


def _publish_calendar(calendar: Calendar) -> None:
    first, last = COVERAGE
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=1,
        note=f"国务院办公厅 {first}–{last} 年节假日安排通知",
        coverage_first=first,
        coverage_last=last,
        fixed_days=_FIXED,
    )
    Opening.objects.bulk_create(
        Opening(version=version, weekday=weekday, opens=opens, closes=closes)
        for weekday in range(5)
        for opens, closes in _HOURS
    )
    CalendarDay.objects.bulk_create(
        CalendarDay(version=version, on=on, working=working, name=name)
        for on, (working, name) in chinese_days(first, last).items()
    )
    CalendarVersion.objects.filter(pk=version.pk).update(published_at=Now())
    record(Action.CALENDAR, actor=None, kind="promises.calendar", key=calendar.code, after={"number": version.number})


def _publish_policies(number: int, tables: Iterable[dict[str, str]], kept: Iterable[Policy] = ()) -> None:
    policy_set = PolicySet.objects.create(number=number, note="默认时限表")
    Policy.objects.bulk_create(
        Policy(
            set=policy_set,
            clock=clock,
            grade=grade,
            rework=table is _REWORK,
            repeat=table is _REPEAT,
            value=amount.value if amount else None,
            unit=amount.unit if amount else "",
            times=_TIMES.get((clock, grade), 1),
        )
        for table in tables
        for clock, cells in table.items()
        for grade, amount in zip(_GRADES, map(_cell, cells.split()), strict=True)
    )
    for row in kept:
        row.pk, row.set = None, policy_set
    Policy.objects.bulk_create(kept)
    Rung.objects.bulk_create(_rungs(policy_set))
    PolicySet.objects.filter(pk=policy_set.pk).update(published_at=Now())
    record(Action.PROMISES, actor=None, kind="promises.policyset", key=policy_set.number)


def _follow_newest(tables: Iterable[dict[str, str]]) -> None:
    """An installation from before these were part of the table: its newest set, and they."""
    newest = PolicySet.objects.filter(published_at__isnull=False).order_by("-number").first()
    if newest:
        highest = PolicySet.objects.order_by("-number").values_list("number", flat=True)[0]
        _publish_policies(highest + 1, tables, list(newest.policies.order_by("pk")))


def _rungs(policy_set: PolicySet) -> Iterable[Rung]:
    for position, code, measure, amount, at_least, effect in _LADDER:
        plain = measure == Rung.Measure.SHARE
        parsed = None if plain else parse_amount(amount)
        yield Rung(
            set=policy_set,
            clock="RESOLVE",
            position=position,
            code=code,
            measure=measure,
            value=parsed.value if parsed else int(amount),
            unit=parsed.unit if parsed else "",
            at_least=at_least,
            effect=effect,
        )


def _cell(text: str) -> Amount | None:
    return None if text == "–" else parse_amount(text)
