"""What is measured is what is shipped: `manage.py up` over a private data directory, and floors beside it.

A floor is started with the command line and the environment of the part it stands beside, read from /proc, so that
both always run under the same settings.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qihu.local.datadir import PROJECT, DataDir
from qihu.local.process import command_of, send, spawn, wait_gone
from tests.bench.load import Address, ask

_OURS = re.compile(
    r"(DATABASE_URL|REDIS_URL|CELERY_BROKER_URL|SECRET_KEY|FIELD_KEY|DJANGO_SETTINGS_MODULE|DEBUG|DEMO|LOG_LEVEL"
    r"|ALLOWED_HOSTS|PUBLIC_URL|SECURE_COOKIES|HSTS_SECONDS|BEHIND_TLS_PROXY|STATEMENT_TIMEOUT|WEB_WORKERS"
    r"|WORKER_PROCESSES|QIHU_.*)(_FILE)?"
)
_KEPT = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEY", "QIHU_DATA_DIR", "QIHU_EMBEDDED", "DEMO")
READY_SECONDS = 90.0


class NotReadyError(Exception):
    """A part of the bench did not come up."""


class Stack:
    """The running service."""

    def __init__(self, home: DataDir) -> None:
        self.home = home
        self.address: Address = ("127.0.0.1", free_port())
        self._log = home.root / "up.log"
        environment = {name: value for name, value in os.environ.items() if not _OURS.fullmatch(name)}
        with self._log.open("wb") as output:
            self._up = spawn(
                [sys.executable, "manage.py", "up"],
                environment=environment
                | {"QIHU_DATA_DIR": str(home.root), "QIHU_PORT": str(self.address[1]), "LOG_LEVEL": "ERROR"},
                output=output,
                cwd=PROJECT,
                dies_with_us=signal.SIGTERM,
            )

    def wait_ready(self) -> float:
        """Seconds until /readyz said 200 (the first start: initdb, migrations, demo organisation, static files)."""
        began = time.monotonic()
        if not eventually(lambda: self._up.poll() is not None or _answers(self.address), seconds=READY_SECONDS):
            raise NotReadyError(self.said())
        if self._up.poll() is not None:
            raise NotReadyError(self.said())
        return time.monotonic() - began

    def said(self) -> str:
        """The end of the supervisor's log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def export(self) -> None:
        """Give this process the secrets and addresses of the stack, so that it can look into its database."""
        theirs = environment_of(self.leader("granian"))
        os.environ.update({name: theirs[name] for name in _KEPT if name in theirs})
        os.environ.update(DJANGO_SETTINGS_MODULE="qihu.settings", SECURE_COOKIES="0", LOG_LEVEL="ERROR")

    def processes(self) -> list[int]:
        """The supervisor and everything below it."""
        return [self._up.pid, *descendants(self._up.pid)]

    def leader(self, *words: str) -> int:
        """The process directly below the supervisor whose command line has all these words."""
        for pid in children(self._up.pid):
            if all(word in command_of(pid) for word in words):
                return pid
        raise NotReadyError(f"no process {words} below the supervisor")

    @contextlib.contextmanager
    def worker_stopped(self) -> Iterator[None]:
        """Worker and beat frozen where they stand: they use no processor, and the supervisor sees nothing."""
        beat, worker = self.leader("celery", "beat"), self.leader("celery", "worker")
        frozen = [beat, worker, *descendants(worker)]
        os.kill(beat, signal.SIGSTOP)
        time.sleep(1.0)  # what beat has sent is done before the worker stops: no transaction stays open
        for pid in frozen[1:]:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(frozen):
                send(pid, signal.SIGCONT)

    def stop(self) -> None:
        """As Ctrl-C does."""
        below = descendants(self._up.pid)
        self._up.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._up.wait(40)
        for pid in below:
            if not wait_gone(pid, seconds=1):
                send(pid, signal.SIGKILL)


@contextlib.contextmanager
def running() -> Iterator[Stack]:
    """The service on a data directory that goes with it."""
    home = DataDir(Path(tempfile.mkdtemp(prefix="qihu-bench-")))
    home.root.chmod(0o711)
    stack = Stack(home)
    try:
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(home.root, ignore_errors=True)


@contextlib.contextmanager
def floor_web(stack: Stack) -> Iterator[Address]:
    """The floor's view behind Granian exactly as the product's is."""
    address = ("127.0.0.1", free_port())
    own, theirs = str(address[1]), str(stack.address[1])
    argv = [own if word == theirs else word for word in command_of(stack.leader("granian")) if word]
    with _beside(stack, "granian", argv=argv):
        if not eventually(lambda: _listens(address), seconds=READY_SECONDS):
            raise NotReadyError("the floor's web server does not listen")
        yield address


@contextlib.contextmanager
def floor_worker(stack: Stack) -> Iterator[None]:
    """The floor's task behind a Celery worker exactly as the product's is."""
    worker = command_of(stack.leader("celery", "worker"))
    argv = ["tests.bench.floor_celery" if before == "-A" else word for before, word in _pairs(worker)]
    with _beside(stack, "celery", "worker", argv=[word for word in argv if word]) as process:
        if not eventually(lambda: len(descendants(process.pid)) >= 2, seconds=READY_SECONDS):
            raise NotReadyError("the floor's worker has no processes")
        time.sleep(2.0)
        yield


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(["", *words], words, strict=False))


@contextlib.contextmanager
def _beside(stack: Stack, *words: str, argv: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = environment_of(stack.leader(*words)) | {"DJANGO_SETTINGS_MODULE": "tests.bench.floor_settings"}
    with (stack.home.root / "floor.log").open("ab") as output:
        process = spawn(argv, environment=environment, output=output, cwd=PROJECT, dies_with_us=signal.SIGTERM)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        send(process.pid, signal.SIGKILL, group=True)
        process.wait()


def environment_of(pid: int) -> dict[str, str]:
    """What a process was started with."""
    raw = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="surrogateescape")
    return dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)


def children(parent: int) -> list[int]:
    """Processes started by `parent` that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state = entry.read_text(errors="replace").rpartition(")")[2].split()
            if int(state[1]) == parent and state[0] not in {"Z", "X"}:
                found.append(int(entry.parent.name))
    return sorted(found)


def descendants(parent: int) -> list[int]:
    """Everything below `parent`, nearest first."""
    below = children(parent)
    return below + [pid for child in below for pid in descendants(child)]


def eventually(true: Callable[[], bool], *, seconds: float, pause: float = 0.1) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: Address) -> bool:
    request = f"GET /readyz HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n\r\n".encode()
    with contextlib.suppress(OSError):
        return ask(address, request).startswith(b"HTTP/1.1 200")
    return False


def _listens(address: Address) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
        return True
    return False
