"""Rows in the database's binary form, both ways: times as text cost more than all that is worked out of them.

Django's own cursors know the text alone, and count what they are asked: pages go on asking them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg import Cursor


def in_binary(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement, in the transaction of Django's connection. Raises Django's database errors."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(sql, params, binary=True)
        return cursor.fetchall()


def copy_in(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """New rows of a model; `names`: its columns, in the order of each row's values."""
    fields = [model._meta.get_field(name.removesuffix("_id")) for name in names]
    table, columns = model._meta.db_table, ", ".join(names)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types([(field.db_type(connection) or "").partition("(")[0] for field in fields])
        for row in rows:
            copy.write_row(row)
