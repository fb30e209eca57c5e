"""Exclusions near a ranking: requests left out, or made tests, where that moves a department's place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tickets.figures.anomalies.grouping import departments
from tickets.figures.anomalies.kind import Cluster, Flag, Found, Kind
from tickets.figures.anomalies.reading import rows
from tickets.figures.anomalies.watched import Watched
from tickets.figures.count import report
from tickets.figures.frozen import cut_off
from tickets.figures.interval import RANKED_FROM
from tickets.figures.window import Window, months_on, of_dates, zone

LAST_DAYS = 3
"""Before the month is frozen: whoever excludes for a reason has had two months to do it."""

_LEFT_OUT = """
SELECT e.ticket_id, e.seq, t.department_id, e.happened_at, e.kind,
    date_trunc('month', t.submitted_at AT TIME ZONE %(zone)s)::date,
    t.outcome = 'solved' AND COALESCE(r.result, 5) >= 3 AND COALESCE(called.solved, TRUE)
FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
LEFT JOIN tickets_rating r ON r.ticket_id = t.id AND r.round = t.round
LEFT JOIN LATERAL (
    SELECT c.solved FROM tickets_callback c
    WHERE c.ticket_id = t.id AND c.round = t.round AND c.solved IS NOT NULL ORDER BY c.id DESC LIMIT 1
) called ON TRUE
WHERE e.kind IN ('exclude', 'mark_test') AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
    AND t.status = 'closed' AND (t.excluded OR t.test) AND t.department_id IS NOT NULL AND {watched}
ORDER BY e.happened_at DESC, e.ticket_id DESC, e.seq DESC
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One request left out: the event that did it, the month it counts in, whether it would have counted as solved."""

    ticket_id: int
    seq: int
    department_id: int
    at: datetime
    kind: str
    month: date
    solved: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Solved over counted of one department in one month."""

    hits: int
    n: int

    @property
    def rate(self) -> float:
        """Nobody counted: nothing solved."""
        return self.hits / self.n if self.n else 0.0

    def place(self, others: Iterable[Standing]) -> int | None:
        """Rank among those that have one; None under `RANKED_FROM`."""
        if self.n < RANKED_FROM:
            return None
        return 1 + sum(1 for other in others if other.n >= RANKED_FROM and other.rate > self.rate)


def exclusions(watched: Watched, window: Window) -> Found:
    """Departments and months whose place, or right to one, changed by what was left out; or left out at the last."""
    out = [LeftOut(*row) for row in rows(_LEFT_OUT, watched, window, zone=str(zone()))]
    by_month: dict[date, dict[int, list[LeftOut]]] = defaultdict(lambda: defaultdict(list))
    for one in out:
        by_month[one.month][one.department_id].append(one)
    names, clusters, flags = departments(), {}, []
    for month, by_department in by_month.items():
        table = _table(month, window.as_of)
        for key, left in by_department.items():
            code, name = names[key]
            if why := judged(code, left, table, frozen=cut_off(month)):
                value = f"{code}:{month:%Y-%m}"
                clusters[value] = Cluster(label=f"{name} · {month:%Y年%m月}", why=why, among=table_of(code, table).n)
                flags += [_flag(one, value) for one in left]
    return Found(flags=tuple(flags), clusters=clusters)


def judged(code: str, left: Sequence[LeftOut], table: Mapping[str, Standing], *, frozen: datetime) -> str:
    """Why this is worth checking, "" where it changes nothing that anybody would read."""
    without = table_of(code, table)
    requests = {one.ticket_id: one.solved for one in left}
    whole = Standing(without.hits + sum(requests.values()), without.n + len(requests))
    others = [standing for other, standing in table.items() if other != code]
    before, after = whole.place(others), without.place(others)
    late = [one for one in left if frozen - timedelta(days=LAST_DAYS) <= one.at < frozen]
    reasons = []
    if before is not None and after is None:
        reasons.append(f"n 由 {whole.n} 降到 {without.n}，不再参加排名")
    elif before != after:
        reasons.append(f"名次由第 {before} 变为第 {after}")
    if late and without.rate > whole.rate:
        reasons.append(f"其中 {len(late)} 件在封账前 {LAST_DAYS} 天内")
    unsolved = sum(1 for solved in requests.values() if not solved)
    said = (
        f"剔除或转为测试 {len(requests)} 件（{unsolved} 件不算解决）：解决率由 {whole.rate:.1%} 变为 {without.rate:.1%}"
    )
    return f"{said}；{'；'.join(reasons)}。" if reasons else ""


def table_of(code: str, table: Mapping[str, Standing]) -> Standing:
    """Where a department stands; everything left out, it has no row."""
    return table.get(code, Standing(0, 0))


def _table(month: date, as_of: datetime) -> dict[str, Standing]:
    """The solved rate of each department as the board has it now, from its sums."""
    whole = replace(of_dates(month, months_on(month, 1), as_of=as_of), live=True)
    groups = report(whole, by=["department"], only=["solved"]).groups["department"]
    solved = {group.value: group.figures["solved"] for group in groups}
    return {code: Standing(figure.hits, figure.denominator or 0) for code, figure in solved.items()}


def _flag(one: LeftOut, value: str) -> Flag:
    did = "剔除评价" if one.kind == "exclude" else "转为测试件"
    return Flag(
        ticket_id=one.ticket_id,
        seq=one.seq,
        department_id=one.department_id,
        officer_id=None,
        at=one.at,
        note=f"{did}；{'本来算解决' if one.solved else '本来不算解决'}",
        cluster=value,
    )


EXCLUSION = Kind(
    code="exclusion",
    label="剔除影响排名",
    sentence=f"剔除评价或转为测试件，使部门当月解决率的名次变化、n 降到 {RANKED_FROM} 以下不再排名，"
    f"或在封账前 {LAST_DAYS} 天内提高解决率的。每件都有两人批准：值得核对理由。",
    over="当月办结",
    look=exclusions,
)
