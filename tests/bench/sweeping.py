"""What the sweep costs: idle among a million running promises, ten thousand due in one tick, and how late at 50/s."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.bench.book import Book
from tests.bench.crowd import crowd
from tests.bench.report import Figure
from tests.bench.stack import Stack, eventually
from tickets.models import Alert, Deadline, Event
from tickets.services.sweep import database_now, sweep

_BATCH = 500
_SWEEPER = """
import django
django.setup()
from tickets.services.sweep import database_now, sweep
print("ready", flush=True)
input()
at = database_now()
while sweep(at=at):
    pass
"""


def measure(stack: Stack, *, scale: float) -> list[Figure]:
    """Four figures; the worker is stopped for all but the last."""
    with stack.worker_stopped():
        like = make.assigned(at=database_now())
        while sweep(at=database_now()):
            pass
        clocks = Deadline.objects.live([like.pk]).filter(fires_at__isnull=False).count()
        keys = crowd(like, max(200, int(1_000_000 * scale) // clocks))
        due = min(int(10_000 * scale), len(keys) // 4)
        figures = [_idle(), _crowded(keys[:due], "SIGN"), _crowded(keys[due : 2 * due], "SIGN", sweepers=2)]
        figures[2] = _beside(figures[2], _floor(keys[2 * due : 3 * due]))
    _worked_off()
    return [*figures, _lateness(keys[-int(1000 * scale) :])]


def _worked_off() -> None:
    """The notices of what was fired before are no part of the lateness measured next."""
    book = Book(os.environ["DATABASE_URL"])
    if not eventually(lambda: not book.waiting(), seconds=600):
        raise RuntimeError("the worker did not work off what was fired")


def _idle() -> Figure:
    """Nothing is due: what a tick costs all the same."""
    running = Deadline.objects.filter(fires_at__isnull=False).count()
    with CaptureQueriesContext(connection) as captured:
        sweep(at=database_now())
    took = []
    for _ in range(200):
        started = time.perf_counter()
        sweep(at=database_now())
        took.append(time.perf_counter() - started)
    return Figure(
        name=f"idle sweep at {running:,} running promises, p95",
        value=sorted(took)[189] * 1000,
        unit="ms",
        target=5,
        notes={"queries": len(captured)},
    )


def _crowded(keys: range, clock: str, *, sweepers: int = 1) -> Figure:
    """So many requests whose promise ends in the same moment."""
    _make_due(keys, clock)
    before = Alert.objects.count()
    took = _alone() if sweepers == 1 else _together(sweepers)
    fired = Alert.objects.count() - before
    if fired != len(keys) or Deadline.objects.filter(ticket__in=keys, clock=clock, breached_at=None).exists():
        raise RuntimeError(f"{fired} fired of {len(keys)} due")
    return Figure(
        name=f"{len(keys):,} due in one tick, {sweepers} sweeper{'s' * (sweepers > 1)}", value=took, unit="s", target=5
    )


def _make_due(keys: range, clock: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_deadline SET due_at = now() - interval '1 second', fires_at = now() - interval '1 second'"
            " WHERE ticket_id BETWEEN %s AND %s AND clock = %s",
            [keys[0], keys[-1], clock],
        )
        cursor.execute("VACUUM ANALYZE tickets_deadline")


def _alone() -> float:
    started = time.perf_counter()
    at = database_now()
    while sweep(at=at):
        pass
    return time.perf_counter() - started


def _together(count: int) -> float:
    """Processes that stand ready and begin together, as two workers would."""
    ready = [
        subprocess.Popen([sys.executable, "-c", _SWEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for process in ready:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("a sweeper did not start")
    started = time.perf_counter()
    for process in ready:
        process.stdin.write("\n")  # all at once: `communicate` would wait for the first
        process.stdin.flush()
    for process in ready:
        process.communicate()
    return time.perf_counter() - started


def _floor(keys: range) -> float:
    """Seconds of the least that must be done for as many: claim, update, an event of the same width, in batches."""
    _make_due(keys, "SIGN")
    one = Event.objects.latest("pk")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_event (LIKE tickets_event INCLUDING DEFAULTS)")
    started = time.perf_counter()
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM tickets_deadline WHERE fires_at < now() ORDER BY fires_at"
                " LIMIT %s FOR UPDATE SKIP LOCKED",
                [_BATCH],
            )
            claimed = [key for (key,) in cursor.fetchall()]
            if not claimed:
                break
            cursor.execute(
                "UPDATE tickets_deadline SET fires_at = NULL, breached_at = due_at, reached = 50 WHERE id = ANY(%s)",
                [claimed],
            )
            cursor.execute(
                "INSERT INTO bench_event SELECT e.* FROM tickets_event e, unnest(%s::bigint[]) WHERE e.id = %s",
                [claimed, one.pk],
            )
    return time.perf_counter() - started


def _beside(figure: Figure, floor: float) -> Figure:
    return Figure(
        name=figure.name,
        value=figure.value,
        unit=figure.unit,
        target=figure.target,
        floor=floor,
        floor_is="claim, update, event in SQL",
    )


def _lateness(keys: range) -> Figure:
    """The whole stack at work: promises that end one after the other, 50 a second."""
    start = database_now() + timedelta(seconds=5)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_deadline SET due_at = %(start)s + (ticket_id - %(first)s) * interval '20 ms',"
            " fires_at = %(start)s + (ticket_id - %(first)s) * interval '20 ms'"
            " WHERE ticket_id BETWEEN %(first)s AND %(last)s AND clock = 'CONTACT'",
            {"start": start, "first": keys[0], "last": keys[-1]},
        )
    late = _recorded(keys, start)
    return Figure(
        name=f"lateness of a breach at 50 due/s, p99 of {len(late):,}",
        value=late[int(len(late) * 0.99) - 1],
        unit="s",
        target=5,
        notes={"p50": round(late[len(late) // 2], 2)},
    )


def _recorded(keys: range, start: datetime) -> list[float]:
    """Seconds from the due time to the record, sorted."""
    said = Event.objects.filter(ticket__in=keys, kind="breach", happened_at__gte=start)
    if not eventually(lambda: said.count() == len(keys), seconds=60 + len(keys) / 50):
        raise RuntimeError(f"{said.count()} of {len(keys)} breaches were recorded")
    return sorted((e.recorded_at - e.happened_at).total_seconds() for e in said)
