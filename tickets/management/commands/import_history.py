"""`manage.py import_history FILE`: past requests of another system, with their times; fires no old alert."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from openpyxl import Workbook

from qihu.accounts.models import Region
from qihu.clock import now
from qihu.errors import DomainError
from tickets.services.harmless import harmless
from tickets.services.history.lives import Life, Row, lives
from tickets.services.history.mapping import PRESETS, chosen
from tickets.services.history.writing import Written, write
from tickets.services.sheets.reading import ON_DISK, read

SHOWN = 20


class Command(BaseCommand):
    """Exit 0 when every request of the file is in (or would be), 1 where some are not."""

    help = "导入原系统的历史诉求（xlsx 或 csv），时间照旧；不触发旧的预警和通知，可重复运行，已导入的不再导入"

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = "、".join(sorted(path.stem for path in PRESETS.glob("*.json")))
        parser.add_argument("file", type=Path, help="xlsx 或 csv")
        parser.add_argument(
            "--mapping", default="", help=f"栏目对应：{names}、已保存的名称，或 JSON 文件；缺省按表头辨认"
        )
        parser.add_argument("--region", default=settings.DEFAULT_REGION, help="归入哪个区划（代码）")
        parser.add_argument("--dry-run", action="store_true", help="只试算，不写入")
        parser.add_argument("--report", type=Path, help="把逐件结果写成 xlsx")

    def handle(self, *_: object, **options: Any) -> None:
        at = now()
        region = Region.objects.filter(pk=options["region"]).first()
        if region is None:
            raise CommandError(f"没有代码为 {options['region']} 的区划。")
        try:
            table = read(options["file"].read_bytes(), ON_DISK)
            mapping = chosen(options["mapping"], table.headings)
        except OSError as error:
            raise CommandError(f"读不了 {options['file']}：{error.strerror}") from error
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        rows: list[Row] = [(n, dict(zip(table.headings, cells, strict=False))) for n, cells in table.rows]
        found = list(lives(rows, mapping))
        done = Written() if options["dry_run"] else write(found, mapping, region=region, at=at)
        self._tell(found, done, dry=options["dry_run"], name=mapping.name)
        if options["report"]:
            _report(found, done, options["report"])
        if any(life.grave for life in found):
            raise CommandError("有没导入的，见上。", returncode=1)

    def _tell(self, found: list[Life], done: Written, *, dry: bool, name: str) -> None:
        at, good = now(), [life for life in found if not life.grave]
        for life in [one for one in found if one.problems][:SHOWN]:
            self.stderr.write(f"第 {life.numbers[0]} 行 {life.key}：{'；'.join(life.problems)}")
        if (more := sum(bool(life.problems) for life in found) - SHOWN) > 0:
            self.stderr.write(f"另有 {more} 件有提示，全部在报告里（--report）。")
        verb = "可导入" if dry else f"新导入 {done.written} 件，先前已导入 {done.known} 件；共"
        promised = [life for life in good if life.due_at is not None]
        self.stdout.write(
            f"栏目对应 {name}：{verb} {len(good)} 件，未导入 {len(found) - len(good)} 件；"
            f"有承诺 {len(promised)} 件，其中超期 {sum(life.missed(at) for life in promised)} 件，"
            f"没有承诺 {len(good) - len(promised)} 件；重开 {sum(life.times('reopen') > 0 for life in good)} 件，"
            f"改派过 {sum(life.times('reassign') > 0 for life in good)} 件"
        )


def _report(found: list[Life], done: Written, path: Path) -> None:
    book = Workbook(write_only=True)
    page = book.create_sheet("导入结果")
    page.append(["行号", "原编号", "诉求编号", "结果", "说明"])
    for life in found:
        number = done.numbers.get(life.key, "")
        became = "没有导入" if life.grave else "已导入" if number else "可导入"
        page.append([life.numbers[0], harmless(life.key), number, became, harmless("；".join(life.problems))])
    book.save(path)
