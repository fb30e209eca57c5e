"""What waits now and whose it is: read from the open promises, not from the log of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q

from qihu.errors import Invalid
from tickets.models import Deadline
from tickets.models.lists import TicketQuerySet
from tickets.terms import RED_CLOCKS
from tickets.workflow import Status

LATE, TRIAGE = "late_now", "triage_now"
LISTS = {LATE: "红灯：签收、联系或答复已超期，仍在办", TRIAGE: "等待研判交办"}


@dataclass(frozen=True, slots=True)
class Need:
    """Something to act on today: how many requests of whom, and since or until when."""

    code: str
    department: str
    label: str
    count: int
    when: datetime | None


def needs(scope: TicketQuerySet, *, at: datetime, most: int = 6) -> list[Need]:
    """Departments with red lights, longest first, then what waits for the dispatcher. Two queries."""
    red = (
        late(scope, at=at)
        .values("department__code", "department__name")
        .annotate(count=Count("pk", distinct=True), since=Min("deadlines__due_at", filter=_broken(at, "deadlines__")))
        .order_by("since")[:most]
    )
    found = [Need(LATE, r["department__code"], r["department__name"], r["count"], r["since"]) for r in red]
    waiting = triage(scope).aggregate(count=Count("pk"), due=Min("next_due_at"))
    if waiting["count"]:
        found.append(Need(TRIAGE, "", "", waiting["count"], waiting["due"]))
    return found


def late(scope: TicketQuerySet, *, at: datetime, department: str = "") -> TicketQuerySet:
    """Open requests with a red promise broken by `at`, whether or not a sweep has seen it yet."""
    broken = Exists(Deadline.objects.filter(_broken(at, ""), ticket=OuterRef("pk")))
    found = scope.open().filter(broken, restricted=False, test=False, department__isnull=False)
    return found.filter(department__code=department) if department else found


def triage(scope: TicketQuerySet) -> TicketQuerySet:
    """Requests that the rules left to the dispatcher."""
    return scope.filter(status=Status.TRIAGE, restricted=False, test=False)


def listed(code: str, scope: TicketQuerySet, *, at: datetime, department: str = "") -> TicketQuerySet:
    """The requests behind a need, soonest due first. Raises `Invalid` for an unknown list or no possible code."""
    if not department.isprintable():
        raise Invalid("没有这个部门。", fields={"value": "没有这个部门。"})
    if code == LATE:
        return late(scope, at=at, department=department).for_lists().soonest_first()
    if code == TRIAGE:
        return triage(scope).for_lists().soonest_first()
    raise Invalid("没有这个清单。", fields={"figure": "没有这个清单。"})


def _broken(at: datetime, path: str) -> Q:
    """A live red promise past its agreed due; one that is paused counts only if it broke before the pause."""
    live = Q(
        **{
            f"{path}clock__in": sorted(RED_CLOCKS),
            f"{path}state__in": [Deadline.State.RUNNING, Deadline.State.PAUSED],
            f"{path}due_at__lte": at,
        }
    )
    running = Q(**{f"{path}state": Deadline.State.RUNNING})
    return live & (running | Q(**{f"{path}paused_at__gt": F(f"{path}due_at")}))
