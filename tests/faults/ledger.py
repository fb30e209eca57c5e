"""What the database of a sabotaged service must hold afterwards, by SQL from outside it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg

from tests.faults.day import Day

LIVE: dict[str, set[str]] = {
    "assigned": {"FULL", "SIGN", "CONTACT", "NOTE", "RESOLVE"},
    "in_progress": {"FULL", "NOTE", "RESOLVE"},
    "answered": {"FULL", "RATE"},
    "closed": set(),
    "withdrawn": set(),
    "rejected": set(),
}
"""Clocks that run in the states the scripts end in; those of `MAY` may run beside them."""
MAY = {
    "assigned": {"INTERIM"},
    "in_progress": {"INTERIM", "CONTACT"},
    "closed": {"CALL_BACK"},
}


class Ledger:
    """Every check starts a connection: the server may have been restarted."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, sql: str) -> list[Any]:
        """All rows."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[call-overload]

    def unfinished(self) -> tuple[int, int]:
        """Messages not done, requests not routed."""
        ((messages, waiting),) = self.rows(
            "SELECT (SELECT count(*) FROM outbox_message),"
            " (SELECT count(*) FROM tickets_ticket WHERE status = 'submitted')"
        )
        return int(messages), int(waiting)

    def balances(self, day: Day) -> None:
        """Everything that was answered is there, once, and nothing else is."""
        self._requests(day)
        self._log(day)
        self._routes()
        self._approvals()
        self._clocks()
        self._notices()

    def _requests(self, day: Day) -> None:
        kept = Counter(number for (number,) in self.rows("SELECT number FROM tickets_ticket"))
        assert kept == Counter(day.accepted)
        filings = self.rows("SELECT count(*), count(DISTINCT text) FROM tickets_filing")
        assert filings == [(len(day.accepted), len(day.accepted))]
        stands = dict(self.rows("SELECT number, status FROM tickets_ticket"))
        assert stands == dict.fromkeys(day.accepted, "assigned") | day.ends

    def _log(self, day: Day) -> None:
        """People's events are exactly the answered presses; sequences have no gap; every key has its answer."""
        logged = self.rows(
            "SELECT t.number, e.seq, e.kind FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id"
            " WHERE e.party <> 'system'"
        )
        assert Counter(logged) == Counter([*day.moves, *((number, 1, "submit") for number in day.accepted)])
        assert not self.rows(
            "SELECT t.number FROM tickets_ticket t JOIN tickets_event e ON e.ticket_id = t.id"
            " GROUP BY t.id HAVING count(*) <> t.last_seq OR max(e.seq) <> t.last_seq OR min(e.seq) <> 1"
        )
        keys = len(day.moves) + len(day.accepted)
        assert self.rows("SELECT count(*) FROM tickets_answer") == [(keys,)]

    def _routes(self) -> None:
        assert not self.rows(
            "SELECT t.number FROM tickets_ticket t LEFT JOIN tickets_event e ON e.ticket_id = t.id AND e.kind = 'route'"
            " GROUP BY t.id HAVING count(e.id) <> 1 AND NOT (t.status = 'withdrawn' AND count(e.id) = 0)"
        )
        assert not self.rows("SELECT ticket_id FROM tickets_decision GROUP BY ticket_id HAVING count(*) > 1")

    def _approvals(self) -> None:
        """None waits, none is half done: the decision's event is there and the request waits for nobody."""
        assert self.rows("SELECT count(*) FROM tickets_ticket WHERE pending <> 0") == [(0,)]
        assert not self.rows(
            "SELECT a.id FROM tickets_approval a LEFT JOIN tickets_event e"
            " ON e.ticket_id = a.ticket_id AND e.seq = a.decided_seq"
            " WHERE a.state NOT IN ('approved', 'refused') OR e.id IS NULL"
            " OR e.kind <> CASE a.state WHEN 'approved' THEN a.action ELSE 'approval' END"
        )
        assert self.rows(
            "SELECT (SELECT count(*) FROM tickets_callback) - count(*) FILTER (WHERE kind = 'call_back'),"
            " (SELECT count(*) FROM tickets_rating) - count(*) FILTER (WHERE kind = 'rate') FROM tickets_event"
        ) == [(0, 0)]

    def _clocks(self) -> None:
        running: dict[tuple[str, str], Counter[str]] = {}
        for number, status, clock in self.rows(
            "SELECT t.number, t.status, d.clock FROM tickets_ticket t LEFT JOIN tickets_deadline d"
            " ON d.ticket_id = t.id AND d.state = 'running'"
        ):
            running.setdefault((number, status), Counter())[clock or ""] += 1
        for (number, status), clocks in running.items():
            clocks.pop("", None)
            assert set(clocks.values()) <= {1}, (number, status, clocks)
            missing, extra = LIVE[status] - set(clocks), set(clocks) - LIVE[status] - MAY.get(status, set())
            assert (missing, extra) == (set(), set()), (number, status, clocks)

    def _notices(self) -> None:
        twice = (
            "SELECT ticket_id, seq, recipient_id, firm, robot_id, channel FROM tickets_notice"
            " GROUP BY 1, 2, 3, 4, 5, 6 HAVING count(*) > 1"
        )
        assert not self.rows(twice)
        assert not self.rows(
            "SELECT t.number FROM tickets_ticket t JOIN tickets_event e ON e.ticket_id = t.id AND e.kind = 'deliver'"
            " WHERE NOT EXISTS (SELECT FROM tickets_notice n WHERE n.ticket_id = t.id AND n.seq = e.seq)"
        )
