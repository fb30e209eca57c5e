"""`manage.py elapsed`: working seconds between two moments."""

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError

from routing.promises.amount import PromiseError
from routing.promises.book import published_calendar
from routing.promises.management.moments import moment
from routing.promises.told import elapsed_by_day
from routing.promises.worktime import is_provisional, opening_seconds


class Command(BaseCommand):
    """Prints whole seconds of opening time as the last line."""

    help = "计算两个时刻之间的工作时间（秒）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", required=True, help="开始时间，ISO 8601，须带时区偏移")
        parser.add_argument("--to", dest="end", required=True, help="结束时间，ISO 8601，须带时区偏移")
        parser.add_argument("--calendar", default="", help="日历代码；不写则用默认日历")
        parser.add_argument("--explain", action="store_true", help="逐日列出计入的时间")

    def handle(self, *, start: str, end: str, calendar: str, explain: bool = False, **_: object) -> None:
        begin, until = moment(start), moment(end)
        try:
            chosen = published_calendar(calendar)
            seconds = opening_seconds(chosen, begin, until)
            for day in elapsed_by_day(chosen, begin, until) if explain else ():
                self.stdout.write(f"{day.date}  {day.why}  {day.seconds} 秒")
        except PromiseError as error:
            raise CommandError(str(error)) from error
        if is_provisional(chosen, begin) or is_provisional(chosen, until):
            self.stderr.write("提示：所问时段超出已载入放假通知的年份，结果为暂定")
        self.stdout.write(str(seconds))
