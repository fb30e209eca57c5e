"""`manage.py erase_expired`: the retention rule, for the requests on which nothing has happened since a date."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from qihu.clock import now
from tickets.services.erasing import erase_expired, expired


class Command(BaseCommand):
    """Run it from a timer with the date that your retention rule gives; begin with `--dry-run`."""

    help = "删除在该日期之前已办结、此后再无动静的诉求的个人信息和文字"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", required=True, help="日期 YYYY-MM-DD，当地零点")
        parser.add_argument("--dry-run", action="store_true", help="只列出，不删除")

    def handle(self, *_: object, before: str, dry_run: bool, **__: object) -> None:
        at, moment = now(), _midnight(before)
        if moment > at:
            raise CommandError("日期不能在今天之后")
        numbers = expired(moment).values_list("number", flat=True) if dry_run else erase_expired(before=moment, at=at)
        count = 0
        for number in numbers:
            self.stdout.write(number)
            count += 1
        self.stdout.write(f"{'将删除' if dry_run else '已删除'} {count} 件诉求的个人信息和文字")


def _midnight(typed: str) -> datetime:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise CommandError("日期应写成 YYYY-MM-DD，如 2024-01-31") from None
    return datetime.combine(day, datetime.min.time(), ZoneInfo(settings.TIME_ZONE))
