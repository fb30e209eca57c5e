"""`manage.py erase_ticket`: erases personal data and words of one ended request."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError

from qihu.clock import now
from qihu.errors import DomainError
from tickets.models import Erasure, Ticket
from tickets.services.erasing import erase


class Command(BaseCommand):
    """Exit 1 with the refusal in words. One person sits at the server: say in --reason who else agreed."""

    help = "删除一件已办结诉求的个人信息和全部文字；日志与统计不变"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--number", required=True, help="诉求编号")
        parser.add_argument("--reason", required=True, help="理由和批准人，记入审计")
        parser.add_argument("--cause", choices=Erasure.Cause.values, default=str(Erasure.Cause.WISH))

    def handle(self, *_: object, number: str, reason: str, cause: str, **__: object) -> None:
        ticket = Ticket.objects.filter(number=number).first()
        if ticket is None:
            raise CommandError(f"没有编号为 {number} 的诉求")
        try:
            erase(ticket_id=ticket.pk, cause=cause, reason=reason, at=now())
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"已删除 {number} 的个人信息和文字")
