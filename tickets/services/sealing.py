"""The sealer: every few seconds one seal over what has been committed since the last, in the table and in a file.

A transaction that is still open holds the horizon back, so nothing that commits late is passed over (docs/adr/0004).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from qihu.audit import ledger
from tickets.models import Seal
from tickets.models.seal import CLOSED, pack_entries, pack_requests

MOST = 5000
"""Events and entries that one seal covers, unless a single transaction wrote more."""
_LOCK = 0x71696875
_LINES = 500


def seal() -> int:
    """Seal all that is committed for good; how many seals. Any number may run: the second finds nothing to do."""
    made = 0
    while _seal_once():
        made += 1
    copy_to_file()
    return made


def copy_to_file() -> int:
    """Append to the file what the table has and the file has not; how many lines."""
    if not Seal.objects.exists():
        return 0
    copied = 0
    with ledger.held(settings.SEAL_FILE) as file:
        while fresh := list(Seal.objects.after(_number_of(ledger.last_line(file)))[:_LINES]):
            ledger.append(file, [seal.line() for seal in fresh])
            copied += len(fresh)
    return copied


def _number_of(line: str) -> int:
    """Number of the seal on that line; 0 for none, and for what is no seal: the whole table is written again."""
    number = line.removeprefix("[").partition(",")[0]
    return int(number) if number.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class _Span:
    """Transactions `[since, until)` of one server: rows above the era's keys."""

    since: int
    until: int
    era_event: int
    era_entry: int


@transaction.atomic
def _seal_once() -> bool:
    """One seal, or False where there is nothing to seal or another sealer is at it."""
    if not _alone():
        return False
    last = Seal.objects.last_one()
    at, horizon = _horizon()
    span = _cut(_span(last, horizon))
    requests, events, top_event = _requests(span)
    entries, top_entry = _entries(span)
    if not events and not entries and span.until != CLOSED:
        return False
    fresh = Seal(
        number=last.number + 1 if last else 1,
        sealed_at=at,
        since=span.since,
        until=span.until,
        era_event=span.era_event,
        era_entry=span.era_entry,
        top_event=max(top_event, last.top_event if last else 0),
        top_entry=max(top_entry, last.top_entry if last else 0),
        event_count=events,
        entry_count=len(entries),
        requests=pack_requests(requests),
        entries=pack_entries(entries),
        previous=last.mac if last else b"",
    )
    fresh.mac = fresh.computed()
    fresh.save(force_insert=True)
    return True


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def wait_for_sealer() -> None:
    """Within a transaction: no seal is made until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _horizon() -> tuple[datetime, int]:
    """The database's moment, and the first transaction that may still be running: all before it have ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        at, xid = cursor.fetchone()
    return at, xid


def _span(last: Seal | None, horizon: int) -> _Span:
    """What comes after the last seal.

    A horizon below it means another server: its rows came with a dump. They are closed off by one seal, then
    transactions count from nothing, for rows with higher keys.
    """
    if last is None:
        return _Span(0, horizon, 0, 0)
    if last.until == CLOSED:
        return _Span(0, horizon, last.top_event, last.top_entry)
    until = CLOSED if horizon < last.until else horizon
    return _Span(last.until, until, last.era_event, last.era_entry)


def _cut(span: _Span) -> _Span:
    """At most `MOST` rows and one transaction more: a backlog is sealed in pieces."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(xid) FROM (SELECT xid FROM ("
            "  (SELECT xid FROM tickets_event WHERE xid >= %(since)s AND xid < %(until)s AND id > %(event)s"
            "   ORDER BY xid LIMIT %(most)s)"
            "  UNION ALL"
            "  (SELECT xid FROM audit_entry WHERE xid >= %(since)s AND xid < %(until)s AND id > %(entry)s"
            "   ORDER BY xid LIMIT %(most)s)) AS both_logs ORDER BY xid LIMIT %(most)s) AS piece"
            " HAVING count(*) = %(most)s",
            {
                "since": span.since,
                "until": span.until,
                "event": span.era_event,
                "entry": span.era_entry,
                "most": MOST,
            },
        )
        row = cursor.fetchone()
    return _Span(span.since, min(row[0] + 1, span.until), span.era_event, span.era_entry) if row else span


def _requests(span: _Span) -> tuple[list[tuple[str, int, bytes]], int, int]:
    """The last event of each request that moved; how many events; the highest key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (e.ticket_id) t.number, e.seq, e.hash, count(*) OVER (), max(e.id) OVER ()"
            " FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id"
            " WHERE e.xid >= %s AND e.xid < %s AND e.id > %s ORDER BY e.ticket_id, e.seq DESC",
            [span.since, span.until, span.era_event],
        )
        rows = cursor.fetchall()
    return [(number, seq, bytes(digest)) for number, seq, digest, *_ in rows], *(rows[0][3:] if rows else (0, 0))


def _entries(span: _Span) -> tuple[list[tuple[int, bytes]], int]:
    """Every audit entry and the highest key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, hash FROM audit_entry WHERE xid >= %s AND xid < %s AND id > %s ORDER BY id",
            [span.since, span.until, span.era_entry],
        )
        rows = [(key, bytes(digest)) for key, digest in cursor.fetchall()]
    return rows, rows[-1][0] if rows else 0


def oldest_unsealed() -> float:
    """Seconds since the oldest event or audit entry that no seal covers yet was recorded; 0 where all are sealed."""
    last = Seal.objects.last_one()
    since, event, entry = (last.until, last.era_event, last.era_entry) if last else (0, 0, 0)
    if last and since == CLOSED:
        since, event, entry = 0, last.top_event, last.top_entry
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM now() - least("
            " (SELECT recorded_at FROM tickets_event WHERE xid >= %s AND id > %s ORDER BY xid LIMIT 1),"
            " (SELECT recorded_at FROM audit_entry WHERE xid >= %s AND id > %s ORDER BY xid LIMIT 1)))",
            [since, event, since, entry],
        )
        age = cursor.fetchone()[0]
    return max(0.0, float(age)) if age is not None else 0.0
