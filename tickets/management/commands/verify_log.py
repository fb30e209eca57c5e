"""`manage.py verify_log`: checks seals, every request's chain and the audit trail; names the first fault."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from qihu.audit import ledger
from tickets.models import Ticket
from tickets.proof import chains, entries, seals
from tickets.proof.fault import Fault
from tickets.proof.seals import Vouched
from tickets.services.sealing import oldest_unsealed, wait_for_sealer

BATCH = 500
_STALE = 300
"""Seconds after which an unsealed row means that the sealer stands still."""


class Command(BaseCommand):
    """Exit 0 when all is well, 1 with the first fault named."""

    help = "核验日志：封存、链式哈希、文字摘要、诉求状态和审计记录；发现改动、缺失、插入、截断时报出第一处，退出码 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ticket", help="只核验这一个编号")
        parser.add_argument("--seal-file", type=Path, help="与这份封存文件核对（如异机留存的副本），默认 SEAL_FILE")
        parser.add_argument("--no-file", action="store_true", help="本机没有封存文件时，只核对数据库中的封存")

    def handle(
        self,
        *_: object,
        ticket: str | None = None,
        seal_file: Path | None = None,
        no_file: bool = False,
        **__: object,
    ) -> None:
        started = time.monotonic()
        wanted = Ticket.objects.filter(number=ticket) if ticket else Ticket.objects.all()
        vouched = _sealed(None if no_file else seal_file or settings.SEAL_FILE, missing_is_known=seal_file is None)
        if ticket and not wanted.exists() and ticket not in vouched.requests:
            raise CommandError(f"没有编号为 {ticket} 的诉求")
        tickets, events = 0, 0
        for keys in _batches(wanted.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)):
            counted, fault = _verify(keys, vouched)
            _stop_at(fault)
            tickets, events = tickets + len(keys), events + counted
        _stop_at(_vanished(vouched, only=ticket))
        audited = 0
        if not ticket:
            audited, fault = entries.walk(vouched)
            _stop_at(fault)
        self._tell(tickets, events, audited, vouched, time.monotonic() - started)

    def _tell(self, tickets: int, events: int, audited: int, vouched: Vouched, spent: float) -> None:
        pace = f"{events / spent:,.0f} 条/秒" if spent else ""
        self.stdout.write(f"日志完好：{tickets} 件诉求，{events} 条记录，用时 {spent:.1f} 秒（{pace}）")
        self.stdout.write(f"审计记录 {audited} 条；封存 {vouched.count} 号，最近：{vouched.name()}")
        if (age := oldest_unsealed()) > _STALE:
            self.stderr.write(f"注意：最早一条未封存的记录已有 {age:,.0f} 秒，请检查后台任务 tickets.seal")


def _stop_at(fault: Fault | None) -> None:
    if fault:
        raise CommandError(f"日志被改动：{fault}", returncode=1)


def _sealed(file: Path | None, *, missing_is_known: bool) -> Vouched:
    """What the seals vouch for. A seal made while they are read looks wrong: believed only while the sealer waits."""
    if file and not missing_is_known and not file.exists():
        raise CommandError(f"没有这份封存文件：{file}")
    vouched, fault = seals.read(file)
    if fault:
        with transaction.atomic():
            wait_for_sealer()
            if file and file.exists():
                with ledger.held(file):
                    vouched, fault = seals.read(file)
            else:
                vouched, fault = seals.read(file)
    _stop_at(fault)
    return vouched


def _batches(keys: Iterator[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for key in keys:
        batch.append(key)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _verify(keys: Sequence[int], vouched: Vouched) -> tuple[int, Fault | None]:
    """Events read of these requests, and the first fault by request and sequence.

    A request that moves between the reads looks broken; so a fault is believed only when it stands under lock.
    """
    read, fault, key = chains.look(keys, vouched)
    if fault is None or key is None:
        return read, None
    with transaction.atomic():
        list(Ticket.objects.lock([key]))
        _, still, _ = chains.look([key], vouched)
    if still:
        return read, still
    later = [one for one in keys if one > key]
    return read, _verify(later, vouched)[1] if later else None


def _vanished(vouched: Vouched, *, only: str | None) -> Fault | None:
    """The first sealed request that is not there any more."""
    sealed = sorted(vouched.requests) if only is None else [n for n in vouched.requests if n == only]
    for place in range(0, len(sealed), 5000):
        piece = sealed[place : place + 5000]
        there = set(Ticket.objects.filter(number__in=piece).values_list("number", flat=True))
        if gone := next((number for number in piece if number not in there), None):
            return Fault(gone, f"整件诉求被删：封存时有 {vouched.requests[gone][0]} 条记录")
    return None
