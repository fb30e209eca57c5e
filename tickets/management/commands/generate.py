"""`manage.py generate`: a made-up history through the same code, for benchmarks and demonstrations."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import connection

from qihu.clock import now
from qihu.errors import DomainError
from tickets.services.generating import generate
from tickets.services.generating.generate import LOT

_LOG = ("tickets_event",)
_THESE = "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) t"
_ALL = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relkind = 'r' AND c.relname LIKE 'tickets_%%'"


class Command(BaseCommand):
    """Real moves for one lot, copies of it for the rest."""

    help = "生成演示或压测用的历史诉求（真实流程走出一批，其余按周平移复制），不触发任何通知"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tickets", type=int, required=True, help="件数（按整批取整）")
        parser.add_argument("--seed", type=int, default=1, help="随机种子；同一种子生成同样的经过")
        parser.add_argument("--since", type=date.fromisoformat, help="起始日期，缺省为一年前")
        parser.add_argument("--until", type=date.fromisoformat, help="截止日期（不含），缺省为今天")
        parser.add_argument("--lot", type=int, default=LOT, help="真实走完流程的件数")
        parser.add_argument("--workers", type=int, default=0, help="并行的进程数，缺省为处理器数")
        parser.add_argument("--force", action="store_true", help="库里已有诉求也生成；正式环境一律拒绝")

    def handle(self, *_: object, **options: Any) -> None:
        today = now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        until = options["until"] or today
        since = options["since"] or until - timedelta(days=365)
        try:
            done = generate(
                tickets=options["tickets"],
                seed=options["seed"],
                since=since,
                until=until,
                force=options["force"],
                lot=options["lot"],
                workers=options["workers"],
            )
        except DomainError as error:
            raise CommandError("；".join(error.fields.values()) or error.message) from error
        self.stdout.write(f"{done.tickets:,} 件，{done.seconds:.0f} 秒，每秒 {done.rate:,.0f} 件")
        log, everything = (self._size(tables, done.tickets) for tables in (_LOG, None))
        self.stdout.write(f"每百万件占用：日志 {log:.1f} GiB，全部 {everything:.1f} GiB；统计请运行 rebuild_figures")

    def _size(self, tables: tuple[str, ...] | None, count: int) -> float:
        """GiB for a million requests."""
        with connection.cursor() as cursor:
            if tables:
                cursor.execute(_THESE, [list(tables)])
            else:
                cursor.execute(_ALL, [])
            size = cursor.fetchone()[0]
        return float(size) / count * 1e6 / 2**30
