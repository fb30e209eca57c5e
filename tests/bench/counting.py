"""Figures at size: a year of requests with their log, its projection, and sums for ten times as many. Needs Django.

`python -m tests.bench --part figures --scale 0.05` makes 50,000 requests, and measures this part alone. The boards and
lists are read through Django's test client, middleware, session and template included, beside a view that only looks
the session up. Requests of the ten millions are in the monthly sums alone, those of one month in the facts as well.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context

from django.db import connection, connections
from django.test import Client

from qihu.accounts.models import User
from qihu.clock import now
from tests import make
from tests.bench.load import percentile
from tests.bench.report import Figure
from tests.bench.stack import Stack
from tickets.access import Caller
from tickets.figures import MEASURES, projection, rebuilding, report
from tickets.figures.scope import counted_for
from tickets.figures.series import series
from tickets.figures.window import Window, of_dates, zone
from tickets.models import Cell, Fact, Ticket
from tickets.services import dispatch
from tickets.services.generating import generate

COUNT, TIMES, MOVES = 1_000_000, 10, 200
"""Requests with their log; how many times as many the sums are of; moves beside which the projection is timed."""
_TURNS = 40
_TABLES = {
    "log": ("tickets_event",),
    "projection": ("tickets_fact", "tickets_stay", "tickets_cell"),
}


def measure(stack: Stack, *, scale: float) -> list[Figure]:
    """All rows of the table about figures. Leaves generated requests behind."""
    count = max(2_000, int(COUNT * scale))
    until = now().astimezone(zone()).date().replace(day=1)
    month = _month_before(until)
    with stack.worker_stopped():  # it would work the same log off beside what is measured
        figures = [_generated(count, until), _rebuilt(), *_sizes(count)]
        figures += _read(of_dates(month, until, as_of=now()))
        figures += _multiplied(month, until)
        return [*figures, _kept(MOVES)]


def _generated(count: int, until: date) -> Figure:
    began = time.perf_counter()
    generate(tickets=count, seed=1, since=until.replace(year=until.year - 1), until=until, force=True)
    return Figure(name=f"generate, {count:,} requests", value=count / (time.perf_counter() - began), unit="/s")


def _rebuilt() -> Figure:
    done = rebuilding.rebuild(at=now())
    last = Ticket.objects.latest("pk").pk
    began = time.perf_counter()
    spans = [(first, first + rebuilding.SLICE) for first in range(1, last + 1, rebuilding.SLICE)]
    connections.close_all()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        events = sum(pool.map(_bare, spans))
    return Figure(
        name=f"rebuild_figures, {done.tickets:,} requests",
        value=done.rate,
        unit="events/s",
        target=100_000,
        at_most=False,
        floor=events / (time.perf_counter() - began),
        floor_is="reading the same events and their JSON by as many processes, nothing folded or written",
        notes={"events": done.events, "seconds": done.seconds, "facts": Fact.objects.count()},
    )


def _bare(span: tuple[int, int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tickets_event WHERE ticket_id >= %s AND ticket_id < %s", span)
        place = [column.name for column in cursor.description].index("data")
        return sum(bool(json.loads(row[place])) or True for row in cursor.fetchall())


def _sizes(count: int) -> list[Figure]:
    figures = []
    for name, tables in _TABLES.items():
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) t", [list(tables)])
            size = float(cursor.fetchone()[0])
        figures.append(Figure(name=f"{name} on disk, a million requests", value=size / count * 1e6 / 2**30, unit="GiB"))
    return figures


def _read(month: Window) -> list[Figure]:
    leader = _client("leader")
    period = f"since={month.since_on}&until={month.until_on}"
    figures = [_p95("board, one month", lambda: _get(leader, f"/board/?{period}"), turns=_TURNS, target=50)]
    lists = [
        f"/board/rows/?{period}&figure={figure}&part={part}"
        for figure in ("submitted", "solved", "on_time", "returned", "excluded")
        for part in ("numerator", "denominator", "rest")
    ]
    figures.append(
        _p95("rows behind a number, first page", *(_visit(leader, url) for url in lists), turns=_TURNS, target=100)
    )
    scope = counted_for(User.objects.get(username="leader"))
    then = [month.since + n * timedelta(days=9) for n in range(1, 7)]
    asked = [lambda at=at: report(Window(month.since, month.until, at, at), scope=scope) for at in then]
    figures.append(_p95("all figures of a month as known on a day", *asked, turns=6, target=2_000))
    return figures


def _multiplied(month: date, until: date) -> list[Figure]:
    """The sums times `TIMES`, four years of them and this one; the facts of the month that is looked at as well."""
    times = TIMES // 5
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_cell SET counts = (SELECT array_agg(c * %s ORDER BY i)"
            " FROM unnest(counts) WITH ORDINALITY u(c, i))",
            [times],
        )
        for years in range(1, 5):
            cursor.execute(_EARLIER, {"years": years})
        columns = ", ".join(f.column for f in Fact._meta.concrete_fields if f.column not in {"id", "ticket_id"})
        for _ in range(times - 1):
            cursor.execute(
                f"INSERT INTO tickets_fact (ticket_id, {columns}) SELECT ticket_id + 1000000000, {columns}"  # noqa: S608
                " FROM tickets_fact WHERE state = 'now' AND month = %s AND ticket_id < 1000000000",
                [month],
            )
        cursor.execute("ANALYZE tickets_fact, tickets_cell")
    requests = _summed()
    leader, scope = _client("leader"), counted_for(User.objects.get(username="leader"))
    period = f"since={month}&until={until}"
    year = of_dates(until.replace(year=until.year - 1), until, as_of=now())
    live = Window(year.since, year.until, year.as_of, live=True)
    rates = [measure.code for measure in MEASURES if measure.shown and not measure.times]  # of sums there are no rows
    figures = [
        _p95(
            f"board, one month, {requests:,} requests",
            lambda: _get(leader, f"/board/?{period}"),
            turns=_TURNS,
            target=50,
        ),
        _p95(
            f"a year by department by month, {requests:,} requests",
            lambda: series(live, every="month", by="department", scope=scope, only=rates),
            turns=_TURNS,
            target=150,
        ),
    ]
    Fact.objects.filter(ticket_id__gte=1_000_000_000).delete()
    return figures


_EARLIER = """
INSERT INTO tickets_cell (definitions, month, place, dimension, value, counts)
SELECT definitions, (month - make_interval(years => %(years)s))::date, place, dimension,
       CASE WHEN dimension IN ('day', 'closed_on')
            THEN (value::date - make_interval(years => %(years)s))::date::text ELSE value END, counts
  FROM tickets_cell WHERE month >= (SELECT max(month) FROM tickets_cell) - interval '11 months'
    ON CONFLICT DO NOTHING
"""


def _summed() -> int:
    whole = Cell.objects.filter(dimension="", place="r:330800").values_list("counts", flat=True)
    return sum(counts[0] for counts in whole)


def _kept(count: int) -> Figure:
    """What the projection adds to the cost of a move: a pass over so many moves beside the moves themselves. Each is
    another firm's: whether a request is a repeat is asked of what its own firm had said before.
    """
    dispatcher = Caller(User.objects.get(username="dispatcher"))
    firms = [{"enterprise_name": f"衢州第{n}有限公司", "contact_phone": f"139{n:08d}"} for n in range(count)]
    keys = [make.signed(at=now(), **firm).pk for firm in firms]
    projection.catch_up()
    began = time.perf_counter()
    for key in keys:
        dispatch.classify(ticket_id=key, caller=dispatcher, at=now(), chain_tag="talent")
    moves = time.perf_counter() - began
    began = time.perf_counter()
    done = projection.advance()
    passed = time.perf_counter() - began
    return Figure(
        name=f"projection beside {len(keys)} moves",
        value=100 * passed / moves if moves else 0.0,
        unit="%",
        target=5,
        notes={"moves": moves, "pass": passed, "events": done.events if done else 0},
    )


def _client(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def _get(client: Client, url: str) -> None:
    answer = client.get(url)
    if answer.status_code != 200:
        raise ValueError(f"{url}: {answer.status_code}")


def _visit(client: Client, url: str) -> Callable[[], None]:
    return lambda: _get(client, url)


def _p95(name: str, *steps: Callable[[], object], turns: int, target: float) -> Figure:
    """Milliseconds, over all steps in turns; each once beforehand."""
    for step in steps:
        step()
    took = [_timed(step) for _ in range(max(1, turns // len(steps))) for step in steps]
    notes = {"p50": percentile(took, 0.5), "turns": len(took)}
    return Figure(name=f"{name}, p95", value=percentile(took, 0.95), unit="ms", target=target, notes=notes)


def _timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - began)


def _month_before(on: date) -> date:
    return (on - timedelta(days=1)).replace(day=1)
