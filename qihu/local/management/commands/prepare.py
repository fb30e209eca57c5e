"""`manage.py prepare`: what must be true before the service starts; `manage.py up` runs it each time."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from qihu.accounts.models import Department, Region, User
from qihu.local.datadir import PROJECT, DataDir, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator


class Command(BaseCommand):
    """Migrations, the demo organisation on first start (unless DEMO=0), static files when they changed."""

    help = "迁移数据库；首次启动时装入演示组织（DEMO=0 则不装）；静态文件有变化时重新收集。可重复运行。"
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        home = DataDir.from_environment()
        try:
            connection.ensure_connection()
        except OperationalError as error:
            said = str(error).strip().splitlines()
            raise CommandError(f"连不上数据库 cannot reach the database: {said[-1]}") from None
        with _static_files(home) as fresh:
            call_command("migrate", interactive=False, verbosity=0)
            if not Region.objects.exists():
                call_command("load_defaults")
            self._demo(home)
        if fresh:
            self.stdout.write("静态文件已收集 static files collected")

    def _demo(self, home: DataDir) -> None:
        """Load the demo organisation into an empty installation; note for the others whether it is there."""
        if settings.DEMO and not Department.objects.exists():
            if not home.demo_password.exists():
                write_private(home.demo_password, secrets.token_urlsafe(12))
            password = home.demo_password.read_text(encoding="ascii")
            call_command("load_demo", password=password, stdout=self.stdout)
        there = home.demo_password.exists() and User.objects.filter(username="officer.finance").exists()
        write_private(home.folder("run") / "demo", "1" if there else "0")


@contextlib.contextmanager
def _static_files(home: DataDir) -> Iterator[bool]:
    """Collect static files, if any changed, beside the block: compressing them takes seconds of a core.

    Yields whether they are being collected; raises CommandError if that failed.
    """
    stamp, now = home.root / "static.stamp", _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="ascii") == now and Path(settings.STATIC_ROOT).is_dir():
        yield False
        return
    argv = [sys.executable, str(PROJECT / "manage.py"), "collectstatic", "--noinput", "--clear", "-v0"]
    with subprocess.Popen(argv) as collecting:  # noqa: S603 - our own command
        yield True
    if collecting.returncode:
        raise CommandError("静态文件收集失败 static files could not be collected (见上 see above)")
    write_private(stamp, now)


def _fingerprint() -> str:
    """Changes whenever a static file appears, disappears or is written."""
    seen = hashlib.sha256(f"{django.__version__} {settings.STORAGES} {settings.STATIC_ROOT}".encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            status = Path(storage.path(path)).stat()
            seen.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return seen.hexdigest()
