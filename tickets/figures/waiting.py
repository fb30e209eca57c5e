"""Where requests wait: opening time by step, and by step and department, from the projection of the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, Count, FloatField, Q, QuerySet

from tickets.figures.interval import RANKED_FROM
from tickets.figures.seen import told_of
from tickets.figures.window import Window
from tickets.models import Stay
from tickets.models.lists import TicketQuerySet
from tickets.workflow import OPEN, Status

SENTENCE = (
    "计时段内开始的步骤，用时按工作时间；中位数和 P90（从小到大第 90 % 个）只计已结束的，仍停在这一步的另列件数。"
    "一件诉求几次走到同一步，各计一次；拆分后的子件各自计。"
)
STEPS = tuple(status for status in Status if status in OPEN)
"""In the order of the table of moves."""


class _Median(Aggregate):
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class _P90(Aggregate):
    """By nearest rank, which is what percentile_disc does."""

    template = "percentile_disc(0.9) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Wait:
    """One step, of one department or (None) of all; "" where no department leads.

    `n` steps ended, with their median and P90 in opening seconds; `waiting` are still at it.
    """

    status: Status
    department: str | None
    n: int
    median: float | None
    p90: float | None
    waiting: int

    @property
    def ranked(self) -> bool:
        """Enough to be compared."""
        return self.n >= RANKED_FROM


def waits(window: Window, *, scope: TicketQuerySet) -> tuple[Wait, ...]:
    """Every step of the window: first of all departments together, then department by department. Two queries."""
    found = _of_window(window, scope)
    whole = [_wait(row, None) for row in _measured(found, window, ["status"])]
    divided = [_wait(row, row["department"]) for row in _measured(found, window, ["department", "status"])]
    return tuple(sorted(whole, key=lambda wait: STEPS.index(wait.status)) + divided)


def stays(
    window: Window, *, scope: TicketQuerySet, part: str, status: str = "", department: str | None = None
) -> QuerySet[Stay]:
    """Exactly the steps behind one number, longest first; `part`: `ended` or `waiting`."""
    found = _of_window(window, scope).filter(_ended(window) if part == "ended" else ~_ended(window))
    found = found.filter(status=status) if status else found
    found = found if department is None else found.filter(department=department)
    order = ("-work_seconds", "pk") if part == "ended" else ("since", "pk")
    return found.select_related(*told_of("ticket__")).order_by(*order)


def _of_window(window: Window, scope: TicketQuerySet) -> QuerySet[Stay]:
    """Begun in the window, as far as it had come by the cut-off; the index on `since` serves it."""
    inside = Q(since__gte=window.since, since__lt=window.until, since__lte=window.as_of)
    return Stay.objects.filter(inside, ticket__in=scope.order_by())


def _ended(window: Window) -> Q:
    return Q(until__isnull=False, until__lte=window.as_of)


def _measured(found: QuerySet[Stay], window: Window, by: list[str]) -> Iterable[dict[str, Any]]:
    ended = _ended(window)
    rows: Iterable[dict[str, Any]] = (
        found.order_by(*by)
        .values(*by)
        .annotate(
            n=Count("pk", filter=ended),
            waiting=Count("pk", filter=~ended),
            median=_Median("work_seconds", filter=ended),
            p90=_P90("work_seconds", filter=ended),
        )
    )
    return rows


def _wait(row: dict[str, Any], department: str | None) -> Wait:
    return Wait(Status(row["status"]), department, row["n"], row["median"], row["p90"], row["waiting"])
