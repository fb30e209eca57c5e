"""`manage.py whatif`: which running due times a draft of the promise table or a calendar would move. Writes nothing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management import BaseCommand, CommandError

from qihu.clock import now
from qihu.errors import DomainError
from routing.promises.amount import PromiseError
from tickets.models import Recalculation
from tickets.services.repricing.change import Change, foresee
from tickets.services.repricing.drafted import calendar_change, policy_change
from tickets.services.repricing.tally import Line, named, total, words


class Command(BaseCommand):
    """Streams over all running promises; the last line of `--json` is one object."""

    help = "试算：一版时限政策或工作日历会使哪些正在计时的承诺提前或推迟"

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--policy", type=int, help="时限政策的版本号")
        which.add_argument("--calendar", default="", help="工作日历的代码，另须 --version")
        parser.add_argument("--version", dest="number", type=int, help="日历的版本号")
        parser.add_argument("--scope", choices=Recalculation.Scope.values, help="日历：provisional（缺省）或 running")
        parser.add_argument("--effective", default="", help="日历：生效日期，缺省为今天")
        parser.add_argument("--correction", action="store_true", help="日历：更正过去的日期")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Without Django's own `--version`, which the calendar's version needs."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def handle(self, *_: object, **options: Any) -> None:
        try:
            lines = named(foresee(_change(options)))
        except (DomainError, PromiseError) as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValueError as wrong:
            raise CommandError(f"看不懂的日期：{options['effective']}") from wrong
        if options["json"]:
            self.stdout.write(json.dumps({"total": total(lines), "lines": lines}, ensure_ascii=False))
        else:
            self._tell(lines)

    def _tell(self, lines: list[Line]) -> None:
        for line in lines:
            self.stdout.write(f"{line['department_name']}\t{line['clock_name']}\t{words(line)}")
        self.stdout.write(f"合计\t\t{words(total(lines))}")


def _change(options: dict[str, Any]) -> Change:
    if options["policy"] is not None:
        return policy_change(number=options["policy"], at=now())
    if options["number"] is None:
        raise CommandError("请用 --version 指明日历的版本号")
    return calendar_change(
        code=options["calendar"],
        number=options["number"],
        at=now(),
        scope=Recalculation.Scope(options["scope"] or Recalculation.Scope.PROVISIONAL),
        effective_on=date.fromisoformat(options["effective"]) if options["effective"] else None,
        correction=options["correction"],
    )
