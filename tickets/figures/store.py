"""Writing the projection's rows: a request's replaced as a whole, and those whose time has come or passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import connection

from tickets.figures.binary import copy_in, in_binary
from tickets.figures.cells import Changes
from tickets.figures.folding import Row, Step
from tickets.models import Fact, Stay

_ROW = ", ".join(Row._fields)
_PAST, _NOW, _AHEAD = (str(state) for state in (Fact.State.PAST, Fact.State.NOW, Fact.State.AHEAD))
_STATE = """CASE WHEN f.until <= f.since THEN 'past' WHEN f.since > %(at)s THEN 'ahead'
    WHEN f.until <= %(at)s THEN 'past' ELSE 'now' END"""
_CLEAR = f"DELETE FROM tickets_fact WHERE ticket_id = ANY(%(tickets)s) RETURNING state, {_ROW}"  # noqa: S608 - fixed texts
_CLEAR_STEPS = "DELETE FROM tickets_stay WHERE ticket_id = ANY(%s)"
_BEGUN = f"""
WITH due AS (
    SELECT DISTINCT ticket_id FROM tickets_fact
     WHERE state = 'ahead' AND since <= %(at)s
)
UPDATE tickets_fact f SET state = {_STATE}
  FROM due, tickets_fact old
 WHERE f.ticket_id = due.ticket_id AND old.id = f.id
   AND f.state <> {_STATE}
RETURNING old.state, f.state, {", ".join(f"f.{name}" for name in Row._fields)}
"""  # noqa: S608
_ANEW = f"""
UPDATE tickets_fact f SET state = {_STATE}
  FROM tickets_fact old
 WHERE old.id = f.id AND (f.since > %(at)s AND f.since <= %(before)s OR f.until > %(at)s AND f.until <= %(before)s)
RETURNING old.state, f.state, {", ".join(f"f.{name}" for name in Row._fields)}
"""  # noqa: S608


def state_at(row: Row, at: datetime) -> str:
    """Where a row stands to the cut-off; one that only the past took to be true is past."""
    if row.until <= row.since:
        return _PAST
    return _AHEAD if row.since > at else _PAST if row.until <= at else _NOW


def replace(
    tickets: Sequence[int], rows: Sequence[Row], steps: Sequence[Step], changes: Changes, *, at: datetime
) -> None:
    """These requests' rows instead of those they had; the sums follow."""
    for state, *row in in_binary(_CLEAR, {"tickets": list(tickets)}):
        if state == _NOW:
            changes.take_out(Row._make(row))
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR_STEPS, [list(tickets)])
    write(rows, steps, at=at)
    for one in rows:
        if state_at(one, at) == _NOW:
            changes.put_in(one)


def clear(first: int, after: int) -> None:
    """Drop the rows of requests with keys in `[first, after)`; the sums are made anew after it."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_fact WHERE ticket_id >= %s AND ticket_id < %s", [first, after])
        cursor.execute("DELETE FROM tickets_stay WHERE ticket_id >= %s AND ticket_id < %s", [first, after])


def write(rows: Iterable[Row], steps: Iterable[Step], *, at: datetime) -> None:
    """Rows of requests that have none."""
    copy_in(Fact, ("state", *Row._fields), ((state_at(row, at), *row) for row in rows))
    copy_in(Stay, Step._fields, steps)


def pass_time(changes: Changes, *, before: datetime | None, at: datetime) -> None:
    """Rows whose moment has come become current in place of those before them. A clock set back is followed, too."""
    if before is not None and at < before:
        found = _moved(_ANEW, {"at": at, "before": before})
    else:
        found = _moved(_BEGUN, {"at": at})
    for was, became, row in found:
        if was == _NOW:
            changes.take_out(row)
        if became == _NOW:
            changes.put_in(row)


def _moved(sql: str, params: dict[str, datetime]) -> Iterator[tuple[str, str, Row]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for was, became, *row in cursor.fetchall():
            yield was, became, Row._make(row)
