"""Odd times: entered long after they happened, and taken back by the firm when the answer was nearly due."""

from __future__ import annotations

from datetime import timedelta

from tickets.figures.anomalies.chains import LAST_SHARE
from tickets.figures.anomalies.kind import Found, Kind
from tickets.figures.anomalies.reading import Odd, rated
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window

HOURS = 1
"""Doors date a move by their own clock, so an hour between happening and recording is no slow network."""

_ENTERED = """
    SELECT e.ticket_id, e.seq, e.department_id, e.actor_id AS officer_id, e.happened_at AS at,
        e.recorded_at - LEAST(e.happened_at, (e.data->>'since')::timestamptz) > %(span)s AS odd,
        jsonb_build_object('kind', e.kind,
            'hours', extract(epoch FROM e.recorded_at - LEAST(e.happened_at, (e.data->>'since')::timestamptz))::bigint
                / 3600) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    WHERE e.kind IN ('reply', 'suspend') AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
        AND t.channel <> 'import' AND {in_scope}"""
_TAKEN_BACK = """
    SELECT e.ticket_id, e.seq, e.department_id, NULL::int AS officer_id, e.happened_at AS at,
        e.happened_at >= d.started_at + (d.due_at - d.started_at) * %(share)s AS odd,
        jsonb_build_object('minutes', extract(epoch FROM d.due_at - e.happened_at)::bigint / 60) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    JOIN tickets_deadline d ON d.ticket_id = e.ticket_id AND d.clock = 'RESOLVE' AND d.leg_id IS NULL
        AND d.round = e.round AND d.voided_at = e.happened_at
    WHERE e.kind = 'withdraw' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s AND {in_scope}"""


def entered_late(watched: Watched, window: Window) -> Found:
    """Answers and suspensions recorded more than `HOURS` after they are said to have happened; imports are not."""
    return rated(_ENTERED, watched, window, _late, span=timedelta(hours=HOURS))


def taken_back(watched: Watched, window: Window) -> Found:
    """Requests that the firm withdrew in the last `LAST_SHARE` before the answer was due, or after."""
    return rated(_TAKEN_BACK, watched, window, _near, share=1 - LAST_SHARE)


def _late(odd: Odd) -> str:
    what = "答复" if odd.detail["kind"] == "reply" else "挂起"
    return f"{what}比所记时间晚 {odd.detail['hours']} 小时补记"


def _near(odd: Odd) -> str:
    minutes = int(odd.detail["minutes"])
    return f"答复到期前 {minutes} 分钟撤回" if minutes >= 0 else "答复超期后撤回"


ENTERED_LATE = Kind(
    code="entered_late",
    label="事后补记",
    sentence=f"答复、挂起写入系统比所记的发生时间晚 {HOURS} 小时以上；占比明显高于其他部门的列出。导入的历史诉求不计。",
    over="答复和挂起",
    look=entered_late,
)
WITHDRAWN_NEAR_DUE = Kind(
    code="withdrawn_near_due",
    label="临期撤回",
    sentence=f"企业在答复时限只剩最后 {LAST_SHARE:.0%} 或已超期时撤回；"
    "占比明显高于其他部门的列出。值得核对是否出于企业本意。",
    over="交办后撤回的",
    look=taken_back,
)
