"""`manage.py load_defaults`: what the service cannot run without: divisions, chains, categories, rules, promises."""

from __future__ import annotations

from django.core.management.base import BaseCommand
from django.db import transaction

from qihu import clock
from qihu.accounts.demo import load_regions
from routing.promises.defaults import load_defaults as load_promises
from routing.rules.defaults import load_defaults as load_rules
from tickets.services.defaults import load_defaults as load_tickets
from tickets.services.notify.defaults import load_defaults as load_notices


class Command(BaseCommand):
    """No accounts and no departments: an empty installation's first step. Safe to run again."""

    help = "装入区划、链、类别、交办规则、工作日历和时限标准（不含部门和账号）。可重复运行。"

    @transaction.atomic
    def handle(self, *_: object, **__: object) -> None:
        load_regions()
        load_rules(clock.now())
        load_promises()
        load_notices()
        load_tickets()
