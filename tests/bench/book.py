"""A look into the database of the stack, by SQL, from outside Django."""

from __future__ import annotations

import threading
import time
from typing import Any, Self

import psycopg

POLL_SECONDS = 0.01


class Book:
    """One connection for questions between the runs."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def ask(self, sql: str, *values: Any) -> Any:
        """The first column of the first row."""
        row = self._connection.execute(sql, values).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None

    def last_key(self) -> int:
        """Key of the newest request."""
        return int(self.ask("SELECT coalesce(max(id), 0) FROM tickets_ticket"))

    def filed_since(self, key: int) -> int:
        """Requests through the real form with their filing, first event, clock and kept answer."""
        return int(
            self.ask(
                "SELECT count(*) FROM tickets_ticket t JOIN tickets_filing f ON f.ticket_id = t.id"
                " JOIN tickets_answer a ON a.ticket_id = t.id JOIN tickets_event e ON e.ticket_id = t.id AND e.seq = 1"
                " WHERE t.id > %s AND t.number LIKE 'QH-%%'"
                " AND EXISTS (SELECT FROM tickets_deadline d WHERE d.ticket_id = t.id)",
                key,
            )
        )

    def unrouted(self) -> int:
        """Real requests that still wait for the rules."""
        return int(self.ask("SELECT count(*) FROM tickets_ticket WHERE status = 'submitted' AND number LIKE 'QH-%%'"))

    def waiting(self) -> int:
        """Outbox messages of the product that are not done."""
        return int(self.ask("SELECT count(*) FROM outbox_message WHERE topic NOT LIKE 'bench.%%'"))


class Watch:
    """Sees requests leave `submitted`: asks every 10 ms, so what it says is late by at most that and one query.

    What a poll sees is committed. The time of an event inside the transaction would be earlier than anybody could
    see it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._due: dict[str, float] = {}
        self._fresh: list[tuple[str, float]] = []
        self._over = threading.Event()
        self.latencies: list[float] = []

    def heard(self, head: bytes, due: float) -> None:
        """An accepted post: its number is in the address it is sent on to."""
        number = head.partition(b"ocation: /t/")[2].partition(b"/")[0].decode()
        self._fresh.append((number, due))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def lost(self) -> int:
        """Requests never seen assigned."""
        return len(self._due) + len(self._fresh)

    def _watch(self) -> None:
        give_up = float("inf")
        with psycopg.connect(self._url, autocommit=True) as connection:
            while time.monotonic() < give_up:
                if self._over.is_set():
                    if not self.lost:
                        return
                    give_up = min(give_up, time.monotonic() + 10)
                while self._fresh:
                    number, due = self._fresh.pop()
                    self._due[number] = due
                if self._due:
                    self._look(connection)
                time.sleep(POLL_SECONDS)

    def _look(self, connection: psycopg.Connection[tuple[str]]) -> None:
        rows = connection.execute(
            "SELECT number FROM tickets_ticket WHERE number = ANY(%s) AND status <> 'submitted'", [list(self._due)]
        ).fetchall()
        now = time.perf_counter()
        self.latencies += [now - self._due.pop(number) for (number,) in rows]
