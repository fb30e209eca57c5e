"""The statement that folds the log into one row of facts a request. Texts only; `facts.py` fills them in.

A *matter* is what was submitted: the request itself, or for a part of a split one its parent. It counts from its
earliest first submission, its own or that of what was merged into it. `inherited` goes on with a promise (the merged
request's was earlier); every other change of an agreed due leaves the promise what it was.
"""

from __future__ import annotations

MATTERS_SUBMITTED = """
    WITH own AS MATERIALIZED (
        SELECT e.ticket_id, LEAST(e.happened_at, joined.submitted_at) AS submitted_at, NULL::bigint AS parent, e.data
        FROM tickets_event e LEFT JOIN joined USING (ticket_id)
        WHERE e.kind = 'submit' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
            AND e.happened_at <= %(as_of)s AND NOT e.data ? 'parent'
            AND COALESCE(joined.submitted_at >= %(since)s, TRUE)
        UNION ALL
        SELECT e.ticket_id, joined.submitted_at, NULL, e.data
        FROM joined JOIN tickets_event e ON e.ticket_id = joined.ticket_id AND e.seq = 1
        WHERE joined.submitted_at >= %(since)s AND joined.submitted_at < %(until)s AND e.happened_at >= %(until)s
    )
    SELECT * FROM own
    UNION ALL
    SELECT e.ticket_id, own.submitted_at, own.ticket_id, e.data
    FROM own JOIN tickets_event s ON s.ticket_id = own.ticket_id AND s.kind = 'split' AND s.happened_at <= %(as_of)s
    CROSS JOIN LATERAL jsonb_array_elements_text(s.data->'children') AS child(key)
    JOIN tickets_event e ON e.ticket_id = child.key::bigint AND e.seq = 1"""
"""First submitted in the window, with the parts of what was split."""

MATTERS_CLOSED = """
    SELECT e.ticket_id, LEAST(e.happened_at, joined.submitted_at) AS submitted_at,
        (e.data->>'parent')::bigint AS parent, e.data
    FROM tickets_event e LEFT JOIN joined USING (ticket_id)
    WHERE e.seq = 1 AND e.ticket_id IN (
        SELECT ticket_id FROM tickets_event WHERE kind = ANY(%(closed_by)s)
            AND happened_at >= %(since)s AND happened_at < %(until)s AND happened_at <= %(as_of)s
    )"""
"""Closed in the window, whenever submitted."""

FACTS = """
WITH hours AS MATERIALIZED (
    SELECT * FROM unnest(%(calendar_regions)s::text[], %(calendar_first)s::int[], %(calendar_size)s::int[])
        AS h(region, first, size)
), calendar AS MATERIALIZED (
    SELECT region,
        (%(opens)s::timestamptz[])[first:first + size - 1] AS opens,
        (%(ends)s::timestamptz[])[first:first + size - 1] AS ends,
        (%(before)s::float8[])[first:first + size - 1] AS before
    FROM hours
), joined AS MATERIALIZED (
    SELECT ticket_id, min((data->>'submitted_at')::timestamptz) AS submitted_at
    FROM tickets_event WHERE kind = 'absorb' AND happened_at >= %(since)s AND happened_at <= %(as_of)s
    GROUP BY ticket_id
), matter AS MATERIALIZED ({matters}
), marked AS MATERIALIZED (
    SELECT ticket_id FROM tickets_event WHERE kind = 'mark_test' AND happened_at <= %(as_of)s
), born AS MATERIALIZED (
    SELECT ticket_id, submitted_at, data->>'channel' AS channel, data->>'region' AS region,
        COALESCE((data->>'test')::boolean, FALSE) OR ticket_id IN (SELECT ticket_id FROM marked)
            OR COALESCE(parent, 0) IN (SELECT ticket_id FROM marked) AS test,
        parent IS NOT NULL {parent_in_scope} AS part
    FROM matter
    WHERE EXISTS (SELECT FROM tickets_ticket t WHERE t.id = ticket_id AND NOT t.restricted) {in_scope}
), log AS MATERIALIZED (
    SELECT e.ticket_id, e.seq, e.kind, e.round, e.happened_at, e.from_status, e.to_status, e.department_id, e.data,
        count(*) FILTER (WHERE e.kind = 'reply') OVER (PARTITION BY e.ticket_id ORDER BY e.seq) AS reply_no
    FROM tickets_event e JOIN born USING (ticket_id)
    WHERE e.happened_at <= %(as_of)s
), told AS (
    SELECT *, from_status <> 'closed' AND to_status = 'closed' AS closes,
        kind = ANY(%(handed_by)s) OR kind = 'submit' AND to_status = 'assigned' AS hands,
        max(data->>'outcome') FILTER (WHERE kind = 'reply') OVER told_again AS replied,
        max((data->>'burden_relieved')::bigint) FILTER (WHERE kind = 'reply') OVER told_again AS relieved
    FROM log WINDOW told_again AS (PARTITION BY ticket_id, reply_no)
), life AS MATERIALIZED (
    SELECT ticket_id,
        (array_agg(to_status ORDER BY seq DESC) FILTER (WHERE to_status <> ''))[1] AS status,
        max(round) AS round,
        (array_agg(department_id ORDER BY seq DESC) FILTER (WHERE hands))[1] AS department_id,
        count(DISTINCT department_id) FILTER (WHERE hands AND kind <> 'split') AS departments,
        (array_agg(data->>'chain_tag' ORDER BY seq DESC)
            FILTER (WHERE kind IN ('submit', 'classify') AND data->>'chain_tag' IS NOT NULL))[1] AS chain_tag,
        (array_agg(data->>'category' ORDER BY seq DESC)
            FILTER (WHERE kind IN ('submit', 'classify') AND data->>'category' IS NOT NULL))[1] AS category,
        min(happened_at) FILTER (WHERE kind = ANY(%(accepted_by)s)) AS accepted_at,
        min(happened_at) FILTER (WHERE hands) AS dispatched_at,
        (array_agg(replied ORDER BY seq DESC) FILTER (WHERE kind = 'deliver'))[1] AS delivered_outcome,
        min(happened_at) FILTER (WHERE closes) AS first_closed_at,
        (array_agg(replied ORDER BY seq) FILTER (WHERE closes))[1] AS first_outcome,
        (array_agg(data->>'result' ORDER BY seq) FILTER (WHERE closes))[1]::int AS first_result,
        (array_agg(round ORDER BY seq) FILTER (WHERE closes))[1] AS first_close_round,
        (array_agg(happened_at ORDER BY seq DESC) FILTER (WHERE closes))[1] AS closed_at,
        (array_agg(replied ORDER BY seq DESC) FILTER (WHERE closes))[1] AS outcome,
        (array_agg(data->>'process' ORDER BY seq DESC) FILTER (WHERE closes))[1]::int AS process,
        (array_agg(data->>'result' ORDER BY seq DESC) FILTER (WHERE closes))[1]::int AS result,
        min(happened_at) FILTER (WHERE from_status = 'closed' AND to_status NOT IN ('', 'closed')) AS reopened_at,
        bool_or(kind = 'split') AS divided,
        bool_or(kind = 'object') AS returned,
        bool_or(kind = 'rule_on_return' AND data->>'upheld' = 'true') AS upheld,
        bool_or(kind = 'extend') AS extended,
        bool_or(kind = 'suspend') AS rested,
        COALESCE(max(round) FILTER (WHERE kind = 'exclude') = max(round), FALSE) AS excluded,
        (array_agg(round ORDER BY seq DESC) FILTER (WHERE kind = 'call_back' AND data->>'solved' IS NOT NULL))[1]
            AS called_round,
        (array_agg(data->>'solved' ORDER BY seq DESC)
            FILTER (WHERE kind = 'call_back' AND data->>'solved' IS NOT NULL))[1]::boolean AS called_solved,
        (array_agg(relieved ORDER BY seq DESC) FILTER (WHERE closes))[1] AS burden
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
        count(*) FILTER (WHERE op = 'paused') OVER so_far - count(*) FILTER (WHERE op = 'resumed') OVER so_far AS held,
        op = 'void' AND COALESCE(lead(op) OVER running, '') <> 'inherited' AS dropped,
        op = 'started' OR op = 'inherited' AND lag(op) OVER running IS NULL AS begins
    FROM entry WINDOW so_far AS (PARTITION BY ticket_id, clock, nth ORDER BY seq, ord),
        running AS (PARTITION BY ticket_id, clock ORDER BY seq, ord)
), turning AS (
    SELECT *, CASE
        WHEN clock <> 'RESOLVE' THEN NULL
        WHEN begins OR op = 'resumed' THEN -1
        WHEN op = 'paused' OR (op = 'met' AND held = 0) THEN 1
    END AS sign
    FROM step
), promise AS (
    SELECT ticket_id, clock, nth, min(met_at) AS met_at,
        (array_agg(promised_at ORDER BY seq DESC, ord DESC))[1] AS promised_at,
        (array_agg(due_at ORDER BY seq DESC, ord DESC))[1] AS due_at,
        CASE WHEN (array_agg(held ORDER BY seq DESC, ord DESC))[1] > 0
            THEN max(happened_at) FILTER (WHERE op IN ('paused', 'inherited'))
            ELSE min(happened_at) FILTER (WHERE dropped) END AS stopped_at,
        bool_or(dropped) AS voided,
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
        row_number() OVER (
            PARTITION BY ticket_id, clock ORDER BY voided AND met_at IS NULL AND stopped_at <= due_at, nth
        ) = 1 AS first,
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
        min(promised_at) FILTER (WHERE clock = 'RESOLVE' AND first) AS resolve_promised_at,
        min(due_at) FILTER (WHERE clock = 'RESOLVE' AND first) AS resolve_due_at,
        min(met_at) FILTER (WHERE clock = 'RESOLVE' AND first) AS resolve_met_at,
        COALESCE(bool_or(agreed_matured) FILTER (WHERE clock = 'RESOLVE' AND first), FALSE)
            AS resolve_agreed_matured,
        COALESCE(bool_or(original_matured) FILTER (WHERE clock = 'RESOLVE' AND first), FALSE)
            AS resolve_original_matured,
        sum(seconds) FILTER (WHERE clock = 'RESOLVE' AND met_at IS NOT NULL) AS net_seconds
    FROM judged GROUP BY ticket_id
), facts AS (
    SELECT born.*, {life}, {kept},
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
POSITION = "CASE WHEN i > 0 THEN c.before[i] + extract(epoch FROM least(at, c.ends[i]) - c.opens[i]) ELSE 0 END"
"""Opening seconds from the beginning of the calendar to a moment."""
