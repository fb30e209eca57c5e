"""One statement for many rows with different values: what `bulk_update` does with CASE, done with a join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """`UPDATE … FROM unnest(…)`: writes `fields` of every row, matched by primary key, in one round trip."""
    if not rows:
        return
    meta = rows[0]._meta
    columns = [_field(meta.get_field(name)) for name in fields]
    key = _field(meta.pk)
    quote = connection.ops.quote_name
    wanted = [key, *columns]
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in wanted)
    aliases = ", ".join(quote(field.column) for field in wanted)
    sets = ", ".join(f"{quote(field.column)} = v.{quote(field.column)}" for field in columns)
    table = quote(meta.db_table)
    values: list[list[Any]] = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in wanted
    ]
    sql = (
        f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS v({aliases})"  # noqa: S608 - names from the model
        f" WHERE {table}.{quote(key.column)} = v.{quote(key.column)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _field(field: Any) -> Any:
    if not isinstance(field, models.Field) or not field.concrete:
        raise TypeError(f"{field} is not a column of the row")
    return field


def _type(field: models.Field[Any, Any]) -> str:
    """Column type without its length: `varchar(12)` → `varchar`."""
    kind = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return str(kind).split("(", maxsplit=1)[0]
