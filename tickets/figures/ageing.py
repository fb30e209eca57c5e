"""How old the open requests are, now, and whose they are: read from the requests themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from qihu.errors import Invalid
from tickets.models.lists import TicketQuerySet

SENTENCE = "此刻仍未办结的诉求，按首次提交至今的自然日分段；没有主办部门的列在受理中心。"


@dataclass(frozen=True, slots=True)
class Band:
    """Days since the first submission, `[low, high)`; None: no end."""

    code: str
    label: str
    low: int
    high: int | None

    def holds(self, at: datetime) -> Q:
        """Submitted so long before `at`."""
        young = Q() if self.high is None else Q(submitted_at__gt=at - timedelta(days=self.high))
        return young & (Q(submitted_at__lte=at - timedelta(days=self.low)) if self.low else Q())


BANDS = (
    Band("d1", "24 小时内", 0, 1),
    Band("d3", "1–3 天", 1, 3),
    Band("d7", "3–7 天", 3, 7),
    Band("d15", "7–15 天", 7, 15),
    Band("d30", "15–30 天", 15, 30),
    Band("d60", "30–60 天", 30, 60),
    Band("older", "60 天以上", 60, None),
)


@dataclass(frozen=True, slots=True)
class Aged:
    """Open requests of one department ("": none leads): by band in the order of `BANDS`, late ones, all."""

    department: str
    counts: tuple[int, ...]
    late: int
    total: int
    oldest: datetime


def ageing(scope: TicketQuerySet, *, at: datetime) -> tuple[Aged, ...]:
    """By department, most open requests first. One query over the open ones."""
    bands = {band.code: Count("pk", filter=band.holds(at)) for band in BANDS}
    rows: Any = (  # its columns are named by the bands
        scope.open()
        .order_by("department__code")
        .values("department__code")
        .annotate(total=Count("pk"), late_=Count("pk", filter=Q(late=True)), oldest=Min("submitted_at"), **bands)
    )
    found = [
        Aged(
            department=row["department__code"] or "",
            counts=tuple(row[band.code] for band in BANDS),
            late=row["late_"],
            total=row["total"],
            oldest=row["oldest"],
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda aged: (-aged.total, aged.department)))


def behind(
    scope: TicketQuerySet, *, at: datetime, band: str = "", department: str | None = None, late: bool = False
) -> TicketQuerySet:
    """Exactly the requests behind one number, oldest first. Raises `Invalid` for an unknown band."""
    found = scope.open()
    if band:
        chosen = next((one for one in BANDS if one.code == band), None)
        if chosen is None:
            raise Invalid("没有这个时长段。", fields={"band": "没有这个时长段。"})
        found = found.filter(chosen.holds(at))
    if department is not None:
        found = found.filter(department__code=department) if department else found.filter(department=None)
    found = found.filter(late=True) if late else found
    return found.for_lists().order_by("submitted_at", "pk")
