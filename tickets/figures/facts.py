"""One row of facts a request, folded from its events in one statement: what every figure is a predicate over.

The log is read as it stood at `as_of`: later events are not there. Who leads a request, its tags and its status come
from the events; from the request's row only that it is neither restricted nor a test.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet

from routing.promises.book import PromiseBook, calendar_version, current_book
from routing.promises.calendars import WorkCalendar
from routing.promises.zones import MICRO, micros, moment
from tickets.figures.window import Window, zone
from tickets.models.ticket import TicketQuerySet
from tickets.workflow import MOVES, Action, Status


@dataclass(frozen=True, slots=True)
class Query:
    """A statement's opening (`WITH … facts AS (…)`) and its parameters by name."""

    sql: str
    params: dict[str, Any]


ACCEPTED_BY = ["route", "defer", "assign", "reject", "request_info"]
"""What answers ACCEPT (domain.md §5, acceptance)."""
HANDED_BY = [Action.ROUTE, Action.ASSIGN, Action.REASSIGN, "rule_on_return"]
"""What names a lead department."""
CLOSED_BY = [move.action for move in MOVES if move.target == Status.CLOSED]

_SUBMITTED = "happened_at >= %(since)s AND happened_at < %(until)s AND kind = 'submit'"
_CLOSED = (
    "seq = 1 AND ticket_id IN (SELECT ticket_id FROM tickets_event WHERE kind = ANY(%(closed_by)s)"
    " AND happened_at >= %(since)s AND happened_at < %(until)s AND happened_at <= %(as_of)s)"
)

_FACTS = """
WITH hours AS MATERIALIZED (
    SELECT * FROM unnest(%(calendar_regions)s::text[], %(calendar_first)s::int[], %(calendar_size)s::int[])
        AS h(region, first, size)
), calendar AS MATERIALIZED (
    SELECT region,
        (%(opens)s::timestamptz[])[first:first + size - 1] AS opens,
        (%(ends)s::timestamptz[])[first:first + size - 1] AS ends,
        (%(before)s::float8[])[first:first + size - 1] AS before
    FROM hours
), born AS MATERIALIZED (
    SELECT ticket_id, happened_at AS submitted_at, data->>'channel' AS channel, data->>'region' AS region
    FROM tickets_event
    WHERE {anchor} AND happened_at <= %(as_of)s
        AND EXISTS (SELECT FROM tickets_ticket t WHERE t.id = ticket_id AND NOT t.restricted AND NOT t.test) {scope}
), log AS MATERIALIZED (
    SELECT e.ticket_id, e.seq, e.kind, e.round, e.happened_at, e.from_status, e.to_status, e.department_id, e.data,
        count(*) FILTER (WHERE e.kind = 'reply') OVER (PARTITION BY e.ticket_id ORDER BY e.seq) AS reply_no
    FROM tickets_event e JOIN born USING (ticket_id)
    WHERE e.happened_at <= %(as_of)s
), told AS (
    SELECT *, from_status <> 'closed' AND to_status = 'closed' AS closes,
        max(data->>'outcome') FILTER (WHERE kind = 'reply') OVER (PARTITION BY ticket_id, reply_no) AS replied
    FROM log
), life AS MATERIALIZED (
    SELECT ticket_id,
        (array_agg(to_status ORDER BY seq DESC) FILTER (WHERE to_status <> ''))[1] AS status,
        max(round) AS round,
        (array_agg(department_id ORDER BY seq DESC) FILTER (WHERE kind = ANY(%(handed_by)s)))[1] AS department_id,
        count(DISTINCT department_id) FILTER (WHERE kind = ANY(%(handed_by)s)) AS departments,
        (array_agg(data->>'chain_tag' ORDER BY seq DESC)
            FILTER (WHERE kind IN ('submit', 'classify') AND data->>'chain_tag' IS NOT NULL))[1] AS chain_tag,
        (array_agg(data->>'category' ORDER BY seq DESC)
            FILTER (WHERE kind IN ('submit', 'classify') AND data->>'category' IS NOT NULL))[1] AS category,
        min(happened_at) FILTER (WHERE kind = ANY(%(accepted_by)s)) AS accepted_at,
        min(happened_at) FILTER (WHERE kind IN ('route', 'assign')) AS dispatched_at,
        (array_agg(replied ORDER BY seq DESC) FILTER (WHERE kind = 'deliver'))[1] AS delivered_outcome,
        min(happened_at) FILTER (WHERE closes) AS first_closed_at,
        (array_agg(replied ORDER BY seq) FILTER (WHERE closes))[1] AS first_outcome,
        (array_agg(data->>'result' ORDER BY seq) FILTER (WHERE closes))[1]::int AS first_result,
        (array_agg(round ORDER BY seq) FILTER (WHERE closes))[1] AS first_close_round,
        (array_agg(happened_at ORDER BY seq DESC) FILTER (WHERE closes))[1] AS closed_at,
        (array_agg(replied ORDER BY seq DESC) FILTER (WHERE closes))[1] AS outcome,
        (array_agg(data->>'process' ORDER BY seq DESC) FILTER (WHERE closes))[1]::int AS process,
        (array_agg(data->>'result' ORDER BY seq DESC) FILTER (WHERE closes))[1]::int AS result,
        min(happened_at) FILTER (WHERE from_status = 'closed' AND to_status NOT IN ('', 'closed')) AS reopened_at
    FROM told GROUP BY ticket_id
), entry AS (
    SELECT ticket_id, seq, ord, happened_at, e->>'clock' AS clock, e->>'op' AS op,
        (e->>'due_at')::timestamptz AS due_at, (e->>'promised_due_at')::timestamptz AS promised_at,
        (e->>'met_at')::timestamptz AS met_at,
        count(*) FILTER (WHERE e->>'op' = 'started') OVER (PARTITION BY ticket_id, e->>'clock' ORDER BY seq, ord) AS nth
    FROM log CROSS JOIN LATERAL jsonb_array_elements(data->'clocks') WITH ORDINALITY AS c(e, ord)
    WHERE e->>'clock' IN ('ACCEPT', 'CONTACT', 'RESOLVE')
), step AS (
    SELECT *,
        count(*) FILTER (WHERE op = 'paused') OVER so_far - count(*) FILTER (WHERE op = 'resumed') OVER so_far AS held
    FROM entry WINDOW so_far AS (PARTITION BY ticket_id, clock, nth ORDER BY seq, ord)
), turning AS (
    SELECT *, CASE
        WHEN clock <> 'RESOLVE' THEN NULL
        WHEN op IN ('started', 'resumed') THEN -1
        WHEN op = 'paused' OR (op = 'met' AND held = 0) THEN 1
    END AS sign
    FROM step
), promise AS (
    SELECT ticket_id, clock, nth, min(promised_at) AS promised_at, min(met_at) AS met_at,
        (array_agg(due_at ORDER BY seq DESC, ord DESC))[1] AS due_at,
        CASE WHEN (array_agg(held ORDER BY seq DESC, ord DESC))[1] > 0
            THEN max(happened_at) FILTER (WHERE op = 'paused')
            ELSE min(happened_at) FILTER (WHERE op = 'void') END AS stopped_at,
        bool_or(op = 'void') AS voided,
        sum(sign * {position}) FILTER (WHERE sign IS NOT NULL) AS seconds
    FROM turning JOIN born USING (ticket_id) JOIN accounts_region place ON place.code = born.region
    CROSS JOIN LATERAL (
        SELECT * FROM calendar WHERE calendar.region = '' OR strpos(place.path, calendar.region) > 0
        ORDER BY calendar.region <> '' DESC, strpos(place.path, calendar.region) DESC LIMIT 1
    ) c
    CROSS JOIN LATERAL (SELECT CASE WHEN op = 'met' THEN turning.met_at ELSE happened_at END AS at) point
    CROSS JOIN LATERAL (SELECT CASE WHEN sign IS NOT NULL THEN width_bucket(at, c.opens) END AS i) slot
    GROUP BY ticket_id, clock, nth
), judged AS (
    SELECT *,
        due_at <= %(as_of)s AND (met_at IS NOT NULL OR stopped_at IS NULL OR stopped_at > due_at) AS agreed_matured,
        promised_at <= %(as_of)s
            AND (met_at IS NOT NULL OR NOT voided OR stopped_at > promised_at) AS original_matured
    FROM promise
), kept AS MATERIALIZED (
    SELECT ticket_id,
        min(due_at) FILTER (WHERE clock = 'ACCEPT' AND nth = 1) AS accept_due_at,
        bool_or(agreed_matured) FILTER (WHERE clock = 'ACCEPT') AS accept_matured,
        COALESCE(bool_or(agreed_matured) FILTER (WHERE clock = 'CONTACT'), FALSE) AS contact_due,
        COALESCE(bool_or(agreed_matured AND COALESCE(met_at > due_at, TRUE)) FILTER (WHERE clock = 'CONTACT'), FALSE)
            AS contact_missed,
        COALESCE(bool_or(agreed_matured AND COALESCE(met_at > due_at, TRUE)) FILTER (WHERE clock = 'RESOLVE'), FALSE)
            AS resolve_broken,
        min(promised_at) FILTER (WHERE clock = 'RESOLVE' AND nth = 1) AS resolve_promised_at,
        min(due_at) FILTER (WHERE clock = 'RESOLVE' AND nth = 1) AS resolve_due_at,
        min(met_at) FILTER (WHERE clock = 'RESOLVE' AND nth = 1) AS resolve_met_at,
        COALESCE(bool_or(agreed_matured) FILTER (WHERE clock = 'RESOLVE' AND nth = 1), FALSE)
            AS resolve_agreed_matured,
        COALESCE(bool_or(original_matured) FILTER (WHERE clock = 'RESOLVE' AND nth = 1), FALSE)
            AS resolve_original_matured,
        sum(seconds) FILTER (WHERE clock = 'RESOLVE' AND met_at IS NOT NULL) AS net_seconds
    FROM judged GROUP BY ticket_id
), facts AS (
    SELECT born.ticket_id, born.submitted_at, born.channel, born.region, life.*, kept.*,
        closed_at >= %(since)s AND closed_at < %(until)s AS in_window,
        status = 'closed' AND result IS NOT NULL AS rated,
        accept_due_at <= %(as_of)s AND (accept_matured OR accepted_at IS NOT NULL) AS accept_due,
        lead.code AS department, lead.name AS department_name, tag.name AS chain_tag_name, place.name AS region_name,
        kind.name AS category_name, channel AS channel_name,
        to_char(date_trunc('week', {flow} AT TIME ZONE %(zone)s), 'YYYY-MM-DD') AS week, NULL AS week_name
    FROM born JOIN life USING (ticket_id) LEFT JOIN kept USING (ticket_id)
    LEFT JOIN accounts_department lead ON lead.id = life.department_id
    LEFT JOIN rules_chaintag tag ON tag.code = life.chain_tag
    LEFT JOIN rules_category kind ON kind.code = life.category
    LEFT JOIN accounts_region place ON place.code = born.region
    WHERE life.status <> 'merged'
)
"""
_POSITION = "CASE WHEN i > 0 THEN c.before[i] + extract(epoch FROM least(at, c.ends[i]) - c.opens[i]) ELSE 0 END"


def facts(
    window: Window,
    *,
    scope: TicketQuerySet | None,
    by_closing: bool = False,
    book: PromiseBook | None = None,
) -> Query:
    """The rows of `window`, of `scope` only where given. `by_closing`: the window is about the closing.

    Net handling time uses the calendars of `book` (default: those in force), nearest to the request's region.
    """
    scope_sql, params = _scoped(scope)
    sql = (
        _FACTS.replace("{anchor}", _CLOSED if by_closing else _SUBMITTED)
        .replace("{scope}", scope_sql)
        .replace("{position}", _POSITION)
        .replace("{flow}", "closed_at" if by_closing else "submitted_at")
        .replace("life.*, kept.*", ", ".join(_LIFE + _KEPT))
    )
    return Query(
        sql,
        params
        | _calendars(window, book or current_book())
        | {
            "since": window.since,
            "until": window.until,
            "as_of": window.as_of,
            "zone": str(zone()),
            "accepted_by": ACCEPTED_BY,
            "handed_by": [str(one) for one in HANDED_BY],
            "closed_by": [str(one) for one in CLOSED_BY],
        },
    )


_LIFE = [
    "status",
    "round",
    "department_id",
    "departments",
    "chain_tag",
    "category",
    "accepted_at",
    "dispatched_at",
    "delivered_outcome",
    "first_closed_at",
    "first_outcome",
    "first_result",
    "first_close_round",
    "closed_at",
    "outcome",
    "process",
    "result",
    "reopened_at",
]
_KEPT = [
    "accept_due_at",
    "accept_matured",
    "contact_due",
    "contact_missed",
    "resolve_broken",
    "resolve_promised_at",
    "resolve_due_at",
    "resolve_met_at",
    "resolve_agreed_matured",
    "resolve_original_matured",
    "net_seconds",
]


def _scoped(scope: TicketQuerySet | None) -> tuple[str, dict[str, Any]]:
    if scope is None:
        return "", {}
    try:
        sql, values = scope.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # Django knows beforehand that this viewer sees nothing
        return "AND FALSE", {}
    names = iter(f"scope_{i}" for i in range(len(values)))
    named = re.sub(r"%s", lambda _: f"%({next(names)})s", sql)
    return f"AND ticket_id IN ({named})", {f"scope_{i}": value for i, value in enumerate(values)}


def _calendars(window: Window, book: PromiseBook) -> dict[str, Any]:
    """Openings from the window's beginning to the cut-off of every published calendar, as parallel arrays."""
    regions, first, size = [], [], []
    opens: list[datetime] = []
    ends: list[datetime] = []
    before: list[float] = []
    until = max(window.as_of, window.since)
    for one in book.published:
        begins, stops, totals = _openings(calendar_version(one.version_id), window.since, until)
        regions.append(one.region or "")
        first.append(len(opens) + 1)
        size.append(len(begins))
        opens += begins
        ends += stops
        before += totals
    return {
        "calendar_regions": regions,
        "calendar_first": first,
        "calendar_size": size,
        "opens": opens,
        "ends": ends,
        "before": before,
    }


def _openings(
    calendar: WorkCalendar, since: datetime, until: datetime
) -> tuple[list[datetime], list[datetime], list[float]]:
    table = calendar.table(micros(since), micros(until))
    low = max(bisect_right(table.opens, micros(since)) - 1, 0)
    high = bisect_left(table.opens, micros(until)) + 1
    return (
        [moment(at) for at in table.opens[low:high]],
        [moment(at) for at in table.ends[low:high]],
        [total / MICRO for total in table.before[low:high]],
    )
