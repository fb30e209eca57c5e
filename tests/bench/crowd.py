"""Very many requests like one that was made by real moves: copied by the database, with their clocks. Needs Django."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import connection

from tickets.models import Ticket

_FRESH: Mapping[str, str] = {"id": "%(first)s + g", "number": "'QX-' || lpad((%(first)s + g)::text, 10, '0')"}


def crowd(like: Ticket, count: int) -> range:
    """Copies of a request and of its live clocks: rows alone, without their log; the keys of the copies."""
    first = Ticket.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1_000_000
    with connection.cursor() as cursor:
        copied(cursor, "tickets_ticket", _FRESH, "t.id = %(like)s", like.pk, first, count)
        clocks = {"id": "nextval(pg_get_serial_sequence('tickets_deadline', 'id'))", "ticket_id": "%(first)s + g"}
        live = "t.ticket_id = %(like)s AND t.state IN ('running', 'paused')"
        copied(cursor, "tickets_deadline", clocks, live, like.pk, first, count)
        cursor.execute("ANALYZE tickets_ticket, tickets_deadline")
    return range(first, first + count)


def copied(cursor, table: str, fresh: Mapping[str, str], which: str, like: int, first: int, count: int) -> None:
    """Copies of a table's rows; `fresh`: column → SQL in place of the value, over `g` and the parameters' names."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = current_schema() AND is_generated = 'NEVER'",
        [table],
    )
    columns = [name for (name,) in cursor.fetchall()]
    values = ", ".join(fresh.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values}"  # noqa: S608 - names from the catalogue
        f" FROM {table} t CROSS JOIN generate_series(0, %(count)s - 1) g WHERE {which}",
        {"first": first, "count": count, "like": like},
    )


_LOGGED = ("tickets_filing", "tickets_text", "tickets_event", "tickets_deadline", "tickets_rating")


def scattered(like: Ticket, count: int, *, over: timedelta) -> range:
    """Copies of an ended request with its log, words, clocks and rating, evenly over a stretch of time from its own.

    Everything that is dated moves along; hashes are those of the pattern, so the chain is not to be verified. Thirty
    departments share them, each copy is of a firm of its own.
    """
    first = Ticket.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1_000_000
    step = over.total_seconds() / count
    with connection.cursor() as cursor:
        for table in ("tickets_ticket", *_LOGGED):
            key = "id" if table == "tickets_ticket" else "ticket_id"
            fresh = _moved(cursor, table, step) | {key: "%(first)s + g"}
            copied(cursor, table, fresh, f"t.{key} = %(like)s", like.pk, first, count)
        cursor.execute(f"ANALYZE tickets_ticket, {', '.join(_LOGGED)}")
    return range(first, first + count)


def _moved(cursor, table: str, step: float) -> dict[str, str]:
    """Columns that differ from copy to copy, as SQL."""
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = current_schema()",
        [table],
    )
    columns = dict(cursor.fetchall())
    dated = [name for name, kind in columns.items() if kind == "timestamp with time zone"]
    fresh = {name: f"t.\"{name}\" + {step} * g * interval '1 second'" for name in dated}
    own = {name: f"t.{name} + (g + 1)::bigint * 1000000" for name in ("id", "text_id") if name in columns}
    fresh |= own if table != "tickets_ticket" else {"number": _FRESH["number"]}
    if table == "tickets_filing":
        fresh["enterprise_name"] = "'第' || g || '制造有限公司'"
    if "department_id" in columns:
        led = "(SELECT array_agg(id ORDER BY id) FROM accounts_department WHERE active)"
        fresh["department_id"] = f"CASE WHEN t.department_id IS NULL THEN NULL ELSE ({led})[1 + g %% 30] END"
    return fresh
