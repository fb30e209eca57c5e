"""重复反映: which requests say again what their firm has said within 90 days (domain.md §5, repeat).

Whether a request is one by its words is settled when it comes: by requests that had been recorded by then, and were not
merged, a test or restricted by then. What happens to those later changes nothing, so a frozen month stays
what it was. By topic it is one from when both have joined, as the members stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from qihu.phones import index
from routing.triage.alike import SAME_FIRM, WITHIN, grams, likeness
from tickets.models.text import FIRM_NAME

_COMPARED = 300
"""Earlier requests looked at for each way in which a firm is known, the newest: as many as `tickets.alike` compares."""
_ASKED = f"""
WITH asked AS MATERIALIZED (
    SELECT t.id AS asked, m.id, m.submitted_at, m.enterprise_id, f.uscc, f.phone_index, f.said_before,
        {FIRM_NAME.format("f.enterprise_name")} AS firm
      FROM tickets_ticket t
      JOIN tickets_ticket m
        ON m.id = CASE WHEN t.parent_id IS NOT NULL AND t.status <> 'merged' THEN t.parent_id ELSE t.id END
      JOIN tickets_filing f ON f.ticket_id = m.id
     WHERE t.id = ANY(%(tickets)s) AND NOT m.restricted
)"""  # noqa: S608 - fixed texts only
"""Each request with who its firm is; a part of a split one stands for its matter."""
_EARLIER = f"""{_ASKED}
SELECT a.asked, a.id, a.submitted_at, array_agg(e.id ORDER BY e.submitted_at DESC, e.id DESC)
  FROM asked a
 CROSS JOIN LATERAL (
    (SELECT o.id FROM tickets_ticket o
      WHERE o.enterprise_id = a.enterprise_id AND o.submitted_at BETWEEN a.submitted_at - %(within)s AND a.submitted_at
      ORDER BY o.submitted_at DESC, o.id DESC LIMIT %(most)s)
    UNION
    (SELECT o.ticket_id FROM tickets_filing o
      WHERE a.uscc <> '' AND o.uscc = a.uscc AND o.uscc <> '' AND o.erased_at IS NULL AND o.ticket_id < a.id
      ORDER BY o.ticket_id DESC LIMIT %(most)s)
    UNION
    (SELECT o.ticket_id FROM tickets_filing o
      WHERE a.phone_index <> %(no_phone)s AND o.phone_index = a.phone_index AND o.erased_at IS NULL
        AND o.ticket_id < a.id
      ORDER BY o.ticket_id DESC LIMIT %(most)s)
    UNION
    (SELECT o.ticket_id FROM tickets_filing o
      WHERE a.firm <> '' AND {FIRM_NAME.format("o.enterprise_name")} = a.firm AND o.erased_at IS NULL
        AND o.ticket_id < a.id
      ORDER BY o.ticket_id DESC LIMIT %(most)s)
 ) AS known(id)
 CROSS JOIN LATERAL (SELECT * FROM tickets_ticket o WHERE o.id = known.id OFFSET 0) e
 WHERE a.said_before IS NULL AND e.id < a.id AND e.submitted_at BETWEEN a.submitted_at - %(within)s AND a.submitted_at
   AND (e.parent_id IS NULL OR e.status = 'merged')
   AND NOT (e.restricted AND EXISTS (
        SELECT FROM tickets_event x
         WHERE x.ticket_id = e.id AND x.happened_at <= a.submitted_at AND x.data @> '{{"restricted": true}}'))
   AND NOT (e.status = 'merged' AND EXISTS (
        SELECT FROM tickets_event x WHERE x.ticket_id = e.id AND x.kind = 'merge' AND x.happened_at <= a.submitted_at))
   AND NOT (e.test AND NOT EXISTS (
        SELECT FROM tickets_event x
         WHERE x.ticket_id = e.id AND x.kind = 'mark_test' AND x.happened_at > a.submitted_at))
 GROUP BY a.asked, a.id, a.submitted_at
"""  # noqa: S608
"""What the same firm had asked before, the newest first: by its account, credit code, phone or name, as `alike`."""
_TOGETHER = f"""{_ASKED}
SELECT a.asked, min(GREATEST(mine.added_at, its.added_at))
  FROM asked a
  JOIN tickets_topicmember mine ON mine.ticket_id = a.id AND mine.state = 'member'
  JOIN tickets_topicmember its ON its.topic_id = mine.topic_id AND its.state = 'member' AND its.ticket_id < a.id
  JOIN tickets_ticket e ON e.id = its.ticket_id
  JOIN tickets_filing o ON o.ticket_id = e.id
 WHERE e.submitted_at BETWEEN a.submitted_at - %(within)s AND a.submitted_at AND NOT e.restricted
   AND (its.firm = mine.firm OR e.enterprise_id = a.enterprise_id OR (a.uscc <> '' AND o.uscc = a.uscc)
        OR (a.phone_index <> %(no_phone)s AND o.phone_index = a.phone_index))
 GROUP BY a.asked
"""  # noqa: S608
"""Members of the same topic of the same firm, and when the later of the two had joined."""


_JOINED = """EXISTS (SELECT FROM tickets_event x WHERE x.ticket_id = {0}.ticket_id AND x.kind = 'topic'
    AND x.data->>'op' = 'joined' AND (x.data->>'topic')::bigint = {0}.topic_id)"""
_RESTRICTED_AT = """CASE WHEN e.restricted THEN (SELECT min(x.happened_at) FROM tickets_event x
    WHERE x.ticket_id = e.id AND x.data @> '{"restricted": true}') END"""
_ONCE_TOGETHER = f"""{_ASKED}
SELECT a.asked, min(joined.at), max(gone.at)
  FROM asked a
  JOIN tickets_topicmember mine ON mine.ticket_id = a.id
  JOIN tickets_topicmember its ON its.topic_id = mine.topic_id AND its.ticket_id < a.id
  JOIN tickets_ticket e ON e.id = its.ticket_id
  JOIN tickets_filing o ON o.ticket_id = e.id
 CROSS JOIN LATERAL (SELECT GREATEST(mine.added_at, its.added_at)) AS joined(at)
 CROSS JOIN LATERAL (SELECT LEAST(mine.removed_at, its.removed_at, {_RESTRICTED_AT})) AS gone(at)
 WHERE ('removed' IN (mine.state, its.state) OR e.restricted) AND 'candidate' NOT IN (mine.state, its.state)
   AND {_JOINED.format("mine")} AND {_JOINED.format("its")} AND joined.at < gone.at
   AND e.submitted_at BETWEEN a.submitted_at - %(within)s AND a.submitted_at
   AND (its.firm = mine.firm OR e.enterprise_id = a.enterprise_id OR (a.uscc <> '' AND o.uscc = a.uscc)
        OR (a.phone_index <> %(no_phone)s AND o.phone_index = a.phone_index))
 GROUP BY a.asked
"""  # noqa: S608
"""As `_TOGETHER`, where one of the two has left since, or the earlier is restricted: from when until when."""
Span = tuple[datetime, datetime | None]
"""From when until when a request is a repeat; None: it still is."""


def spans_of(ticket_ids: Sequence[int]) -> Mapping[int, Span]:
    """As `repeats_of`, and those that were one while both stood in a topic that one has left: a frozen month is
    counted as they stood then. One more statement.
    """
    once = {asked: (since, until) for asked, since, until in _rows(_ONCE_TOGETHER, _params(ticket_ids))}
    return once | {asked: (at, None) for asked, at in repeats_of(ticket_ids).items()}


def repeats_of(ticket_ids: Sequence[int]) -> Mapping[int, datetime]:
    """Of these requests (some thousands at most) those that are repeats, and from when on: their own submission where
    the texts are alike, else the later joining of the topic. Four statements, however many are asked for.

    A part of a split request is one where its matter is.
    """
    params = _params(ticket_ids)
    by_topic: dict[int, datetime] = dict(_rows(_TOGETHER, params))
    return by_topic | _by_words(params)


def _params(ticket_ids: Sequence[int]) -> dict[str, Any]:
    return {"tickets": list(ticket_ids), "within": WITHIN, "most": _COMPARED, "no_phone": index("")}


def settled_by(ticket_id: int) -> tuple[bool, list[int]]:
    """Before the words of a request are erased: whether it is a repeat by its words, and which later requests of the
    same firm are, whatever they rest on. Kept in `Filing.said_before`, so that figures stay what they were.
    """
    later = [key for (key,) in _rows(_LATER, {"ticket": ticket_id, "within": WITHIN, "no_phone": index("")})]
    found = _by_words(_params([ticket_id, *later]))
    return ticket_id in found, [key for key in later if key in found]


def _by_words(params: dict[str, Any]) -> dict[int, datetime]:
    earlier = _rows(_EARLIER, params)
    texts = _Texts(_named(earlier))
    found = {asked: at for asked, key, at, others in earlier if texts.said_before(key, others)}
    return found | dict(_rows(_SETTLED, params))


_SETTLED = f"{_ASKED} SELECT asked, submitted_at FROM asked WHERE said_before"  # noqa: S608
_LATER = f"""
WITH gone AS MATERIALIZED (
    SELECT t.id, t.submitted_at, t.enterprise_id, f.uscc, f.phone_index, {FIRM_NAME.format("f.enterprise_name")} AS firm
      FROM tickets_ticket t JOIN tickets_filing f ON f.ticket_id = t.id WHERE t.id = %(ticket)s
)
SELECT DISTINCT b.id
  FROM gone a
 CROSS JOIN LATERAL (
    SELECT o.id FROM tickets_ticket o WHERE o.enterprise_id = a.enterprise_id
    UNION
    SELECT o.ticket_id FROM tickets_filing o
     WHERE a.uscc <> '' AND o.uscc = a.uscc AND o.uscc <> '' AND o.erased_at IS NULL
    UNION
    SELECT o.ticket_id FROM tickets_filing o
     WHERE a.phone_index <> %(no_phone)s AND o.phone_index = a.phone_index AND o.erased_at IS NULL
    UNION
    SELECT o.ticket_id FROM tickets_filing o
     WHERE a.firm <> '' AND {FIRM_NAME.format("o.enterprise_name")} = a.firm AND o.erased_at IS NULL
 ) AS known(id)
  JOIN tickets_ticket b ON b.id = known.id
 WHERE b.id > a.id AND b.submitted_at BETWEEN a.submitted_at AND a.submitted_at + %(within)s
"""  # noqa: S608


def echoes_of(ticket_ids: Sequence[int]) -> set[int]:
    """Later requests of the same firms in the same topics, in or out of them by now: where one of these joins or
    leaves its topic, they become repeats or cease to be. One statement.
    """
    return {key for (key,) in _rows(_ECHOES, {"tickets": list(ticket_ids)})} if ticket_ids else set()


_ECHOES = """
SELECT DISTINCT its.ticket_id
  FROM tickets_topicmember mine
  JOIN tickets_topicmember its ON its.topic_id = mine.topic_id AND its.ticket_id > mine.ticket_id
  JOIN tickets_ticket a ON a.id = mine.ticket_id
  JOIN tickets_ticket b ON b.id = its.ticket_id
  JOIN tickets_filing f ON f.ticket_id = a.id
  JOIN tickets_filing g ON g.ticket_id = b.id
 WHERE mine.ticket_id = ANY(%(tickets)s)
   AND (its.firm = mine.firm OR a.enterprise_id = b.enterprise_id OR f.uscc = g.uscc OR f.phone_index = g.phone_index)
"""
_TEXTS = "SELECT ticket_id, text FROM tickets_filing WHERE ticket_id = ANY(%(tickets)s)"
_Earlier = tuple[int, int, datetime, list[int]]


def _rows(sql: str, params: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _named(earlier: Iterable[_Earlier]) -> Iterator[int]:
    """Every request whose text is looked at, some of them twice."""
    for _, key, _, others in earlier:
        yield key
        yield from others


class _Texts:
    """What these requests say; of each text its pairs once, since it is looked at again with the firm's next ones."""

    def __init__(self, keys: Iterable[int]) -> None:
        wanted = sorted(set(keys))
        self._of: dict[int, str] = dict(_rows(_TEXTS, {"tickets": wanted})) if wanted else {}
        self._grams = cache(grams)

    def said_before(self, key: int, others: Iterable[int]) -> bool:
        """Whether one of the others says the same."""
        mine = self._grams(self._of[key])
        return any(likeness(mine, self._grams(self._of[other])) >= SAME_FIRM for other in others)
