"""`manage.py explain`: how a due time of one request came about, as the page and the API say it."""

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError

from routing.promises.book import calendar_version
from tickets.derived import derivation, rungs
from tickets.models import Deadline, Ticket


class Command(BaseCommand):
    """Prints the derivation day by day, the ladder, and the agreed due time, ISO 8601, as the last line."""

    help = "说明一件诉求的某个时限是怎么算的"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="诉求编号")
        parser.add_argument("clock", help="时限，例如 RESOLVE、SIGN")
        parser.add_argument("--round", type=int, default=None, help="办理轮次；不写则最近一次")

    def handle(self, *, number: str, clock: str, **options: object) -> None:
        ticket = Ticket.objects.filter(number=number).first()
        found = list(Deadline.objects.reckoned(ticket, clock)) if ticket else []
        wanted = [one for one in found if options["round"] in {None, one.round} and one.due_at]
        if not wanted:
            raise CommandError(f"没有诉求 {number} 的时限 {clock}")
        deadline = wanted[0]
        zone = calendar_version(deadline.calendar_version_id).zone
        for step in derivation(deadline):
            self.stdout.write(f"{step.date}  {step.text}")
        for rung in rungs(deadline, deadline.alerts.all()):
            self.stdout.write(f"{rung.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  阶梯 {rung.words}：{rung.state}")
        if deadline.provisional:
            self.stdout.write("暂定：所在年份尚无官方放假通知")
        self.stdout.write(deadline.due_at.astimezone(zone).isoformat() if deadline.due_at else "")
