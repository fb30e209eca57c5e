"""How a kind reads the log: one statement that marks what is odd, and says among how many of whom."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from tickets.figures.anomalies.kind import Flag, Found, Whose
from tickets.figures.anomalies.watched import IN_SCOPE, WATCHED, Watched
from tickets.figures.window import Window

MOST = 5000
"""Flags of one kind at most, newest first: whoever has more has another problem than finding them."""
_EACH = """
WITH looked AS MATERIALIZED ({looked})
SELECT NULL::bigint, NULL::integer, department_id, officer_id, NULL::timestamptz, NULL::jsonb, count(*)
FROM looked GROUP BY department_id, officer_id
UNION ALL
(SELECT ticket_id, seq, department_id, officer_id, at, detail, 0 FROM looked WHERE odd
 ORDER BY at DESC, ticket_id DESC, seq DESC LIMIT %(most)s)
"""


@dataclass(frozen=True, slots=True)
class Odd:
    """One odd row: whose it is, when, and what the statement says about it."""

    ticket_id: int
    seq: int
    department_id: int | None
    officer_id: int | None
    at: datetime
    detail: Mapping[str, Any]

    def flag(self, note: str, *, cluster: str = "") -> Flag:
        """The flag it becomes."""
        return Flag(
            ticket_id=self.ticket_id,
            seq=self.seq,
            department_id=self.department_id,
            officer_id=self.officer_id,
            at=self.at,
            note=note,
            cluster=cluster,
        )


def read(looked: str, watched: Watched, window: Window, **params: object) -> tuple[list[Odd], dict[Whose, int]]:
    """Odd rows, newest first, and how many rows there were for each department and officer.

    `looked` selects ticket_id, seq, department_id, officer_id, at, odd, detail (jsonb); `{in_scope}` in it is the
    condition over `tickets_ticket t`, `%(since)s` and `%(until)s` are the window.
    """
    odd: list[Odd] = []
    among: dict[Whose, int] = {}
    for row in rows(_EACH.replace("{looked}", looked), watched, window, most=MOST, **params):
        if row[0] is None:
            among[row[2], row[3]] = row[6]
        else:
            odd.append(Odd(row[0], row[1], row[2], row[3], row[4], json.loads(row[5] or "{}")))
    return odd, among


def rows(sql: str, watched: Watched, window: Window, **params: object) -> Iterator[tuple[Any, ...]]:
    """Rows of a statement over the window and what is watched; JSON comes as text."""
    whole = watched.params | {"since": window.since, "until": window.until} | params
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{in_scope}", IN_SCOPE).replace("{watched}", WATCHED), whole)
        yield from cursor.fetchall()


def rated(looked: str, watched: Watched, window: Window, note: Callable[[Odd], str | None], **params: object) -> Found:
    """Flags and what they are counted over; `note` says what is odd, or None where a closer look finds nothing."""
    odd, among = read(looked, watched, window, **params)
    flags = [one.flag(said) for one in odd if (said := note(one)) is not None]
    return Found(flags=tuple(flags), among=among)
