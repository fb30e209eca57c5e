"""Keeping the rows of the projection true to the log: what is new in it, and what has come due since.

Nothing is missed under concurrent commits: a pass reads everything visible from its checkpoint on, and moves the
checkpoint no further than the oldest transaction that still writes; what lies beyond is read again by the next pass,
and folding a request twice gives the same rows. Passes follow each other: the checkpoint's row is locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from qihu.clock import now
from tickets.figures import cells, store
from tickets.figures.folding import Row, Step, fold
from tickets.figures.measures import in_force
from tickets.figures.places import Places, read_places
from tickets.figures.repeats import repeats_of
from tickets.figures.source import logs_of
from tickets.models import Checkpoint, Ticket

EVENTS = 5_000
"""Read in one pass at most; a longer backlog is worked off in several."""
TICKETS = 500
"""Folded at once."""
_New = tuple[int, int, int]  # an event: its transaction, its key, its request
LAST = 2**63 - 1
"""Above every event's key."""
_IDLE = timedelta(seconds=30)
_HORIZON = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id()::text::bigint,
       least(statement_timestamp(), (SELECT min(xact_start) - interval '1 millisecond' FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
                        AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - make_interval(secs => %s))))
"""
"""Below the first every transaction has ended; every event recorded by the second can be seen. A transaction that has
written nothing for so long reads a report: its beginning tells nothing of events."""
_NEW = """
SELECT xid, id, ticket_id FROM tickets_event WHERE (xid, id) > (%s, %s) ORDER BY xid, id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a pass did. `more`: there was more to read than one pass may."""

    tickets: int
    events: int
    more: bool


@transaction.atomic
def advance(*, at: datetime | None = None, most: int = EVENTS) -> Progress | None:
    """One pass; None where another one is under way. `at`: the cut-off of what has come due, default the clock's.

    `most`: events read at most.
    """
    checkpoint = Checkpoint.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if checkpoint is None:
        return None if Checkpoint.objects.filter(pk=1).exists() else _began(at, most)
    oldest, own, known_at = _horizon()
    at = min(at or now(), known_at)
    definitions = in_force(at)
    if checkpoint.definitions != definitions.number:
        cells.sum_up(definitions, read_places())
        checkpoint.definitions = definitions.number
    fresh = _new(checkpoint, most)
    changed = sorted({ticket for _, _, ticket in fresh})
    places = read_places()
    changes = cells.Changes(definitions, places)
    folding = _with_parts(changed)
    for i in range(0, len(folding), TICKETS):
        refold(folding[i : i + TICKETS], places, changes, at=at)
    store.pass_time(changes, before=checkpoint.as_of, at=at)
    changes.write()
    _move(checkpoint, _settled(fresh, oldest, own), oldest, full=len(fresh) >= most)
    checkpoint.as_of, checkpoint.behind = at, len(fresh) >= most
    if not checkpoint.behind:
        checkpoint.known_at = known_at
    checkpoint.save()
    return Progress(len(changed), len(fresh), checkpoint.behind)


def _began(at: datetime | None, most: int) -> Progress | None:
    Checkpoint.objects.bulk_create([Checkpoint(pk=1)], ignore_conflicts=True)
    return advance(at=at, most=most)


def catch_up(*, at: datetime | None = None) -> int:
    """Passes until nothing is left; how many events were read."""
    events = 0
    while (done := advance(at=at)) is not None:
        events += done.events
        if not done.more:
            break
    return events


def refold(tickets: Sequence[int], places: Places, changes: cells.Changes, *, at: datetime) -> None:
    """Make the rows of these requests anew, as of `at`."""
    rows, steps = folded(tickets, places)
    store.replace(tickets, rows, steps, changes, at=at)


def folded(tickets: Sequence[int], places: Places) -> tuple[list[Row], list[Step]]:
    """The rows of these requests from their logs."""
    repeats = repeats_of(tickets)
    rows, steps = list[Row](), list[Step]()
    for log, origin in logs_of(tickets):
        more, further = fold(log, places, origin=origin, repeat_at=repeats.get(log[0].ticket_id))
        rows += more
        steps += further
    return rows, steps


def horizon() -> int:
    """The oldest transaction that still writes: every one before it has ended."""
    return _horizon()[0]


def _horizon() -> tuple[int, int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON, [_IDLE.total_seconds()])
        oldest, own, known_at = cursor.fetchone()
    return oldest, own, known_at


def _new(checkpoint: Checkpoint, most: int) -> list[_New]:
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [checkpoint.xid, checkpoint.event, most])
        rows: list[_New] = cursor.fetchall()
    return rows


def _with_parts(tickets: Sequence[int]) -> list[int]:
    """With the parts of those that were split: their matter tells when they came in, and whether they are a test."""
    if not tickets:
        return []
    parts = Ticket.objects.filter(Q(parent__in=tickets)).order_by().values_list("pk", flat=True)
    return sorted({*tickets, *parts})


def _settled(fresh: Sequence[_New], oldest: int, own: int) -> list[_New]:
    """What nothing can come before any more; of this transaction's own events (it has none but in tests) as well."""
    return [one for one in fresh if one[0] < oldest or one[0] == oldest == own]


def _move(checkpoint: Checkpoint, settled: Sequence[_New], oldest: int, *, full: bool) -> None:
    """To the last event read that is settled; where all was read, to the horizon."""
    if settled:
        checkpoint.xid, checkpoint.event, _ = settled[-1]
    if not full and checkpoint.xid < oldest - 1:
        checkpoint.xid, checkpoint.event = oldest - 1, LAST
