"""What the ladder has lit, or would have lit: read from the alerts, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q

from qihu.errors import Invalid
from routing.promises.ladder import BREACH, step_of
from routing.promises.models import Rung
from tickets.models import Alert
from tickets.models.deadline import AlertQuerySet
from tickets.models.lists import TicketQuerySet
from tickets.terms import RED_CLOCKS

DAYS = 30
PAGE = 50
BROKEN = "breach"


@dataclass(frozen=True, slots=True)
class Step:
    """How often one step was reached in the last `DAYS` days, and how often it was only rehearsed."""

    code: str
    position: int
    label: str
    effect: str
    lit: int
    rehearsed: int


def steps(scope: TicketQuerySet, *, at: datetime) -> list[Step]:
    """Every step of the promise tables that were in force, in order, the breach among them. Two queries."""
    counted = {row["threshold"]: row for row in _recent(scope, at).values("threshold").annotate(
        lit_=Count("pk", filter=Q(lit=True)), rehearsed=Count("pk", filter=Q(lit=False))
    ).order_by("threshold")}  # fmt: skip
    return [
        Step(code, position, label, effect, row["lit_"] if row else 0, row["rehearsed"] if row else 0)
        for position, code, label, effect in _known()
        for row in [counted.get(code)]
    ]


def _known() -> list[tuple[int, str, str, str]]:
    rungs = {rung.code: rung for rung in Rung.objects.filter(set__published_at__isnull=False).order_by("set__number")}
    found = [(rung.position, code, step_of(rung).words(), rung.get_effect_display()) for code, rung in rungs.items()]
    found.append((BREACH, BROKEN, "超期", "红灯"))
    return sorted(found)


def listed(scope: TicketQuerySet, *, at: datetime, code: str = "", before: str = "") -> tuple[list[Alert], str]:
    """A page of alerts, newest first, and where the next one begins ("" at the end).

    Raises `Invalid` for an unknown step or a place that no page ended at.
    """
    if code and code not in {known for _, known, _, _ in _known()}:
        raise Invalid("没有这一级。", fields={"step": "没有这一级。"})
    found = _recent(scope, at)
    found = found.filter(threshold=code) if code else found
    if before:
        moment, key = _place(before)
        found = found.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=key))
    page = list(found.newest()[: PAGE + 1])
    last = page[PAGE - 1] if len(page) > PAGE else None
    return page[:PAGE], f"{last.at.timestamp():.6f}-{last.pk}" if last else ""


def _recent(scope: TicketQuerySet, at: datetime) -> AlertQuerySet:
    """Of the clocks that light red; the others break without a ladder."""
    shown = Alert.objects.filter(at__gte=at - timedelta(days=DAYS), at__lte=at, deadline__clock__in=sorted(RED_CLOCKS))
    return shown.filter(deadline__ticket__in=scope.filter(restricted=False, test=False).order_by())


def _place(written: str) -> tuple[datetime, int]:
    moment, _, key = written.partition("-")
    try:
        return datetime.fromtimestamp(float(moment), tz=UTC), int(key)
    except (ValueError, OverflowError) as error:
        raise Invalid("没有这一页。", fields={"before": "没有这一页。"}) from error
