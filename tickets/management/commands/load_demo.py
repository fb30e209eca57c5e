"""`manage.py load_demo`: the demo organisation, rules, promises and QR codes. Safe to run again."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from qihu import clock, env
from qihu.accounts.demo import load_organisation
from routing.promises.defaults import load_defaults as load_promises
from routing.rules.defaults import load_defaults as load_rules
from tickets.services.codes import load_demo_codes
from tickets.services.defaults import load_defaults as load_tickets
from tickets.services.notify.defaults import load_defaults as load_notices

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Never in production: the accounts are known by name and share one password."""

    help = "装入演示组织：区划、部门、账号、交办规则、时限标准和二维码。可重复运行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--password", help="演示账号的口令；缺省取环境变量 DEMO_PASSWORD，再缺省则生成并打印")

    def handle(self, *_: object, **options: str | None) -> None:
        if not settings.DEMO:
            raise CommandError("演示组织只在 DEMO=1 时装入，生产环境不得有演示账号")
        given = options["password"] or env.text("DEMO_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        at = clock.now()
        with transaction.atomic():
            accounts = load_organisation(password)
            load_rules(at)
            load_promises()
            load_tickets()
            load_demo_codes(at=at)
            load_notices()
        self.stdout.write(f"演示组织已就绪，新建账号 {accounts} 个")
        if not given:
            self.stdout.write(f"演示账号口令：{password}")
