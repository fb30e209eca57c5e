"""What the red promises of the last weeks did, as shares of their time: what a forecast learns from."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from routing.promises.amount import OPENING
from routing.promises.book import calendar_version
from routing.promises.worktime import opening_seconds
from tickets.figures.hazard import Observation, Paces, learned
from tickets.terms import RED_CLOCKS
from tickets.workflow import MOVES, OPEN, Status

DAYS = 60
"""Looked back."""
MOST = 5_000
"""Ends of one kind looked at, the newest: a big city looks back fewer days, and still sees more than enough."""
ENDED_BY = sorted({str(move.action) for move in MOVES if RED_CLOCKS & {*move.stops, *move.voids}})
"""Moves after which a red promise no longer runs."""

_FIRST = """
SELECT max(nth.happened_at) FROM unnest(%(kinds)s::text[]) one(kind) CROSS JOIN LATERAL (
    SELECT e.happened_at FROM tickets_event e
     WHERE e.kind = one.kind AND e.happened_at >= %(since)s AND e.happened_at <= %(at)s
     ORDER BY e.happened_at DESC OFFSET %(most)s LIMIT 1) nth
"""
_SEEN = """
WITH touched AS (
    SELECT ticket_id FROM tickets_event
     WHERE kind = ANY(%(kinds)s) AND happened_at >= %(since)s AND happened_at <= %(at)s
    UNION SELECT id FROM tickets_ticket WHERE status = ANY(%(open)s))
SELECT d.clock, COALESCE(led.code, ''), t.region_id, d.unit, d.calendar_version_id,
       d.started_at, d.promised_due_at, d.due_at, COALESCE(d.met_at, d.voided_at, d.paused_at), d.met_at IS NOT NULL
  FROM touched JOIN tickets_ticket t ON t.id = touched.ticket_id
  JOIN tickets_deadline d ON d.ticket_id = t.id
  LEFT JOIN accounts_department led ON led.id = t.department_id
 WHERE d.clock = ANY(%(clocks)s) AND d.promised_due_at IS NOT NULL AND d.due_at IS NOT NULL AND d.started_at < %(at)s
   AND COALESCE(d.met_at, d.voided_at, %(at)s) >= %(since)s
   AND NOT t.test AND NOT t.restricted AND t.status <> %(merged)s
"""


_FROM_THE_START = float("-inf")


class Promise(NamedTuple):
    """One red promise: whose, by which hours, and its times. `ended_at`: None while it runs."""

    clock: str
    department: str
    region: str
    unit: str
    calendar: int
    started_at: datetime
    promised_due_at: datetime
    due_at: datetime
    ended_at: datetime | None
    met: bool

    def used(self, at: datetime) -> float:
        """The share of its time used at that moment: by opening time or by the clock, as it is promised."""
        whole = self._between(self.started_at, self.promised_due_at)
        return 1 - self._between(at, self.due_at) / max(whole, 1)

    def _between(self, start: datetime, end: datetime) -> float:
        if end < start:
            return -self._between(end, start)
        if self.unit in OPENING:
            return opening_seconds(calendar_version(self.calendar), start, end)
        return (end - start).total_seconds()

    @property
    def groups(self) -> Sequence[Hashable]:
        """Whose pace tells, narrowest first: the department's, the region's, everybody's."""
        return (self.clock, "department", self.department), (self.clock, "region", self.region), (self.clock, "all", "")

    def seen(self, since: datetime, at: datetime) -> Observation:
        """As it was seen from `since` to `at`."""
        entered = self.used(since) if self.started_at < since else _FROM_THE_START
        return Observation(entered, self.used(self.ended_at or at), self.met)


def paces(*, at: datetime) -> tuple[Paces, datetime]:
    """What the promises did by group, and since when they were looked at. Two queries, whoever looks: it is no
    person's list but everybody's pace.
    """
    since = _since(at)
    return learned((one.groups, one.seen(since, at)) for one in _promises(since, at)), since


def _since(at: datetime) -> datetime:
    since = at - timedelta(days=DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"kinds": ENDED_BY, "since": since, "at": at, "most": MOST})
        (found,) = cursor.fetchone()
    return found or since


def _promises(since: datetime, at: datetime) -> Iterator[Promise]:
    params: dict[str, Any] = {
        "kinds": ENDED_BY,
        "since": since,
        "at": at,
        "open": sorted(map(str, OPEN)),
        "clocks": sorted(map(str, RED_CLOCKS)),
        "merged": str(Status.MERGED),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, params)
        for row in cursor.fetchall():
            yield Promise(*row)
