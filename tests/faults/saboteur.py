"""Kills parts of a running service at random moments, never so often that its supervisor gives up."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import redis

from tests.bench.stack import NotReadyError, Stack, descendants, environment_of

_LEADERS = {"web": ("granian",), "worker": ("celery", "worker")}
_GAP = 16.0  # seconds between two deaths of one part: five within a minute end everything, by design


class Saboteur:
    """`with Saboteur(...)`: until the block ends; `deeds` says what was done, and when."""

    def __init__(self, stack: Stack, *, seed: int, every: tuple[float, float], once: Sequence[str]) -> None:
        self._stack = stack
        self._random = random.Random(seed)
        self._every, self._once = every, list(once)
        self._last: dict[str, float] = {}
        self._over = threading.Event()
        self._began = time.monotonic()
        self.deeds: list[str] = []

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def count(self, part: str) -> int:
        """How often it was done."""
        return sum(part in deed for deed in self.deeds)

    def _work(self) -> None:
        while not self._over.wait(self._random.uniform(*self._every)):
            choice = self._random.choice(["web", "worker", *self._once])
            if time.monotonic() - self._last.get(choice, -_GAP) < _GAP:
                continue
            with contextlib.suppress(NotReadyError, ProcessLookupError):  # between a death and its restart
                self._do(choice)
                if choice in self._once:  # struck off when it is done, not when it was tried
                    self._once.remove(choice)
                self._last[choice] = time.monotonic()
                self.deeds.append(f"{time.monotonic() - self._began:.1f} s {choice}")

    def _do(self, choice: str) -> None:
        if choice == "broker emptied":
            url = environment_of(self._stack.leader("granian"))["REDIS_URL"]
            with contextlib.closing(redis.Redis.from_url(url)) as client:
                client.flushall()
            return
        if choice == "postgres":  # no checkpoint, clients cut off: what was committed must come back from its log
            note = (self._stack.home.root / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
            os.kill(int(note.split()[0]), signal.SIGQUIT)
            return
        leader = self._stack.leader(*_LEADERS[choice])
        for pid in [leader, *descendants(leader)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
