"""`manage.py verify_log`: recomputes every request's chain and names the first row that does not fit."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import transaction

from tickets.models import Event, Filing, Ticket

BATCH = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong with a request: at which event, and what."""

    number: str
    seq: int
    what: str


class Command(BaseCommand):
    """Exit 0 when all is well, 1 with the first altered row named."""

    help = "核验日志：链式哈希、序号、文字摘要与诉求状态是否一致；发现改动时报出第一处，退出码 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ticket", help="只核验这一个编号")

    def handle(self, *_: object, ticket: str | None = None, **__: object) -> None:
        started, tickets, events = time.monotonic(), 0, 0
        wanted = Ticket.objects.filter(number=ticket) if ticket else Ticket.objects.all()
        if ticket and not wanted.exists():
            raise CommandError(f"没有编号为 {ticket} 的诉求")
        for keys in _batches(wanted.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)):
            counted, fault = _verify(keys)
            tickets, events = tickets + len(keys), events + counted
            if fault:
                raise CommandError(f"日志被改动：{fault.number} 第 {fault.seq} 条，{fault.what}", returncode=1)
        spent = time.monotonic() - started
        self.stdout.write(f"日志完好：{tickets} 件诉求，{events} 条记录，用时 {spent:.1f} 秒")


def _batches(keys: Iterator[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for key in keys:
        batch.append(key)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _verify(keys: Sequence[int]) -> tuple[int, Fault | None]:
    """Events read of these requests, and the first fault by request and sequence.

    A request that moves between the reads looks broken; so a fault is believed only when it stands under lock.
    """
    read, fault, key = _look(keys)
    if fault is None or key is None:
        return read, None
    with transaction.atomic():
        list(Ticket.objects.lock([key]))
        _, still, _ = _look([key])
    if still:
        return read, still
    later = [one for one in keys if one > key]
    return read, _verify(later)[1] if later else None


def _look(keys: Sequence[int]) -> tuple[int, Fault | None, int | None]:
    tickets = Ticket.objects.filter(pk__in=keys).only("number", "status", "last_seq", "last_hash").order_by("pk")
    filings = Filing.objects.filter(ticket__in=keys).defer("search").in_bulk(field_name="ticket_id")
    events: dict[int, list[Event]] = defaultdict(list)
    rows = Event.objects.filter(ticket__in=keys).select_related("text").order_by("ticket_id", "seq")
    for event in rows:
        events[event.ticket_id].append(event)
    read = sum(map(len, events.values()))
    for ticket in tickets:
        if fault := _walk(ticket, events[ticket.pk], filings.get(ticket.pk)):
            return read, fault, ticket.pk
    return read, None, None


def _walk(ticket: Ticket, events: Sequence[Event], filing: Filing | None) -> Fault | None:
    previous, status = b"", ""
    for place, event in enumerate(events, start=1):
        what = _wrong(event, place, previous, filing)
        if what:
            return Fault(ticket.number, place, what)
        previous, status = bytes(event.hash), event.to_status or status
    return _ends(ticket, len(events), previous, status)


def _wrong(event: Event, place: int, previous: bytes, filing: Filing | None) -> str:
    if event.seq != place:
        return f"序号不连续，缺第 {place} 条"
    if event.chained(previous) != bytes(event.hash):
        return f"内容与哈希不符（{event.kind}）"
    return _wrong_text(event, filing)


def _wrong_text(event: Event, filing: Filing | None) -> str:
    """The words a hash vouches for, unless they were erased."""
    digest = bytes(event.text_hash) if event.text_hash else b""
    source: Any = event.text
    if event.kind == "submit":
        if filing is None:
            return "诉求内容缺失"
        source = filing
    if source is None or source.erased_at:
        return ""
    return "" if source.digest() == digest else f"文字与摘要不符（{event.kind}）"


def _ends(ticket: Ticket, count: int, last: bytes, status: str) -> Fault | None:
    """The request's own record of its log's end."""
    if ticket.last_seq != count:
        return Fault(ticket.number, count + 1, f"日志止于第 {count} 条，诉求记为第 {ticket.last_seq} 条")
    if bytes(ticket.last_hash) != last:
        return Fault(ticket.number, count, "末条哈希与诉求所记不符")
    if ticket.status != status:
        return Fault(ticket.number, count, f"诉求状态“{ticket.status}”与日志“{status}”不符")
    return None
