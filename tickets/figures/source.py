"""Reading the log for the fold: only what counts, request by request, with what a part takes from its matter."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tickets.figures.binary import in_binary
from tickets.figures.folding import Origin
from tickets.figures.life import ASIDES, Told
from tickets.workflow import Action

_COLUMNS = (
    "e.ticket_id, e.kind, e.round, e.from_status, e.to_status, e.department_id, e.actor_id, e.happened_at,"
    " e.recorded_at, e.data::text"
)
_COUNTS = "(e.to_status <> '' OR e.kind = ANY(%(asides)s) OR e.data ? 'clocks')"
_LOGS = f"""
SELECT {_COLUMNS} FROM tickets_event e
 WHERE e.ticket_id = ANY(%(tickets)s) AND {_COUNTS} ORDER BY e.ticket_id, e.seq
"""  # noqa: S608 - fixed texts only
_RANGE = f"""
SELECT {_COLUMNS} FROM tickets_event e
 WHERE e.ticket_id >= %(first)s AND e.ticket_id < %(after)s AND {_COUNTS} ORDER BY e.ticket_id, e.seq
"""  # noqa: S608
_MARKS = f"""
SELECT {_COLUMNS} FROM tickets_event e
 WHERE e.ticket_id = ANY(%(tickets)s) AND (e.seq = 1 OR e.kind = ANY(%(marks)s)) ORDER BY e.ticket_id, e.seq
"""  # noqa: S608
_MARKING = ["absorb", str(Action.MARK_TEST)]

Logs = Iterator[tuple[Sequence[Told], Origin | None]]


def logs_of(tickets: Sequence[int]) -> Logs:
    """Of these requests; two queries."""
    return _read(_LOGS, {"tickets": list(tickets)})


def logs_between(first: int, after: int) -> Logs:
    """Of the requests with keys in `[first, after)`; two queries."""
    return _read(_RANGE, {"first": first, "after": after})


def _read(sql: str, params: dict[str, Any]) -> Logs:
    logs = list(_by_ticket(in_binary(sql, params | {"asides": sorted(ASIDES)})))
    parents = {log[0].ticket_id: parent for log in logs if (parent := log[0].data.get("parent"))}
    origins = _origins(sorted(set(parents.values())))
    for log in logs:
        parent = parents.get(log[0].ticket_id)
        yield log, origins[parent] if parent else None


def _by_ticket(rows: Sequence[tuple[Any, ...]]) -> Iterator[list[Told]]:
    log = list[Told]()
    for row in rows:
        told = _told(row)
        if log and log[0].ticket_id != told.ticket_id:
            yield log
            log = []
        log.append(told)
    if log:
        yield log


def _told(row: tuple[Any, ...]) -> Told:
    return Told._make((*row[:-1], json.loads(row[-1])))


def _origins(parents: Sequence[int]) -> Mapping[int, Origin]:
    if not parents:
        return {}
    found = defaultdict[int, list[Told]](list)
    for row in in_binary(_MARKS, {"tickets": list(parents), "marks": _MARKING}):
        told = _told(row)
        found[told.ticket_id].append(told)
    return {key: _origin(log) for key, log in found.items()}


def _origin(log: Sequence[Told]) -> Origin:
    """A matter that was born a test makes its parts tests, too."""
    born = log[0]
    tested = [born._replace(kind=str(Action.MARK_TEST), to_status="", from_status="")] if born.data.get("test") else []
    bare = [one._replace(to_status="", from_status="", round=0, data=_bare(one)) for one in [*tested, *log[1:]]]
    return Origin(born.happened_at, bare)


def _bare(told: Told) -> dict[str, object]:
    """Without the promises: they are the matter's own."""
    return {"submitted_at": told.data["submitted_at"]} if "submitted_at" in told.data else {}
