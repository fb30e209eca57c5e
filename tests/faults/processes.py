"""Real workers and a private broker for the fault tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from qihu.local.datadir import DataDir
from qihu.local.valkey import Valkey


def environment(broker: str) -> dict[str, str]:
    """That of this run, pointed at the test database and the private broker."""
    at = connection.settings_dict
    url = f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    return os.environ | {"DATABASE_URL": url, "CELERY_BROKER_URL": broker, "SECRET_KEY": settings.SECRET_KEY}


@contextmanager
def celery(role: str, broker: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker or a beat in a process group of its own, killed at the end."""
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, after the process
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "qihu", role, "--loglevel", "WARNING", *options],
        env=environment(broker),
        start_new_session=True,
        stdout=log,
        stderr=log,
    )
    try:
        yield process
    finally:
        kill(process)
        log.seek(0)
        sys.stdout.write(log.read().decode())  # pytest shows it where the test failed
        log.close()


def worker(broker: str):
    return celery("worker", broker, "--pool", "prefork", "--concurrency", "2", "--without-mingle", "--without-gossip")


def beat(broker: str, folder: Path):
    return celery("beat", broker, "--schedule", str(folder / "beat"))


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole group, as an out-of-memory killer would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def private_broker(folder: Path) -> Iterator[Valkey]:
    """A Valkey of our own, so that killing it hurts nobody else."""
    home = DataDir(folder)
    valkey = Valkey(home)
    valkey.start(dies_with_us=True)
    try:
        yield valkey
    finally:
        valkey.stop()


def until(true: Callable[[], bool], *, seconds: float = 60) -> bool:
    """Poll until it is true; False after `seconds`."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if true():
            return True
        time.sleep(0.1)
    return False
