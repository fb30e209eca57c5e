"""One month of one place, and its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from qihu.accounts.models import Department, Region, lies_in
from qihu.errors import Invalid
from tickets.figures.count import Report, report
from tickets.figures.measures import editions
from tickets.figures.scope import Scope, scope_of
from tickets.figures.window import Window, months_on, of_dates, zone
from tickets.models import FrozenMonth, Ticket
from tickets.models.lists import TicketQuerySet

Place = Region | Department
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month, by its first local day."""

    first: date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def label(self) -> str:
        """2026年2月."""
        return f"{self.first.year}年{self.first.month}月"

    @property
    def end(self) -> date:
        """The day after its last."""
        return self.moved(1).first

    def moved(self, months: int) -> Month:
        """So many months later."""
        return Month(months_on(self.first, months))

    def window(self, as_of: datetime, known: datetime | None = None) -> Window:
        """The month at the cut-off `as_of`, by what was known then (None: is known today)."""
        return replace(of_dates(self.first, self.end, as_of=as_of), known=known)


def month_of(at: datetime) -> Month:
    """The local month of a moment."""
    return Month(at.astimezone(zone()).date().replace(day=1))


def month_from(typed: str, *, at: datetime) -> Month:
    """Of 2026-02. Raises `Invalid` for what is no month, and for one that is not over at `at`."""
    found = _MONTH.fullmatch(typed.strip())
    if found is None:
        raise _wrong("月份应写成 2026-02 这样。")
    month = Month(date(int(found[1]), int(found[2]), 1))
    if month.end > at.astimezone(zone()).date():
        day = month.end
        raise _wrong(f"{month.label}还没有结束，{day.year}年{day.month}月{day.day}日起才能出这个月的通报。")
    return month


def _wrong(said: str) -> Invalid:
    return Invalid(said, fields={"month": said})


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """A month's figures; `definitions`: the version they were counted by; `remarks`: what a reader must know of them
    (that they are frozen; what was restated since, and why).
    """

    report: Report
    definitions: str
    remarks: tuple[str, ...] = ()


def month_figures(place: Place, month: Month, *, as_of: datetime, known: datetime | None) -> MonthFigures:
    """The figures of that month: the one place where a bulletin gets numbers from.

    A frozen month is quoted as it was frozen, by its edition of the definitions, with what was restated since.
    """
    by = ("department", "category", "chain_tag", "week") if isinstance(place, Region) else ("category", "week")
    frozen = frozen_at(month, as_of)
    edition = editions()[frozen.definitions] if frozen else None
    window = window_at(month, as_of=as_of, known=known)
    found = report(window, by=by, scope=counted_at(place), definitions=edition)
    remarks = tuple(_remarks(frozen, month)) if frozen else ()
    return MonthFigures(report=found, definitions=str(found.edition), remarks=remarks)


def window_at(month: Month, *, as_of: datetime, known: datetime | None) -> Window:
    """What a bulletin of that cut-off counts of a month: as it was frozen, where it had been."""
    frozen = frozen_at(month, as_of)
    return month.window(frozen.as_of, frozen.known_at) if frozen else month.window(as_of, known)


def frozen_at(month: Month, as_of: datetime) -> FrozenMonth | None:
    """The month, where it had been frozen by then."""
    return FrozenMonth.objects.filter(month=month.first, frozen_at__lte=as_of).first()


def _remarks(frozen: FrozenMonth, month: Month) -> Iterator[str]:
    day = frozen.as_of.astimezone(zone())
    yield f"{month.label}的数已经冻结，截至 {day.year}年{day.month}月{day.day}日，之后的变化不改这里的数。"
    for one in frozen.restatements.order_by("ordinal"):
        yield f"第 {one.ordinal} 次重述：{one.reason}。重述的数见看板“冻结”。"


def counted_at(place: Place) -> Scope:
    """What figures of a place count, whoever reads them: the region with everything below it, or what one
    department leads.
    """
    if isinstance(place, Department):
        return scope_of(departments=[place.code])
    return scope_of(regions=[place.path])


def requests_at(place: Place) -> TicketQuerySet:
    """The requests of a place."""
    if isinstance(place, Department):
        return Ticket.objects.filter(department=place)
    return Ticket.objects.filter(lies_in(place.path))
