"""`manage.py up`: the whole service on this machine, in the foreground."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from qihu.local.up import main


class Command(BaseCommand):
    """manage.py runs `up` before Django is set up (qihu.local.attach), so that the supervisor stays small."""

    help = (
        "启动全部服务（内置 PostgreSQL 与 Valkey、网页、Celery worker 与 beat），Ctrl-C 停止。环境变量见 .env.example。"
    )
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        raise SystemExit(main())
