"""`manage.py import_calendar FILE.csv`: a later year's official notice becomes the calendar's next version."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.core.management import BaseCommand, CommandError

from qihu.clock import now
from routing.promises.amount import PromiseError
from routing.promises.book import published_calendar
from routing.promises.notice import NoticeRow, read_notice
from routing.promises.years import Notice, load_notice, weigh


class Command(BaseCommand):
    """All of the file or nothing of it; each fault with its line."""

    help = "载入某一年的放假通知（CSV），发布为工作日历的新版本"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV，表头 date,working,name[,openings]；working 写上班或休息")
        parser.add_argument("--calendar", default="", help="日历代码；不写则用默认日历")
        parser.add_argument("--dry-run", action="store_true", help="只试算，不写入")

    def handle(self, *_: object, file: Path, calendar: str, dry_run: bool, **__: object) -> None:
        try:
            rows = read_notice(_decoded(file.read_bytes()))
            notice = _tried(calendar, rows, now()) if dry_run else _loaded(calendar, rows, now())
        except OSError as error:
            raise CommandError(f"读不了 {file}：{error.strerror}") from error
        except PromiseError as error:
            raise CommandError(str(error)) from error
        for line in _told(notice):
            self.stdout.write(line)
        done = "试算，没有写入" if dry_run else f"已发布第 {notice.new.version} 版"
        self.stdout.write(f"工作日历“{notice.new.code}”：{done}")


def _tried(code: str, rows: Sequence[NoticeRow], at: datetime) -> Notice:
    old = published_calendar(code)
    return weigh(old, rows, today=at.astimezone(old.zone).date())


def _loaded(code: str, rows: Sequence[NoticeRow], at: datetime) -> Notice:
    return load_notice(code=code, rows=rows, author=None, at=at)


def _told(notice: Notice) -> list[str]:
    first, last = notice.new.coverage or (0, 0)
    dates = [(on, notice.new.days[on]) for on in notice.changed]
    listed = [f"{on} {'上班' if day.working else '休息'} {day.name}".rstrip() for on, day in dates]
    working = sum(day.working for _, day in dates)
    counted = f"休息 {len(dates) - working} 天，上班 {working} 天；放假通知覆盖 {first}–{last} 年"
    return [*listed, counted]


def _decoded(content: bytes) -> str:
    """UTF-8, with or without its mark, else what Chinese spreadsheets write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise PromiseError("文字编码认不出来，请另存为 UTF-8 的 CSV") from error
