"""`manage.py figures`: the figures of domain.md §5 for a period, for people or as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from qihu.clock import now
from qihu.errors import Invalid
from tickets.figures import DIMENSIONS, PERIODS, Figure, Report, live_or, projection, report
from tickets.figures.answers import as_json
from tickets.figures.measures import Kind


class Command(BaseCommand):
    """Counts everything in the database that is neither restricted, merged nor a test."""

    help = "统计一个时段的各项指标（按首次提交，含起始日、不含截止日）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", required=True, help="起始日期（含），例如 2026-11-01")
        parser.add_argument("--until", required=True, help="截止日期（不含），例如 2026-12-01")
        parser.add_argument("--by", default="", help=f"分组：{'、'.join([*DIMENSIONS, *PERIODS])}")
        parser.add_argument("--as-of", default="", help="截止时点，ISO 8601；缺省为现在")
        parser.add_argument("--known", default="", help="只计入此刻之前已有的记录；缺省为今天所知的一切")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *_: object, **options: Any) -> None:
        projection.catch_up()
        try:
            typed = {name: options[name] for name in ("since", "until", "as_of", "known")}
            window = live_or(**typed, at=now())
            found = report(window, by=[options["by"]] if options["by"] else [])
        except Invalid as error:
            raise CommandError("；".join(error.fields.values()) or error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found), ensure_ascii=False, indent=2))
        else:
            self._tell(found)

    def _tell(self, found: Report) -> None:
        for figure in found.figures.values():
            self._line("", figure)
        for group in (group for groups in found.groups.values() for group in groups):
            self.stdout.write(f"\n{group.label}")
            for figure in group.figures.values():
                self._line("  ", figure)

    def _line(self, indent: str, figure: Figure) -> None:
        self.stdout.write(f"{indent}{figure.label}\t{_said(figure)}")
        for twin in figure.twins:
            self.stdout.write(f"{indent}  {twin.label}\t{_said(twin)}")


def _said(figure: Figure) -> str:
    if figure.kind is Kind.COUNT:
        return (
            f"{figure.numerator:g}"
            if figure.numerator == figure.hits
            else f"{figure.numerator:,.0f}（{figure.hits} 件）"
        )
    if figure.kind is Kind.TIME:
        if figure.median is None or figure.p90 is None:
            return "—（n = 0）"
        hours = f"中位 {figure.median / 3600:.1f} 小时，P90 {figure.p90 / 3600:.1f} 小时"
        return f"{hours}（n = {figure.denominator}）"
    if figure.rate is None or figure.interval is None:
        return "—（n = 0）"
    band = f"{figure.interval.low:.1%}–{figure.interval.high:.1%}"
    return f"{figure.rate:.1%}（{figure.numerator:g}/{figure.denominator}，区间 {band}）"
