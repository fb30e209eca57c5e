"""Keeps processes running: one prefixed log, restart with back-off, an end that leaves nothing behind.

One thread and one loop: children's output, deaths (SIGCHLD) and requests to stop (SIGINT, SIGTERM, SIGHUP)
all arrive through one selector. Only the leader of a child is asked to stop; a signal to its whole group
would cut running tasks off.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Protocol

from honcho import colour
from honcho.printer import Message, Printer

from qihu.local.datadir import Refusal, write_private
from qihu.local.process import alive, send, spawn, started

STOP_SECONDS = 20.0  # a worker may finish the task it runs
_DEATHS, _WITHIN = 5, 60.0
_LONGEST_WAIT = 8.0
_TICK = 0.25


class GaveUpError(Exception):
    """A part died too often; the text names it."""


class Part(Protocol):
    """Something to keep running."""

    name: str

    def start(self) -> None:
        """Start it; Refusal if it cannot start."""

    def poll(self) -> str | None:
        """None while it runs, else how it ended."""


class Child:
    """A process of ours."""

    def __init__(self, name: str, argv: Sequence[str], *, cwd: Path, log: "Log", niceness: int = 0) -> None:
        self.name = name
        self._niceness = niceness
        self._argv = argv
        self._cwd = cwd
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The leader's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, its output going to the common log."""
        reading, writing = os.pipe()
        self._process = spawn(
            self._argv,
            environment=dict(os.environ),
            output=writing,
            cwd=self._cwd,
            dies_with_us=signal.SIGTERM,
            niceness=self._niceness,
        )
        os.close(writing)
        self._log.follow(self.name, reading)

    def poll(self) -> str | None:
        """None while it runs, else how it ended; what it left behind of its group is ended too."""
        if not self._process or (code := self._process.poll()) is None:
            return None
        send(self._process.pid, signal.SIGKILL, group=True)
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"

    def wait(self) -> int:
        """Exit code of a child that has ended."""
        return self._process.wait() if self._process else 0

    def ask_to_stop(self) -> None:
        """SIGTERM to the leader: it ends its own processes in its own order."""
        if self.pid:
            send(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group at once."""
        if self._process:
            send(self._process.pid, signal.SIGKILL, group=True)


class Log:
    """The common log: lines of all children, each with time and name in front."""

    def __init__(self, selector: selectors.BaseSelector, names: Sequence[str]) -> None:
        self._selector = selector
        self._printer = Printer(sys.stdout, width=max(map(len, names)))
        self._colours = dict(zip(names, colour.get_colours(), strict=False))
        self._rest: dict[int, bytes] = {}

    def follow(self, name: str, descriptor: int) -> None:
        """Print what arrives there under this name until its writers are gone."""
        os.set_blocking(descriptor, False)
        self._rest[descriptor] = b""
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._read(name, descriptor))

    def say(self, name: str, text: str) -> None:
        """Print lines of our own; a log nobody reads any more is no reason to stop."""
        line = Message("line", text, datetime.now().astimezone(), name, self._colours.get(name))
        with contextlib.suppress(OSError, ValueError):
            self._printer.write(line)

    def _read(self, name: str, descriptor: int) -> None:
        try:
            chunk = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        text = self._rest[descriptor] + chunk
        whole, _, rest = text.rpartition(b"\n") if chunk and len(text) < 65536 else (text, b"", b"")
        self._rest[descriptor] = rest
        if whole:
            self.say(name, whole.decode(errors="replace"))
        if not chunk:
            self._selector.unregister(descriptor)
            os.close(descriptor)


class Supervisor:
    """The loop over its parts. Make one per process: it takes the signals."""

    def __init__(self, names: Sequence[str], *, notes: Path) -> None:
        self._selector = selectors.DefaultSelector()
        self.log = Log(self._selector, names)
        self.asked = 0
        self._notes = notes
        self._deaths: dict[str, deque[float]] = {}
        self._due: dict[str, float] = {}
        self._take_signals()

    def run(self, parts: Sequence[Part], *, each_tick: Callable[[], None]) -> None:
        """Keep the parts running until somebody asks to stop; GaveUpError when one will not stay up."""
        for part in parts:
            if isinstance(part, Child):
                part.start()
        self._note(parts)
        while not self.asked:
            self._wait(_TICK)
            for part in parts:
                self._tend(part, parts)
            each_tick()

    def once(self, child: Child) -> int:
        """Run one child to its end; its exit code. A request to stop is passed on to it."""
        child.start()
        self._note([child])
        while child.pid:
            self._wait(0.2)
            if self.asked:
                self.stop([child])
        self._wait(0)  # its last words
        return child.wait()

    def stop(self, children: Sequence[Child]) -> None:
        """Ask, wait, then end by force; a second Ctrl-C shortens the wait."""
        until, asked = time.monotonic() + STOP_SECONDS, self.asked
        for child in children:
            child.ask_to_stop()
        while any(child.pid for child in children) and time.monotonic() < until and self.asked == asked:
            self._wait(0.1)
        for child in children:
            child.kill()
        self._wait(0)
        self._notes.unlink(missing_ok=True)

    def _tend(self, part: Part, parts: Sequence[Part]) -> None:
        """Start a part again whose wait is over; note one that has died."""
        if part.name in self._due:
            if time.monotonic() >= self._due[part.name]:
                del self._due[part.name]
                self._start_again(part)
                self._note(parts)
        elif (ending := part.poll()) is not None:
            self._died(part, ending)

    def _start_again(self, part: Part) -> None:
        try:
            part.start()
        except Refusal as refusal:
            self._died(part, str(refusal.code))

    def _died(self, part: Part, ending: str) -> None:
        """Note the death; set when to start again: 0.5, 1, 2, 4, 8 s after deaths close to each other."""
        now = time.monotonic()
        deaths = self._deaths.setdefault(part.name, deque(maxlen=_DEATHS))
        deaths.append(now)
        recent = sum(1 for death in deaths if now - death <= _WITHIN)
        if recent >= _DEATHS:
            raise GaveUpError(part.name)
        wait = min(_LONGEST_WAIT, 0.25 * 2**recent)
        self._due[part.name] = now + wait
        self.log.say(part.name, f"已退出 ended ({ending}); {wait:g} 秒后重启 restarting in {wait:g} s")

    def _wait(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            key.data()

    def _take_signals(self) -> None:
        waking, woken = os.pipe()
        for end in (waking, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        self._selector.register(waking, selectors.EVENT_READ, lambda: os.read(waking, 512))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1

    def _note(self, parts: Sequence[Part]) -> None:
        """Write down who runs, for the next start in case we are killed."""
        pids = [part.pid for part in parts if isinstance(part, Child) and part.pid]
        write_private(self._notes, json.dumps({pid: started(pid) for pid in pids}))


def end_leftovers(notes: Path) -> None:
    """End the children of a supervisor that was killed and could not do it itself."""
    with contextlib.suppress(OSError, ValueError):
        left = [int(pid) for pid, start in json.loads(notes.read_text()).items() if started(int(pid)) == start]
        until = time.monotonic() + 3  # they were asked to stop when it died
        while any(map(alive, left)) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in left:
            send(pid, signal.SIGKILL, group=True)
        notes.unlink()
