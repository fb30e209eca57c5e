"""A place of its own for each story about servers and processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qihu.local.datadir import PROJECT, DataDir

OURS = {
    *(
        "DATABASE_URL",
        "REDIS_URL",
        "CELERY_BROKER_URL",
        "SECRET_KEY",
        "FIELD_KEY",
        "QIHU_DATA_DIR",
        "QIHU_PORT",
    ),
    *("QIHU_EMBEDDED", "DEMO", "SECURE_COOKIES", "DJANGO_SETTINGS_MODULE"),
}


def eventually(true: Callable[[], object], *, seconds: float = 15) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def processes_naming(path: Path) -> list[str]:
    """Command lines that name a path, or whose environment does: whatever belongs to one installation."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            if int(entry.name) != os.getpid() and str(path).encode() in line + (entry / "environ").read_bytes():
                found.append(line.replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if line]


@pytest.fixture
def home() -> Iterator[DataDir]:
    """An empty data directory that an unprivileged server can reach."""
    place = DataDir(Path(tempfile.mkdtemp(prefix="qihu-local-")))
    place.root.chmod(0o711)
    yield place
    shutil.rmtree(place.root, ignore_errors=True)


class Program:
    """A Python program over an installation of its own, started as a shell would."""

    def __init__(self, home: DataDir, *arguments: str, **environment: str) -> None:
        self.log = home.root / f"out-{time.monotonic_ns()}"
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=kept | {"QIHU_DATA_DIR": str(home.root)} | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        """Its output so far."""
        return self.log.read_text(encoding="utf-8")

    def says(self, text: str, *, seconds: float = 60) -> bool:
        """Whether it says so in time, while it runs."""
        return eventually(lambda: text in self.said or self.process.poll() is not None, seconds=seconds) and (
            text in self.said
        )

    def ends(self, *, seconds: float = 60) -> int:
        """Its exit code."""
        return self.process.wait(timeout=seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


@pytest.fixture
def program(home: DataDir) -> Iterator[Callable[..., Program]]:
    """Start programs over `home`; what still runs at the end is killed."""
    began: list[Program] = []

    def start(*arguments: str, **environment: str) -> Program:
        began.append(Program(home, *arguments, **environment))
        return began[-1]

    yield start
    for one in began:
        if one.process.poll() is None:
            one.process.terminate()
            try:
                one.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
