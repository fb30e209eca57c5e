"""Keeping the rows of the projection true to the log: what is new in it, and what has come due since.

Nothing is missed under concurrent commits: a pass reads everything visible from its checkpoint on, and moves the
checkpoint no further than the oldest transaction that still writes; what lies beyond is read again by the next pass,
and folding a request twice gives the same rows. Passes follow each other: an advisory lock of the database sees to
it, and keeps them out of a rebuilding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q

from tickets.figures import cells, store
from tickets.figures.folding import Row, Step, fold
from tickets.figures.measures import Definitions, in_force
from tickets.figures.places import Places, read_places
from tickets.figures.repeats import Span, echoes_of, spans_of
from tickets.figures.source import Logs, logs_of
from tickets.models import Checkpoint, Fact, Ticket

EVENTS = 5_000
"""Read in one pass at most; a longer backlog is worked off in several."""
TICKETS = 500
"""Folded at once."""
_New = tuple[int, int, int]  # an event: its transaction, its key, its request
LOCK = 7_305_801_742_095
"""Of the advisory lock: any number that nothing else uses."""
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
    """One pass; None where another one is under way. `at`: the cut-off of what has come due; without it, and at most,
    what the database's clock allows.

    `most`: events read at most, and beyond them those that are not settled yet.
    """
    if not _alone():
        return None
    checkpoint = Checkpoint.objects.filter(pk=1).first() or Checkpoint(pk=1)
    horizon = _horizon()
    at = min(at, horizon.known_at) if at else horizon.known_at
    changes = cells.Changes(_defined(checkpoint, at), read_places())
    fresh, more = _read(checkpoint, horizon, most)
    told = {ticket for _, _, ticket in fresh}
    changed = _with_parts(sorted(told | echoes_of(sorted(told))))
    for i in range(0, len(changed), TICKETS):
        refold(changed[i : i + TICKETS], changes, at=at)
    store.pass_time(changes, before=checkpoint.as_of, at=at)
    changes.write()
    _move(checkpoint, fresh, horizon, more=more)
    checkpoint.as_of, checkpoint.behind = at, more
    checkpoint.known_at = checkpoint.known_at if more else horizon.known_at
    checkpoint.save()
    return Progress(len(changed), len(fresh), more)


def _defined(checkpoint: Checkpoint, at: datetime) -> Definitions:
    """The edition in force; where it is a new one, the sums are made for it."""
    definitions = in_force(at)
    if checkpoint.definitions != definitions.number:
        if Fact.objects.exists():
            cells.sum_up(definitions, read_places())
        checkpoint.definitions = definitions.number
    return definitions


def _alone() -> bool:
    """Until the transaction ends nobody else writes the projection; False where somebody does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        free: bool = cursor.fetchone()[0]
    return free


def catch_up(*, at: datetime | None = None) -> int:
    """Passes until nothing is left; how many events were read."""
    events = 0
    while (done := advance(at=at)) is not None:
        events += done.events
        if not done.more:
            break
    return events


def refold(tickets: Sequence[int], changes: cells.Changes, *, at: datetime) -> None:
    """Make the rows of these requests anew, as of `at`."""
    rows, steps = folded(logs_of(tickets), spans_of(tickets), changes.places)
    store.replace(tickets, rows, steps, changes, at=at)


def folded(logs: Logs, repeats: Mapping[int, Span], places: Places) -> tuple[list[Row], list[Step]]:
    """The rows of these logs; `repeats`: from when until when a request repeats another."""
    rows, steps = list[Row](), list[Step]()
    for log, origin in logs:
        more, further = fold(log, places, origin=origin, repeat=repeats.get(log[0].ticket_id))
        rows += more
        steps += further
    return rows, steps


class Horizon(NamedTuple):
    """`oldest`: every transaction before it has ended; `own`: this one; `known_at`: see `_HORIZON`."""

    oldest: int
    own: int
    known_at: datetime

    def settles(self, event: _New) -> bool:
        """Nothing can come before it any more; of this transaction's own (it has some in tests alone) as well."""
        return event[0] < self.oldest or event[0] == self.oldest == self.own


def oldest_writer() -> int:
    """The oldest transaction that still writes."""
    return _horizon().oldest


def _horizon() -> Horizon:
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON, [_IDLE.total_seconds()])
        return Horizon(*cursor.fetchone())


def _read(checkpoint: Checkpoint, horizon: Horizon, most: int) -> tuple[list[_New], bool]:
    """Events beyond the checkpoint, and whether more are left: never of those that it cannot pass over yet."""
    found = list[_New]()
    place = (checkpoint.xid, checkpoint.event)
    while True:
        some = _new(place, most)
        found += some
        if len(some) < most:
            return found, False
        if horizon.settles(some[-1]):
            return found, True
        place = some[-1][:2]


def _new(place: tuple[int, int], most: int) -> list[_New]:
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [*place, most])
        rows: list[_New] = cursor.fetchall()
    return rows


def _with_parts(tickets: Sequence[int]) -> list[int]:
    """With the parts of those that were split: their matter tells when they came in, and whether they are a test."""
    if not tickets:
        return []
    parts = Ticket.objects.filter(Q(parent__in=tickets)).order_by().values_list("pk", flat=True)
    return sorted({*tickets, *parts})


def _move(checkpoint: Checkpoint, fresh: Sequence[_New], horizon: Horizon, *, more: bool) -> None:
    """To the last event read that is settled; where all was read, to the horizon."""
    settled = [event for event in fresh if horizon.settles(event)]
    if settled:
        checkpoint.xid, checkpoint.event, _ = settled[-1]
    if not more and checkpoint.xid < horizon.oldest - 1:
        checkpoint.xid, checkpoint.event = horizon.oldest - 1, LAST
    checkpoint.newest = max([checkpoint.newest, *(event for _, event, _ in fresh)])
