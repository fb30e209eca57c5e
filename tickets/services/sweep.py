"""Firing what is due: breaches, once each and dated when they broke; and the ends that silence brings."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models import prefetch_related_objects

from routing.promises.book import current_book
from tickets.models import Deadline, Ticket
from tickets.services import closing, departure
from tickets.services.batch import Batch
from tickets.services.transition import settle
from tickets.workflow import ENDING_CLOCKS, Clock, Status

log = structlog.get_logger(__name__)
BATCH = 500
"""Requests that one transaction fires together."""
AHEAD = 8
"""Batches looked at ahead, so that several sweepers find work that none of the others has locked."""


def database_now() -> datetime:
    """The database's clock: the only one that a sweep compares due times with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def sweep(*, at: datetime, limit: int = BATCH) -> int:
    """Fire a batch of what promises have come to by `at`; number fired. Many sweepers may run at once.

    Law: reads what is due without a lock, locks the requests (skipping those that a move or another sweeper holds) in
    key order, reads again, fires. What was skipped is still due at the next tick. A request that cannot be fired is
    logged and holds up nobody else.
    """
    found = list(Deadline.objects.due(at, limit=limit * AHEAD).values_list("ticket_id", "clock"))
    if not found:
        return 0
    ending = dict.fromkeys(ticket for ticket, clock in found if clock in ENDING_CLOCKS)
    breaking = dict.fromkeys(ticket for ticket, clock in found if clock not in ENDING_CLOCKS)
    return _break_apart(list(breaking), at=at, limit=limit) + _end_some(list(ending), at=at, limit=limit)


def _end_some(keys: Sequence[int], *, at: datetime, limit: int) -> int:
    """The first ones that can be ended, each in a transaction of its own."""
    fired = 0
    for key in keys:
        fired += _alone(_end, key, at=at)
        if fired >= limit:
            break
    return fired


def _break_apart(keys: Sequence[int], *, at: datetime, limit: int) -> int:
    """All together, which is cheap; where one of them fails, each for itself."""
    try:
        return _break_all(keys, at=at, limit=limit)
    except Exception as error:  # noqa: BLE001 - one bad request must not hold up the others: isolate it below
        log.warning("sweep.batch_failed", tickets=len(keys), error=type(error).__name__)
    return sum(_alone(_break_one, key, at=at) for key in keys[:limit])


def _alone(fire: Callable[..., int], key: int, *, at: datetime) -> int:
    """What one request fires; 0, and a line in the log, where that fails."""
    try:
        return fire(key, at=at)
    except Exception:
        log.exception("sweep.ticket_failed", ticket_id=key)
        return 0


def _break_one(key: int, *, at: datetime) -> int:
    return _break_all([key], at=at, limit=1)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Thousands of rows live as long as a batch does: the cyclic collector would walk them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
@transaction.atomic
def _break_all(keys: Sequence[int], *, at: datetime, limit: int) -> int:
    """Lock up to `limit` of these requests that nobody holds, and fire all that each has come to."""
    if not keys:
        return 0
    free = Ticket.objects.lock(keys).select_related(None).select_for_update(skip_locked=True, no_key=True)
    tickets = {t.pk: t for t in free[:limit]}
    if not tickets:
        return 0
    prefetch_related_objects(list(tickets.values()), "region")  # a few regions for thousands of requests
    batch, book = Batch(tickets.values(), live=Deadline.objects.live(tickets)), current_book()
    for ticket in tickets.values():
        settle(ticket, batch, book, at=at)
    fired = sum(len(clocks.alerts) for clocks in batch.clocks.values())
    batch.write()
    return fired


_ENDS: Mapping[str, tuple[Status, Callable[..., object]]] = {
    Clock.RATE: (Status.ANSWERED, closing.lapse),
    Clock.COMPLETE: (Status.INFO_NEEDED, closing.lapse),
    Clock.REVIEW_HOLD: (Status.SUSPENDED, departure.resume),
}
"""What happens when a clock that breaks no promise has run out, and in which status alone it may."""


@transaction.atomic
def _end(key: int, *, at: datetime) -> int:
    """Make the system's move on one request whose time has run out, dated when it did."""
    locked = Ticket.objects.lock([key]).select_for_update(of=("self",), skip_locked=True, no_key=True).first()
    if locked is None:
        return 0
    ended = Deadline.objects.live([key]).filter(clock__in=ENDING_CLOCKS, fires_at__lt=at).first()
    if ended is None or ended.due_at is None:
        return 0
    status, verb = _ENDS[ended.clock]
    if locked.status != status:
        return 0
    verb(ticket_id=key, at=ended.due_at)
    return 1
