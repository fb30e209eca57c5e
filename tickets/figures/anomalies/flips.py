"""Outcomes that flip: said to be solved, and the call-back or the next round says otherwise."""

from __future__ import annotations

from tickets.figures.anomalies.kind import Found, Kind
from tickets.figures.anomalies.reading import Odd, rated
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window

_FLIPPED = """
    SELECT e.ticket_id, e.seq, e.department_id, told.author AS officer_id, e.happened_at AS at,
        e.data->>'solved' = 'false' AND (told.outcome = 'solved' OR score.result >= 3) AS odd,
        jsonb_build_object('outcome', told.outcome, 'result', score.result) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    LEFT JOIN LATERAL (
        SELECT r.data->>'outcome' AS outcome, r.actor_id AS author FROM tickets_event r
        WHERE r.ticket_id = e.ticket_id AND r.seq < e.seq AND r.kind = 'reply' ORDER BY r.seq DESC LIMIT 1
    ) told ON TRUE
    LEFT JOIN LATERAL (
        SELECT (r.data->>'result')::int AS result FROM tickets_event r
        WHERE r.ticket_id = e.ticket_id AND r.seq < e.seq AND r.kind = 'rate' AND r.round = e.round
        ORDER BY r.seq DESC LIMIT 1
    ) score ON TRUE
    WHERE e.kind = 'call_back' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
        AND e.data->>'solved' IS NOT NULL AND {in_scope}
    UNION ALL
    SELECT e.ticket_id, e.seq, e.department_id, e.actor_id, e.happened_at,
        before.outcome = 'solved' AND e.data->>'outcome' <> 'solved',
        jsonb_build_object('changed', e.data->>'outcome')
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    CROSS JOIN LATERAL (
        SELECT r.data->>'outcome' AS outcome FROM tickets_event r
        WHERE r.ticket_id = e.ticket_id AND r.seq < e.seq AND r.kind = 'reply' AND r.round < e.round
        ORDER BY r.seq DESC LIMIT 1
    ) before
    WHERE e.kind = 'reply' AND e.round > 1 AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
        AND {in_scope}"""

_OUTCOMES = {
    "partial": "部分解决",
    "explained": "解释说明",
    "planned": "列入计划",
    "referred": "转其他程序",
    "unsolved": "未解决",
}


def flips(watched: Watched, window: Window) -> Found:
    """Call-backs that deny what the answer or the rating said, and later rounds that take "solved" back."""
    return rated(_FLIPPED, watched, window, _said)


def _said(odd: Odd) -> str:
    if changed := odd.detail.get("changed"):
        return f"上一轮答复“已解决”，这一轮改为“{_OUTCOMES[changed]}”"
    if odd.detail["outcome"] == "solved":
        return "答复“已解决”，回访说没有解决"
    return "评价满意，回访说没有解决"


OUTCOME_FLIP = Kind(
    code="outcome_flip",
    label="结果反转",
    sentence="答复“已解决”或评价不低于基本满意、回访却说没有解决的，以及再次办理后不再是“已解决”的；"
    "在接通的回访和再次答复中占比明显高于其他部门的列出。",
    over="接通的回访和再次答复",
    look=flips,
)
