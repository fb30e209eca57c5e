"""What exports ask of the figures: the requests behind a number, and a period's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from qihu.accounts.models import User
from qihu.errors import Invalid
from tickets.figures import (
    BY_CODE,
    Part,
    Report,
    Window,
    label_of,
    opened,
    report,
    rows,
    standing,
)
from tickets.figures.fresh import fresh_window
from tickets.figures.measures import in_force
from tickets.figures.scope import Scope, counted_for, seen_by
from tickets.models.lists import TicketQuerySet
from tickets.services.exports.figures_table import NAMED

_PARTS = {Part.NUMERATOR: "计入分子", Part.DENOMINATOR: "分母全部", Part.REST: "未计入分子"}
_LONGEST = 40
Asked = Mapping[str, str]
"""What an address of the board asks for."""


def definitions_at(at: datetime) -> int:
    """Number of the edition of the definitions in force."""
    return in_force(at).number


@dataclass(frozen=True, slots=True)
class Behind:
    """The requests behind one number: how many, which, and what that number is."""

    total: int
    window: Window
    words: str
    keys: Iterator[int]


def behind(user: User, asked: Asked, *, at: datetime) -> Behind:
    """As `/board/rows/` lists them. Raises `Forbidden` for who has no board, `Invalid`."""
    scope, window = counted_for(user), fresh_window(asked, at=at)
    wanted = {
        "figure": asked.get("figure", ""),
        "part": asked.get("part") or str(Part.NUMERATOR),
        "by": _by(asked, scope) if "value" in asked else "",
        "value": asked.get("value", ""),
    }
    found = opened(window, scope=scope, **wanted)  # type: ignore[arg-type]
    still = replace(found.window, live=False)  # what is walked later is what was counted now
    return Behind(found.total, still, _words(wanted, still), rows.behind(still, scope=scope, **wanted))


def _by(asked: Asked, scope: Scope) -> str:
    by = scope.permits(asked.get("by", "")[:_LONGEST])
    if by and by not in NAMED:
        raise Invalid(f"不能按“{by}”分组。", fields={"by": f"可用：{'、'.join(NAMED)}。"})
    return by


def _words(wanted: Mapping[str, str], window: Window) -> str:
    by = wanted["by"]
    group = f"；{NAMED[by]}：{label_of(by, wanted['value'])}" if by else ""
    return f"{BY_CODE[wanted['figure']].label}（{_PARTS[Part(wanted['part'])]}）；时段 {_period(window)}{group}"


def _period(window: Window) -> str:
    """“2026-03-01 至 2026-03-31”."""
    return f"{window.since_on} 至 {window.last_on}"


def waiting(user: User, asked: Asked, *, at: datetime) -> tuple[TicketQuerySet, str] | None:
    """The board's lists of what waits now, with their words; None where another figure is asked for."""
    code = asked.get("figure", "")
    if code not in standing.LISTS:
        return None
    found = standing.listed(code, seen_by(user), at=at, department=asked.get("value", ""))
    group = f"；主办部门：{label_of('department', asked['value'])}" if asked.get("value") else ""
    return found, standing.LISTS[code] + group


def table(user: User, asked: Asked, *, at: datetime) -> tuple[Report, str]:
    """The figures of a period and their words. Raises `Forbidden`, `Invalid`."""
    scope = counted_for(user)
    by = _by(asked, scope)
    found = report(fresh_window(asked, at=at), by=[by] if by else [], scope=scope)
    return found, f"全部指标；时段 {_period(found.window)}" + (f"；按{NAMED[by]}分组" if by else "")
