"""`manage.py due`: when a promise that starts at a moment is due."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management import BaseCommand, CommandError

from routing.promises.amount import Amount, PromiseError, parse_amount
from routing.promises.book import published_calendar
from routing.promises.calendars import WorkCalendar
from routing.promises.explain import explain
from routing.promises.management.moments import moment
from routing.promises.worktime import due


class Command(BaseCommand):
    """Prints the due time, ISO 8601 in the calendar's zone, as the last line."""

    help = "推算到期时间"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", required=True, help="开始时间，ISO 8601，须带时区偏移")
        parser.add_argument("--amount", required=True, help="时限，例如 30min、4h、2wh、3d、5wd")
        parser.add_argument("--calendar", default="", help="日历代码；不写则用默认日历")
        parser.add_argument("--explain", action="store_true", help="逐日列出推算过程")
        parser.add_argument("--provisional", action="store_true", help="允许没有放假通知的年份，结果为暂定")

    def handle(self, *, start: str, amount: str, calendar: str, explain: bool, provisional: bool, **_: object) -> None:
        begin = moment(start)
        try:
            promised = parse_amount(amount)
            self._answer(published_calendar(calendar), begin, promised, told=explain, guess=provisional)
        except PromiseError as error:
            raise CommandError(str(error)) from error

    def _answer(self, calendar: WorkCalendar, start: datetime, amount: Amount, *, told: bool, guess: bool) -> None:
        at, provisional = due(calendar, start, amount)
        local = at.astimezone(calendar.zone).isoformat()
        if provisional and not guess:
            raise CommandError(
                f"{local} 超出日历“{calendar.code}”已载入放假通知的年份{_years(calendar)}，"
                "结果只能暂定；确需推算请加 --provisional"
            )
        if told:
            for step in explain(calendar, start, amount):
                self.stdout.write(f"{step.date}  {step.text}")
        if provisional:
            self.stdout.write(f"暂定：{_years(calendar)}之外尚无官方放假通知")
        self.stdout.write(local)


def _years(calendar: WorkCalendar) -> str:
    first, last = calendar.coverage or (0, 0)
    return f"（{first}–{last}）"
