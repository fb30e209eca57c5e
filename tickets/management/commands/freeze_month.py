"""`manage.py freeze_month 2026-08`: keeps a month's figures; with --verify counts a kept one again."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management import BaseCommand, CommandError

from qihu.clock import now
from qihu.errors import DomainError
from tickets.figures.frozen import month_of
from tickets.models import FrozenMonth, Restated
from tickets.services import freezing


class Command(BaseCommand):
    """Exit 0 when it is done or bit-equal, 1 where it was refused or a recount differs."""

    help = "截止时点过后冻结一个月的指标；--verify 按当时的截止时点、知悉时点和口径重算，逐字节核对，不一致时退出码 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="月份，例如 2026-08")
        parser.add_argument("--verify", action="store_true", help="重算核对，不冻结")

    def handle(self, *_: object, month: str, verify: bool = False, **__: Any) -> None:
        try:
            found = month_of(month)
            if verify:
                self._verify(found)
            else:
                frozen = freezing.freeze(month=found, at=now())
                self.stdout.write(f"{frozen} 已冻结：口径第 {frozen.definitions} 版，摘要 {bytes(frozen.digest).hex()}")
        except DomainError as error:
            raise CommandError(error.message, returncode=1) from error

    def _verify(self, month: date) -> None:
        frozen = FrozenMonth.objects.filter(month=month).first()
        if frozen is None:
            raise CommandError(f"{month:%Y-%m} 还没有冻结", returncode=1)
        every: list[FrozenMonth | Restated] = [frozen, *frozen.restatements.order_by("ordinal")]
        for taken in every:
            found = freezing.verify(taken)
            name = f"第 {taken.ordinal} 次重述" if isinstance(taken, Restated) else "冻结数据"
            if not found.equal:
                where = "、".join(found.differing) or "总摘要"
                raise CommandError(f"{month:%Y-%m} {name}与重算不一致：{where}", returncode=1)
            self.stdout.write(f"{month:%Y-%m} {name}与重算一致，摘要 {bytes(taken.digest).hex()}")
