"""An HTTP client that costs little, since it shares the machine with what it measures: raw sockets, one thread.

Closed loop: every connection posts again as soon as it is answered; the rate is the result. Open loop: posts fall
due at a fixed rate whatever the server does, and latency counts from when a post was due, not from when a
connection was free, so that a stall is charged to every post it held up.
"""

from __future__ import annotations

import itertools
import math
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Address = tuple[str, int]
Post = Callable[[], bytes]
"""Makes the next request, ready for the wire."""
_PATIENCE = 30.0
"""Seconds without any answer after which the server is held to be broken."""
Heard = Callable[[bytes, float], None]
"""Told of each accepted post: the head of the answer, and when the post was due (time.perf_counter)."""


@dataclass(slots=True)
class Outcome:
    """What one run of load saw. Times in seconds."""

    seconds: float = 0.0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    client_cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Accepted posts a second."""
        return self.accepted / self.seconds if self.seconds else 0.0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.seconds + other.seconds,
            self.accepted + other.accepted,
            self.refused + other.refused,
            self.latencies + other.latencies,
            self.client_cpu + other.client_cpu,
        )


class BrokenAnswerError(Exception):
    """The server closed the connection, or answered something that this client cannot read."""


class _Connection:
    """One persistent connection with at most one request under way."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._got = b""

    def send(self, request: bytes, due: float) -> None:
        self.due, self._got = due, b""
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The answer, once it is whole."""
        piece = self.socket.recv(65536)
        if not piece:
            raise BrokenAnswerError("the server closed a connection")
        self._got += piece
        return self._got if _whole(self._got) else None


def _whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
        if name.lower() == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    if head.split(b" ", 2)[1] in {b"204", b"304"}:
        return True
    raise BrokenAnswerError(f"an answer of unknown length: {head[:200]!r}")


def ask(address: Address, request: bytes) -> bytes:
    """One request on a connection of its own; the whole answer."""
    connection = _Connection(address)
    try:
        connection.send(request, 0.0)
        while (answer := connection.receive()) is None:
            pass
    finally:
        connection.socket.close()
    return answer


def closed_loop(
    address: Address, post: Post, *, connections: int, seconds: float = 0.0, count: int = 0, heard: Heard | None = None
) -> Outcome:
    """Keep every connection busy for so many seconds, or for so many posts."""
    began = time.perf_counter()

    def more(sent: int, now: float) -> float | None:
        going = sent < count if count else now - began < seconds
        return now if going else None

    return _drive(address, post, connections=connections, next_due=more, heard=heard)


def open_loop(
    address: Address, post: Post, *, rate: float, seconds: float, connections: int = 32, heard: Heard | None = None
) -> Outcome:
    """`rate` posts a second for so many seconds, evenly."""
    began, total = time.perf_counter(), int(rate * seconds)

    def at(sent: int, _now: float) -> float | None:
        return began + sent / rate if sent < total else None

    return _drive(address, post, connections=connections, next_due=at, heard=heard)


def _drive(
    address: Address,
    post: Post,
    *,
    connections: int,
    next_due: Callable[[int, float], float | None],
    heard: Heard | None,
) -> Outcome:
    idle = deque(_Connection(address) for _ in range(connections))
    opened = tuple(idle)
    outcome, began, cpu = Outcome(), time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as waiting:
        for connection in opened:
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
        sent = 0
        while (due := next_due(sent, time.perf_counter())) is not None or len(idle) < connections:
            wait = _PATIENCE if due is None or not idle else due - time.perf_counter()
            if wait <= 0:
                idle.popleft().send(post(), due or 0.0)
                sent += 1
                continue
            for connection in _answered(waiting, wait, outcome, heard):
                idle.append(connection)
    outcome.seconds, outcome.client_cpu = time.perf_counter() - began, time.process_time() - cpu
    for connection in opened:
        connection.socket.close()
    return outcome


def _answered(
    waiting: selectors.BaseSelector, wait: float, outcome: Outcome, heard: Heard | None
) -> Iterator[_Connection]:
    """Connections whose answer is whole, counted."""
    ready = waiting.select(wait)
    if not ready and wait == _PATIENCE:
        raise BrokenAnswerError(f"no answer for {_PATIENCE:.0f} seconds")
    for key, _ in ready:
        answer = key.data.receive()
        if answer is not None:
            _count(answer, key.data.due, outcome, heard)
            yield key.data


def _count(answer: bytes, due: float, outcome: Outcome, heard: Heard | None) -> None:
    status = answer[9:12].decode()
    if status != "303":
        outcome.refused[status] += 1
        return
    outcome.accepted += 1
    outcome.latencies.append(time.perf_counter() - due)
    if heard:
        heard(answer, due)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` (0–1) of the values do not exceed; 0 without any."""
    if not values:
        return 0.0
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def numbered(make: Callable[[int], bytes]) -> Post:
    """A `Post` that counts its requests."""
    serial = itertools.count()
    return lambda: make(next(serial))
