"""Extension chains: one request put off or passed on again and again, and extensions granted when it was nearly due."""

from __future__ import annotations

from collections import defaultdict

from tickets.figures.anomalies.kind import Cluster, Flag, Found, Kind
from tickets.figures.anomalies.reading import Odd, rated, read
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window
from tickets.models import Ticket

STEPS = 4
"""L4 may be extended twice (domain.md §4), and one suspension or one change of hands beside it is ordinary."""
LAST_SHARE = 0.1
"""Of the time from start to due. Who asks by the evening before has a fifth of the shortest promise of days left."""

_PUT_OFF = """
    SELECT e.ticket_id, e.seq, e.department_id, NULL::int AS officer_id, e.happened_at AS at,
        count(*) OVER (PARTITION BY e.ticket_id) >= %(steps)s AS odd, jsonb_build_object('kind', e.kind) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    WHERE e.kind IN ('extend', 'suspend', 'object', 'reassign', 'classify')
        AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
        AND (e.kind <> 'classify' OR e.data->'clocks' @> '[{"clock": "RESOLVE", "op": "repriced"}]') AND {in_scope}"""
_SAID = {
    "extend": "延期获批",
    "suspend": "挂起获批",
    "object": "退单",
    "reassign": "改派",
    "classify": "重新定级，时限随之改变",
}

_LATE = """
    SELECT e.ticket_id, e.seq, e.department_id, NULL::int AS officer_id, e.happened_at AS at,
        e.happened_at >= d.started_at + (s.due_before - d.started_at) * %(share)s AS odd,
        jsonb_build_object('minutes', extract(epoch FROM s.due_before - e.happened_at)::bigint / 60) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    JOIN tickets_deadline d ON d.ticket_id = e.ticket_id AND d.clock = 'RESOLVE' AND d.leg_id IS NULL
    JOIN tickets_shift s ON s.deadline_id = d.id AND s.seq = e.seq AND s.kind = 'extension'
    WHERE e.kind = 'extend' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s AND {in_scope}"""


def chains(watched: Watched, window: Window) -> Found:
    """Requests with `STEPS` or more such steps in the window; the steps are what a group opens."""
    odd, _ = read(_PUT_OFF, watched, window, steps=STEPS)
    of: dict[int, list[Odd]] = defaultdict(list)
    for one in odd:
        of[one.ticket_id].append(one)
    numbers = dict(Ticket.objects.filter(pk__in=of).values_list("pk", "number"))
    flags: list[Flag] = []
    clusters = {}
    for key, steps in of.items():
        said = "、".join(_SAID[one.detail["kind"]] for one in reversed(steps))
        clusters[str(key)] = Cluster(
            label=numbers[key],
            why=f"{len(steps)} 步：{said}。",
        )
        flags += [one.flag(_SAID[one.detail["kind"]], cluster=str(key)) for one in steps]
    return Found(flags=tuple(flags), clusters=clusters)


def late_extensions(watched: Watched, window: Window) -> Found:
    """Extensions granted in the last `LAST_SHARE` of the time that was left."""
    return rated(_LATE, watched, window, _left, share=1 - LAST_SHARE)


def _left(odd: Odd) -> str:
    minutes = int(odd.detail["minutes"])
    return f"到期前 {minutes // 60} 小时 {minutes % 60} 分获批延期"


EXTENSION_CHAIN = Kind(
    code="extension_chain",
    label="一再顺延",
    sentence=f"同一件诉求在时段内延期、挂起、重新定级、退单、改派合计 {STEPS} 步以上。"
    "每一步都有审批：值得核对企业是否知情。",
    over="顺延和转手",
    look=chains,
)
LATE_EXTENSION = Kind(
    code="late_extension",
    label="临期延期",
    sentence=f"延期在办理时间只剩最后 {LAST_SHARE:.0%} 时才获批；占比明显高于其他部门的列出。",
    over="获批的延期",
    look=late_extensions,
)
