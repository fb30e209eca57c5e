"""A history of any size: one lot of real lives, then copies of it by several processes."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from random import Random
from time import perf_counter

from django.conf import settings
from django.db import connection, connections, transaction

from qihu.errors import Conflict, Invalid
from qihu.outbox.publish import withdraw
from routing.promises.book import current_book
from tickets.figures.window import midnight
from tickets.models import Ticket
from tickets.services.generating import copies, lives

LOT = 600
"""Requests lived through by the real verbs; the copies are of all of them at once."""
_FEWEST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Generated:
    """What was made: requests, how many of them by the verbs themselves, and in what time."""

    tickets: int
    lived: int
    seconds: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.tickets / self.seconds if self.seconds else 0.0


def generate(
    *, tickets: int, seed: int, since: date, until: date, force: bool = False, lot: int = LOT, workers: int = 0
) -> Generated:
    """About `tickets` requests (whole lots) that came in between two dates, with their full, chained log.

    The same seed makes the same lives at the same times. A copy lies whole weeks from the lot, so weekdays and hours
    are true; in weeks with public holidays its due times are those of an ordinary week. Nobody is told of anything, and
    nothing is left to fire. Raises `Conflict` where there are requests already, or accounts that are no demonstration.
    """
    _refuse(tickets, since, until, force=force)
    began = perf_counter()
    size = min(tickets, lot)
    first = _lived(size, seed, since, until)
    made = copies.read_lot(first, size)
    wanted = [_copy(made, n, seed, since, until) for n in range(-(-tickets // size) - 1)]
    wanted = _placed(made, wanted)
    _spread(made, wanted, workers or os.cpu_count() or 1)
    return Generated(size * (1 + len(wanted)), size, perf_counter() - began)


def _refuse(tickets: int, since: date, until: date, *, force: bool) -> None:
    if tickets < 1:
        raise Invalid("件数应为正数。", fields={"tickets": "件数应为正数。"})
    if until - since < timedelta(days=_FEWEST_DAYS):
        raise Invalid("时段太短。", fields={"until": f"时段至少 {_FEWEST_DAYS} 天。"})
    if not settings.DEMO:
        raise Conflict("只能在演示环境里生成数据。")
    if Ticket.objects.exists() and not force:
        raise Conflict("库里已有诉求，不再生成；确要混在一起请加 --force。")


@transaction.atomic
def _lived(size: int, seed: int, since: date, until: date) -> int:
    """The first key of the lot; keys follow each other without a hole."""
    keys = lives.live(size, seed=seed, since=midnight(_ordinary(since, until)))
    withdraw(ticket_ids=keys)
    if keys != list(range(keys[0], keys[0] + size)):
        raise Conflict("生成期间有别的诉求提交，请停用后再试。")
    return keys[0]


def _ordinary(since: date, until: date) -> date:
    """A Monday in the period from which on no public holiday falls into ten weeks, else the period's first one."""
    days = current_book().calendar().days
    monday = since + timedelta(days=-since.weekday() % 7)
    first = monday
    while monday + timedelta(weeks=10) <= until:
        if not any(monday + timedelta(days=n) in days for n in range(70)):
            return monday
        monday += timedelta(weeks=1)
    return first


def _copy(lot: copies.Lot, n: int, seed: int, since: date, until: date) -> copies.Copy:
    """Where the n-th copy lies: later weeks have more of them, so that arrivals grow by a half."""
    dice = Random(seed * 1_000_003 + n)  # noqa: S311 - a seeded history, no secret
    began = min(lot.submitted.values())
    low = -((began - midnight(since)).days // 7)
    high = (midnight(until) - began).days // 7 - lives.WEEKS
    share = dice.random()
    grown = (-1 + (1 + 1.25 * share) ** 0.5) / 0.5  # the inverse of a density that rises from 1 to 1.5
    return copies.Copy(n, low + round((high - low) * min(grown, 1.0)), dice.getrandbits(32), 0, 0, {})


def _placed(lot: copies.Lot, wanted: list[copies.Copy]) -> list[copies.Copy]:
    """Keys and numbers, reserved for all of them at once."""
    bases = {table: _reserved(table, "id", span * len(wanted)) for table, span in lot.span.items()}
    tickets = _reserved("tickets_ticket", "id", lot.size * len(wanted))
    serials = _serials(lot.size * len(wanted))
    wanted = sorted(wanted, key=lambda one: one.weeks)  # a serial that comes round again meets another date
    return [
        copies.Copy(one.n, one.weeks, one.seed, tickets + i * lot.size, serials + i * lot.size, bases)
        for i, one in enumerate(wanted)
    ]


def _reserved(table: str, column: str, count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
        sequence: str = cursor.fetchone()[0]
    return _next(sequence, count)


def _serials(count: int) -> int:
    """The first of `count` serials of numbers; their sequence goes round, and stands behind them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('ticket_number')")
        first: int = cursor.fetchone()[0]
        cursor.execute("SELECT setval('ticket_number', %s)", [(first + count - 1) % copies.SERIALS + 1])
    return first


def _next(sequence: str, count: int) -> int:
    """The first of `count` values that nobody else will draw."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        first: int = cursor.fetchone()[0]
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + count])
    return first


def _spread(lot: copies.Lot, wanted: list[copies.Copy], workers: int) -> None:
    if workers == 1 or len(wanted) < workers:
        for one in wanted:
            copies.write(lot, one)
        return
    connections.close_all()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_remember, initargs=(lot,)) as pool:
        for _ in pool.map(_written, wanted):
            pass


_LOTS: dict[str, copies.Lot] = {}


def _remember(lot: copies.Lot) -> None:
    _LOTS["lot"] = lot


def _written(copy: copies.Copy) -> int:
    return copies.write(_LOTS["lot"], copy)
