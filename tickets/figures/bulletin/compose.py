"""From figures to a bulletin's content: which sections, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q

from qihu.accounts.models import Department, Region, lies_in
from tickets.figures.bulletin.content import Content, Section
from tickets.figures.bulletin.departments import departments, red_and_black
from tickets.figures.bulletin.matters import NUMBERS, definitions, hot, late
from tickets.figures.bulletin.month import Month, MonthFigures, Place, counted_at, month_figures, requests_at
from tickets.figures.bulletin.overall import overall
from tickets.figures.measures import Part
from tickets.figures.rows import opened
from tickets.figures.window import Window, zone
from tickets.models import Ticket, Topic, TopicMember

_NUMERALS = "一二三四五六七八九"
_TOPICS = 8


def compose(
    place: Place, month: Month, *, as_of: datetime, known: datetime | None, edition: int, signed: str
) -> Content:
    """The bulletin of `place` for `month` at the cut-off `as_of`, by what was known then. Reads; writes nothing."""
    own = month_figures(place, month, as_of=as_of, known=known)
    others = (month.moved(-1), month.moved(-12))
    before = {other: month_figures(place, other, as_of=as_of, known=known) for other in others}
    local = as_of.astimezone(zone())
    sections = _sections(place, month, own, before)
    return Content(
        title=f"{place.name}{month.label}企业诉求闭环办理情况通报",
        number=f"TB-{place.code}-{month.first:%Y%m}-{edition:02d}",
        place=place.name,
        month=str(month),
        period=f"{month.label}1日至{month.label}{own.report.window.last_on.day}日",
        as_of=as_of,
        as_of_said=f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}",
        definitions=own.definitions,
        signed=signed,
        dated=f"{local.year}年{local.month}月{local.day}日",
        sections=tuple(sections),
    )


def _sections(place: Place, month: Month, own: MonthFigures, before: dict[Month, MonthFigures]) -> Iterator[Section]:
    heads = (f"{numeral}、" for numeral in _NUMERALS)
    groups, window = own.report.groups, own.report.window
    held = groups.get("department", ())
    yield overall(f"{next(heads)}总体情况", own, before)
    if isinstance(place, Region):
        yield departments(f"{next(heads)}部门情况", held, any_department=_has_departments(place))
        yield red_and_black(f"{next(heads)}红黑榜", held)
    yield hot(f"{next(heads)}诉求热点", groups, list(_topics(place, window)))
    yield late(f"{next(heads)}超期与挂起", own.report.figures, held, _numbered(place, window))
    yield definitions(f"{next(heads)}统计口径", own.report.figures, _basis(own))


def _has_departments(region: Region) -> bool:
    """Somebody who can lead a request there; partners only ever co-handle."""
    held = Department.objects.filter(lies_in(region.path), active=True).exclude(kind=Department.Kind.PARTNER)
    return held.exists()


def _topics(place: Place, window: Window) -> Iterator[tuple[Topic, int]]:
    """Common problems with the most requests of the month; restricted and test requests count nowhere."""
    near = Q(department=place) if isinstance(place, Department) else lies_in(place.path)
    asked = Q(
        members__state=TopicMember.State.MEMBER,
        members__ticket__submitted_at__gte=window.since,
        members__ticket__submitted_at__lt=window.until,
        members__ticket__restricted=False,
        members__ticket__test=False,
        members__ticket__in=requests_at(place),
    )
    found = Topic.objects.filter(near).annotate(asked=Count("members", filter=asked, distinct=True))
    most = dict(found.filter(asked__gt=0).order_by("-asked", "pk").values_list("pk", "asked")[:_TOPICS])
    topics = Topic.objects.in_bulk(most)
    for key, requests in most.items():
        yield topics[key], requests


def _numbered(place: Place, window: Window) -> dict[str, Sequence[Ticket]]:
    return {
        code: opened(window, figure=code, part=Part.NUMERATOR, scope=counted_at(place)).tickets[:NUMBERS]
        for code in ("overdue", "suspension")
    }


def _basis(own: MonthFigures) -> str:
    return (
        "按首次提交时间统计，并案的计一件，测试和限制知悉的诉求不计；各比率只计期限已到的诉求，"
        "区间为 Wilson 95 % 区间，n 为分母，分母为零不算比率。与其他月份比较时，各月都按同一截止时点统计。"
        f"口径第 {own.definitions} 版。"
    )
