"""Ratings in bursts: more for one department within minutes than its own pace explains (a scan statistic)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta

from routing.promises.book import current_book
from routing.promises.worktime import opening_seconds
from tickets.figures.anomalies.grouping import departments
from tickets.figures.anomalies.kind import Cluster, Flag, Found, Kind
from tickets.figures.anomalies.reading import Odd, read
from tickets.figures.anomalies.unusual import poisson_tail
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window, zone

MINUTES = 10
"""Length of the rolling window: firms answer a notice when they happen to read it, not all at once."""
FEWEST = 5
"""Ratings within `MINUTES` that are looked at more closely."""
CHANCE = 0.01
"""A burst is named where a department rated at its own pace would show one like it, anywhere in the period, less than
once in a hundred periods."""

_RATINGS = """
    SELECT ticket_id, seq, department_id, officer_id, at,
        max(following) OVER (PARTITION BY department_id ORDER BY at
            RANGE BETWEEN %(span)s PRECEDING AND CURRENT ROW) >= %(fewest)s AS odd,
        NULL::jsonb AS detail
    FROM (
        SELECT e.ticket_id, e.seq, e.department_id, NULL::int AS officer_id, e.happened_at AS at,
            count(*) OVER (PARTITION BY e.department_id ORDER BY e.happened_at
                RANGE BETWEEN CURRENT ROW AND %(span)s FOLLOWING) AS following
        FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
        WHERE e.kind = 'rate' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s AND {in_scope}
    ) rated"""
"""Odd is what lies in any window of `MINUTES` that begins with a rating and holds enough of them."""


def bursts(watched: Watched, window: Window) -> Found:
    """Bursts of ratings, each a cluster."""
    span = timedelta(minutes=MINUTES)
    odd, among = read(_RATINGS, watched, window, span=span, fewest=FEWEST)
    counted = {whose[0]: n for whose, n in among.items()}
    open_seconds = max(opening_seconds(current_book().calendar(), window.since, window.until), 3600)
    names, flags, clusters = departments(), [], {}
    for key, run in _runs(odd, span):
        whole = counted[key]
        length = max((run[-1].at - run[0].at), span).total_seconds()
        expected = max(whole - len(run), 1) * length / open_seconds
        if poisson_tail(len(run), expected) * max(open_seconds / length, 1) >= CHANCE:
            continue
        local = run[0].at.astimezone(zone())
        code, name = names[key]
        value = f"{code}:{local:%Y%m%dT%H%M}"
        minutes = max(1, round((run[-1].at - run[0].at).total_seconds() / 60))
        clusters[value] = Cluster(
            label=f"{name} · {local:%m月%d日 %H:%M}",
            why=f"{minutes} 分钟内 {len(run)} 个评价；该部门本期共 {whole} 个，按它自己的节奏约 {expected:.2f} 个。",
            expected=expected,
            among=whole,
        )
        flags += [_flag(one, value) for one in run]
    return Found(flags=tuple(flags), clusters=clusters)


def _flag(one: Odd, value: str) -> Flag:
    return one.flag(f"{one.at.astimezone(zone()):%H:%M:%S} 评价", cluster=value)


def _runs(odd: Iterable[Odd], span: timedelta) -> Iterator[tuple[int, list[Odd]]]:
    """Ratings of one department that follow each other within `span`, oldest first."""
    of: dict[int, list[Odd]] = defaultdict(list)
    for one in sorted(odd, key=lambda one: (one.at, one.ticket_id)):
        if one.department_id is not None:
            of[one.department_id].append(one)
    for key, ratings in of.items():
        run = ratings[:1]
        for one in ratings[1:]:
            if one.at - run[-1].at > span:
                yield key, run
                run = []
            run.append(one)
        yield key, run


RATING_BURST = Kind(
    code="rating_burst",
    label="评价扎堆",
    sentence=f"同一部门在 {MINUTES} 分钟里集中出现至少 {FEWEST} 个评价，按该部门自己的节奏很难碰巧出现。"
    "也可能是集中提醒之后：值得核对。",
    over="评价",
    look=bursts,
)
