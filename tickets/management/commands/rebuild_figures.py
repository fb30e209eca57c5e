"""`manage.py rebuild_figures`: the projection of the figures once more, from the log."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from qihu.clock import now
from tickets.figures import rebuilding


class Command(BaseCommand):
    """The pages go on reading meanwhile; what happens meanwhile is added at the end."""

    help = "根据日志重新生成统计用的事实、停留和汇总；期间页面照常可用"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=0, help="并行的进程数，缺省为处理器数")

    def handle(self, *_: object, **options: Any) -> None:
        done = rebuilding.rebuild(at=now(), workers=options["workers"])
        self.stdout.write(
            f"{done.events:,} 条日志，{done.tickets:,} 件诉求，{done.seconds:.1f} 秒，每秒 {done.rate:,.0f} 条"
        )
