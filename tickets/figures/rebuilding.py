"""Making the whole projection anew from the log, in slices by several processes; readers go on reading.

A slice replaces the rows of its requests by the same rows, so nothing that is read in between is wrong; the sums are
made at the end. Whatever is committed meanwhile is read by the pass that follows: the checkpoint is set back to where
the log stood when it began.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from time import perf_counter

from django.db import connection, connections, transaction

from tickets.figures import cells, projection, store
from tickets.figures.measures import in_force
from tickets.figures.places import Places, read_places
from tickets.figures.repeats import spans_of
from tickets.figures.source import logs_between
from tickets.models import Checkpoint, Event, Ticket

SLICE = 2_000
"""Requests of one slice: one transaction."""


_Span = tuple[int, int, datetime]
"""First key, the key after the last one, the cut-off."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done."""

    tickets: int
    events: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds else 0.0


def rebuild(*, at: datetime, workers: int = 0) -> Rebuilt:
    """Everything anew, as of `at`. `workers`: processes, 0 = one for each processor; 1 works in this one."""
    began = perf_counter()
    _kept.clear()
    with _workers(workers or os.cpu_count() or 1) as run, _alone():
        oldest = projection.oldest_writer()
        last = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        slices = [(first, min(first + SLICE, last + 1), at) for first in range(1, last + 1, SLICE)]
        tickets = sum(run(_slice, slices))
        store.clear(last + 1, projection.LAST)
        _sum_up(oldest, at)
    events = Event.objects.count()
    projection.catch_up(at=at)
    return Rebuilt(tickets, events, perf_counter() - began)


_Run = Callable[[Callable[[_Span], int], Sequence[_Span]], Iterable[int]]


@contextmanager
def _workers(count: int) -> Iterator[_Run]:
    """A `map` over processes. They are all begun before this one opens a connection that they would share."""
    if count == 1:
        yield map
        return
    connections.close_all()
    with ProcessPoolExecutor(count, mp_context=get_context("fork"), initializer=_uncollected) as pool:
        pool.submit(os.getpid).result()
        yield pool.map


def _uncollected() -> None:
    """Of a process that folds: millions of short-lived rows without a cycle among them are not searched for one."""
    gc.freeze()
    gc.disable()


@contextmanager
def _alone() -> Iterator[None]:
    """No pass meanwhile. The lock is the connection's, not a transaction's: one that lasts would hold the seals up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [projection.LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [projection.LOCK])


def _slice(span: _Span) -> int:
    first, after, at = span
    with transaction.atomic():
        keys = list(Ticket.objects.filter(pk__gte=first, pk__lt=after).order_by("pk").values_list("pk", flat=True))
        rows, steps = projection.folded(logs_between(first, after), spans_of(keys), _places())
        store.clear(first, after)
        store.write(rows, steps, at=at)
    return len(keys)


_kept: list[Places] = []


def _places() -> Places:
    """Read once in a process."""
    if not _kept:
        _kept.append(read_places())
    return _kept[0]


@transaction.atomic
def _sum_up(oldest: int, at: datetime) -> None:
    checkpoint = Checkpoint.objects.filter(pk=1).first() or Checkpoint(pk=1)
    definitions = in_force(at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_fact")
    cells.sum_up(definitions, read_places())
    checkpoint.xid, checkpoint.event, checkpoint.as_of = oldest - 1, projection.LAST, at
    checkpoint.definitions, checkpoint.behind = definitions.number, True
    checkpoint.save()
