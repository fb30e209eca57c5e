"""Counting what moves, by department and clock: foreseen and done are counted by the same lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qihu.accounts.models import Department
from tickets.services.repricing.facts import Fact
from tickets.services.repricing.reckon import Fresh, breaks
from tickets.workflow import Clock

Line = dict[str, Any]
"""`{department, clock, running, earlier, later, most_earlier, most_later, breaks}`, as stored and as JSON."""
_COUNTS = ("running", "earlier", "later", "breaks")
_MOST = ("most_earlier", "most_later")


@dataclass(slots=True)
class Tally:
    """Counts of promises; `most_…` in whole seconds. Restricted requests are reckoned, but counted nowhere."""

    rows: defaultdict[tuple[int | None, str], Line] = field(default_factory=lambda: defaultdict(_blank))

    def add(self, fact: Fact, fresh: Fresh | None, *, at: datetime) -> None:
        """One promise in scope and what becomes of it."""
        if fact.restricted:
            return
        row = self.rows[fact.leg_department if fact.leg else fact.department, fact.clock]
        row["running"] += 1
        if fresh is None:
            return
        apart = (fresh.due_at - fact.due_at).total_seconds()
        if apart < 0:
            row["earlier"] += 1
            row["most_earlier"] = max(row["most_earlier"], int(-apart))
        elif apart > 0:
            row["later"] += 1
            row["most_later"] = max(row["most_later"], int(apart))
        row["breaks"] += breaks(fact, fresh, at=at)

    def lines(self) -> list[Line]:
        """As rows, in a fixed order."""
        keys = sorted(self.rows, key=lambda key: (key[0] or 0, key[1]))
        return [{"department": key[0], "clock": key[1], **self.rows[key]} for key in keys]


def summed(lines: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Lines of several slices as one table."""
    tally = Tally()
    for line in lines:
        row = tally.rows[line["department"], line["clock"]]
        for name in _COUNTS:
            row[name] += line[name]
        for name in _MOST:
            row[name] = max(row[name], line[name])
    return tally.lines()


def total(lines: Sequence[Mapping[str, Any]]) -> Line:
    """Everything together, without department and clock."""
    sums = {name: sum(line[name] for line in lines) for name in _COUNTS}
    return {**sums, **{name: max((line[name] for line in lines), default=0) for name in _MOST}}


def _blank() -> Line:
    return dict.fromkeys((*_COUNTS, *_MOST), 0)


def named(lines: Sequence[Mapping[str, Any]]) -> list[Line]:
    """With `department_name` and `clock_name` for people: one query."""
    keys = {line["department"] for line in lines if line["department"]}
    names = dict(Department.objects.filter(pk__in=keys).values_list("pk", "name"))
    return [
        {
            **line,
            "department_name": names.get(line["department"], "尚未交办"),
            "clock_name": str(Clock(line["clock"]).label),
        }
        for line in lines
    ]


def words(line: Mapping[str, Any]) -> str:
    """`12 项：提前 3（最多 2 天），推迟 1（最多 4 小时），立即超期 1`."""
    moved = [
        f"{word} {line[name]}（最多 {duration(line[f'most_{name}'])}）" if line[name] else f"{word} 0"
        for word, name in (("提前", "earlier"), ("推迟", "later"))
    ]
    return f"{line['running']} 项：{'，'.join(moved)}，立即超期 {line['breaks']}"


def duration(seconds: int) -> str:
    """`3 天 2 小时`, `45 分钟`: the two largest units."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    parts = [(days, "天"), (hours, "小时"), (rest // 60, "分钟")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2]) or "不到 1 分钟"
