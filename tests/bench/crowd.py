"""Very many requests like one that was made by real moves: copied by the database, with their clocks. Needs Django."""

from __future__ import annotations

from collections.abc import Mapping

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
